import { beforeEach, describe, expect, it } from 'vitest';
import { attribute, child, el, iq, message } from './dom.ts';
import { LinkError, StanzaError } from './errors.ts';
import { Link, type LinkEvents } from './link.ts';
import type { Identity } from './login.ts';
import { NS } from './ns.ts';
import { WebSocketWire } from './websocket.ts';
import { ScriptedServer, until } from './testing.ts';

let server: ScriptedServer;
let seen: Element[];
let closed: LinkError[];
let tokens: Identity['token'][];
let handle: (stanza: Element) => Promise<void> | void;

function link(identity: Partial<Identity> = { password: ScriptedServer.password }, loginTimeout = 4000): Link {
  const events: LinkEvents = {
    stanza: (stanza) => {
      seen.push(stanza);
      return handle(stanza);
    },
    closed: (reason) => closed.push(reason),
    token: (token) => tokens.push(token),
  };
  const full = { account: ScriptedServer.account, deviceId: 'd4565fa7-4d72-4749-b3d3-740edbf87770', software: 'Nyala', ...identity };
  return new Link({ identity: full, url: 'ws://example.org/xmpp-websocket', wire: (wire) => new WebSocketWire(wire), features: [NS.ping], events, loginTimeout });
}

beforeEach(() => {
  server = new ScriptedServer();
  server.install();
  seen = [];
  closed = [];
  tokens = [];
  handle = () => undefined;
});

const note = (id: string): Element => message({ to: 'juliet@example.org', type: 'chat', id }, el('body', NS.client, {}, id));
const incoming = (id: string): string => `<message xmlns='${NS.client}' from='juliet@example.org/x' id='${id}'><body>${id}</body></message>`;
const sentIds = (): (string | null)[] => server.stanzas.map((stanza) => stanza.getAttribute('id'));

describe('logging in', () => {
  it('binds, manages and enables carbons in one round by SASL2', async () => {
    const romeo = link();
    expect(await romeo.connect()).toBe('bound');
    expect(romeo.address).toBe('romeo@example.org/web');
    expect(romeo.carbons).toBe(true);
    const authenticate = server.socket.received.find((element) => element.localName === 'authenticate');
    expect(attribute(child(authenticate, 'user-agent', NS.sasl2), 'id')).toBe('d4565fa7-4d72-4749-b3d3-740edbf87770');
  });

  it('falls back to SASL, bind and enable', async () => {
    server.sasl2 = false;
    const romeo = link();
    expect(await romeo.connect()).toBe('bound');
    expect(romeo.address).toBe('romeo@example.org/web');
    let acknowledged = false;
    romeo.send(note('a'), () => (acknowledged = true));
    await until(() => acknowledged);
  });

  it('refuses a wrong password as what waiting does not cure', async () => {
    await expect(link({ password: 'wrong' }).connect()).rejects.toMatchObject({ reason: 'refused' });
  });

  it('asks for a token and logs in with it without a password', async () => {
    server.token = 'secret-token';
    await link().connect();
    expect(tokens).toEqual([{ mechanism: 'HT-SHA-256-NONE', token: 'secret-token' }]);
    expect(await link({ token: tokens[0] }).connect()).toBe('bound');
  });

  it('takes the password when the token is refused, on the same stream', async () => {
    server.token = 'another';
    const romeo = link({ password: ScriptedServer.password, token: { mechanism: 'HT-SHA-256-NONE', token: 'old' } });
    expect(await romeo.connect()).toBe('bound');
    expect(server.sockets).toHaveLength(1);
  });

  it('forgets a refused token where there is no password', async () => {
    await expect(link({ token: { mechanism: 'HT-SHA-256-NONE', token: 'old' } }).connect()).rejects.toMatchObject({ reason: 'refused' });
  });

  it('fails soon when nobody is there, and not by waiting', async () => {
    server.down = true;
    await expect(link().connect()).rejects.toBeInstanceOf(LinkError);
  });

  it('gives up when the server says nothing', async () => {
    server.take = () => Promise.resolve();
    await expect(link(undefined, 30).connect()).rejects.toMatchObject({ reason: 'timeout' });
  });
});

describe('stream management', () => {
  it('tells in order what the server has taken over', async () => {
    const romeo = link();
    await romeo.connect();
    const safe: string[] = [];
    for (const id of ['a', 'b', 'c']) romeo.send(note(id), () => safe.push(id));
    await until(() => safe.length === 3);
    expect(safe).toEqual(['a', 'b', 'c']);
  });

  it('counts a stanza as handled only when its work is done, in order', async () => {
    const romeo = link();
    await romeo.connect();
    let finish: (() => void) | undefined;
    handle = (stanza) => (attribute(stanza, 'id') === 'a' ? new Promise<void>((resolve) => (finish = resolve)) : undefined);
    server.tell(incoming('a'));
    server.tell(incoming('b'));
    server.tell(`<r xmlns='${NS.sm}'/>`);
    await until(() => seen.length === 2);
    await new Promise((resolve) => setTimeout(resolve));
    expect(server.clientHandled).toBe(0);
    finish?.();
    await until(() => server.clientHandled === 2);
    // Once at once, and once for all that came before the question.
    expect(server.socket.received.filter((element) => element.localName === 'a')).toHaveLength(2);
  });

  it('goes on when a handler throws', async () => {
    const romeo = link();
    await romeo.connect();
    handle = () => {
      throw new Error('a mistake of ours');
    };
    server.tell(incoming('a'));
    server.tell(incoming('b'));
    await until(() => seen.length === 2);
    expect(romeo.online).toBe(true);
  });

  it('resumes and sends again only what was not taken over', async () => {
    const romeo = link();
    await romeo.connect();
    const safe: string[] = [];
    romeo.send(note('a'), () => safe.push('a'));
    await until(() => safe.length === 1);
    server.socket.blackHole();
    romeo.send(note('b'), () => safe.push('b'));
    server.socket.cut();
    romeo.send(note('c'), () => safe.push('c'));
    expect(await romeo.connect()).toBe('resumed');
    await until(() => safe.length === 3);
    expect(sentIds()).toEqual(['a', 'b', 'c']);
    expect(server.streams).toBe(1);
  });

  it('counts what a cut caught half handled once, when it comes again', async () => {
    const romeo = link();
    await romeo.connect();
    let finish: (() => void) | undefined;
    handle = () => new Promise<void>((resolve) => (finish = resolve));
    server.tell(incoming('a'));
    server.socket.cut();
    const resuming = romeo.connect();
    await until(() => server.socket.received.some((element) => element.localName === 'authenticate'));
    finish?.();
    expect(await resuming).toBe('resumed');
    // The server was told zero, so it sends it again.
    handle = () => undefined;
    server.tell(incoming('a'));
    server.tell(`<r xmlns='${NS.sm}'/>`);
    await until(() => seen.length === 2 && server.clientHandled > 0);
    server.tell(`<r xmlns='${NS.sm}'/>`);
    await new Promise((resolve) => setTimeout(resolve));
    expect(server.clientHandled).toBe(1);
  });

  it('believes the count of a failed resumption and forgets the rest', async () => {
    const romeo = link();
    await romeo.connect();
    server.acknowledges = false;
    const safe: string[] = [];
    romeo.send(note('a'), () => safe.push('a'));
    await until(() => server.stanzas.length === 1);
    server.socket.cut();
    romeo.send(note('b'), () => safe.push('b'));
    server.resumable = false;
    expect(await romeo.connect()).toBe('bound');
    expect(safe).toEqual(['a']);
    expect(sentIds()).toEqual(['a']);
  });

  it('does not believe a count that is too high', async () => {
    const romeo = link();
    await romeo.connect();
    let acknowledged = false;
    server.acknowledges = false;
    romeo.send(note('a'), () => (acknowledged = true));
    server.tell(`<a xmlns='${NS.sm}' h='4000'/>`);
    server.tell(`<a xmlns='${NS.sm}' h='x'/>`);
    expect(acknowledged).toBe(false);
    server.tell(`<a xmlns='${NS.sm}' h='1'/>`);
    expect(acknowledged).toBe(true);
  });

  it('drops a connection that answers no probe', async () => {
    const romeo = link();
    await romeo.connect();
    expect(await romeo.probe(20)).toBe(true);
    server.socket.blackHole();
    expect(await romeo.probe(20)).toBe(false);
    expect(closed).toHaveLength(1);
    expect(await romeo.connect()).toBe('resumed');
  });
});

describe('questions', () => {
  it('settles with the result, and with the error', async () => {
    const romeo = link();
    await romeo.connect();
    expect(attribute(await romeo.request(iq('get', { to: 'example.org' }, el('ping', NS.ping))), 'type')).toBe('result');
    server.answer = () => `<iq xmlns='${NS.client}' type='error' id='%id%'><error type='cancel'><item-not-found xmlns='${NS.stanzaErrors}'/></error></iq>`;
    await expect(romeo.request(iq('get', {}, el('ping', NS.ping)))).rejects.toEqual(new StanzaError('item-not-found', 'cancel'));
  });

  it('takes an answer only from whom it asked', async () => {
    const romeo = link();
    await romeo.connect();
    server.answer = (stanza) => `<iq xmlns='${NS.client}' type='result' id='${attribute(stanza, 'id')}' from='mallory@example.org/x'/>`;
    await expect(romeo.request(iq('get', { to: 'juliet@example.org' }, el('ping', NS.ping)), { timeout: 30 })).rejects.toMatchObject({ reason: 'timeout' });
    await expect(romeo.request(iq('get', {}, el('ping', NS.ping)), { timeout: 30 })).rejects.toMatchObject({ reason: 'timeout' });
  });

  it('fails when the session is lost, and lives through a resumption', async () => {
    const romeo = link();
    await romeo.connect();
    server.socket.blackHole();
    const question = romeo.request(iq('get', {}, el('ping', NS.ping)));
    server.socket.cut();
    await romeo.connect();
    expect(attribute(await question, 'type')).toBe('result');
    server.socket.blackHole();
    const lost = romeo.request(iq('get', {}, el('ping', NS.ping)));
    server.socket.cut();
    server.resumable = false;
    const failure = expect(lost).rejects.toBeInstanceOf(LinkError);
    await romeo.connect();
    await failure;
  });

  it('answers pings and discovery, and says no to the rest', async () => {
    const romeo = link();
    await romeo.connect();
    for (const payload of [`<ping xmlns='${NS.ping}'/>`, `<query xmlns='${NS.disco}'/>`, `<query xmlns='jabber:iq:version'/>`]) {
      server.tell(`<iq xmlns='${NS.client}' type='get' id='q' from='example.org'>${payload}</iq>`);
    }
    await until(() => server.stanzas.length === 3);
    expect(server.stanzas.map((stanza) => attribute(stanza, 'type'))).toEqual(['result', 'result', 'error']);
  });

  it('passes on roster pushes of the own account only', async () => {
    const romeo = link();
    await romeo.connect();
    const push = (from: string): string =>
      `<iq xmlns='${NS.client}' type='set' id='p' ${from}><query xmlns='${NS.roster}'><item jid='x@example.org'/></query></iq>`;
    server.tell(push(`from='mallory@example.org/x'`));
    server.tell(push(''));
    await until(() => server.stanzas.length === 2);
    expect(seen).toHaveLength(1);
  });
});

describe('the end', () => {
  it('is told once, with the condition of the stream error', async () => {
    const romeo = link();
    await romeo.connect();
    server.tell(`<stream:error xmlns:stream='${NS.stream}'><conflict xmlns='${NS.streamErrors}'/></stream:error>`);
    server.socket.cut();
    expect(closed.map((reason) => reason.reason)).toEqual(['conflict']);
  });

  it('says how much was handled before it closes for good', async () => {
    const romeo = link();
    await romeo.connect();
    server.tell(incoming('a'));
    await until(() => seen.length === 1);
    await new Promise((resolve) => setTimeout(resolve));
    romeo.close();
    await until(() => server.socket.received.at(-1)?.localName === 'close');
    expect(server.clientHandled).toBe(1);
    expect(closed).toEqual([]);
  });
});
