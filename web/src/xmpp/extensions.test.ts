import { describe, expect, it } from 'vitest';
import { readAvatarInfo } from './avatar.ts';
import { readBlockPush } from './blocking.ts';
import { readBookmark, setBookmark } from './bookmarks.ts';
import { readCarbon } from './carbons.ts';
import { readChatState } from './chatstates.ts';
import { delayedSince, instant } from './delay.ts';
import { findWebSocket, readJson, readXml } from './discovery.ts';
import { clean, el, message, parse, serialize } from './dom.ts';
import { StanzaError } from './errors.ts';
import { senderId, stanzaId } from './ids.ts';
import { bare, domain, local, parseAccount, resource } from './jid.ts';
import { archiveRequest, queryArchive, readFin, readResult } from './mam.ts';
import { readDisplayed, setDisplayed } from './mds.ts';
import { acceptDefaults, join, readInvitation, readOccupant } from './muc.ts';
import { NS } from './ns.ts';
import { readEvent, readItems } from './pubsub.ts';
import { reactions, readReactions } from './reactions.ts';
import { readRoster } from './roster.ts';
import { readOffer, register, RegistrationError } from './registration.ts';
import { readReply, reply, withoutFallback } from './replies.ts';
import { isTombstone, readRetraction, retraction } from './retraction.ts';
import { deriveKeys, preparePassword, Scram } from './scram.ts';
import { xml } from './testing.ts';
import { readOutOfBand } from './oob.ts';
import { readMaxSize, readSlot } from './upload.ts';
import { readPhotoHash, readVCard } from './vcard.ts';

const forwardedMessage = (body: string): string =>
  `<forwarded xmlns='${NS.forward}'><delay xmlns='${NS.delay}' stamp='2026-01-02T03:04:05Z'/><message xmlns='${NS.client}' from='juliet@example.org/x'><body>${body}</body></message></forwarded>`;

describe('elements', () => {
  it('escape what people write, and drop what XML cannot carry', () => {
    const text = serialize(message({ to: 'a@b' }, el('body', NS.client, {}, '<b>&"\u0000\ud800')));
    const read = parse(text);
    expect(read?.textContent).toBe('<b>&"\ufffd\ufffd');
    expect(read?.namespaceURI).toBe(NS.client);
    expect(clean('a\tb\nc')).toBe('a\tb\nc');
  });

  it('are undefined when they are no XML', () => {
    expect(parse('<a><b></a>')).toBeUndefined();
    expect(parse('')).toBeUndefined();
  });
});

describe('addresses', () => {
  it('are taken apart', () => {
    expect([bare('A@B.org/X'), resource('a@b/x/y'), local('a@b/x@y'), domain('a@b/x')]).toEqual(['a@b.org', 'x/y', 'a', 'b']);
  });
  it.each(['', 'a', '@b', 'a@', 'a b@c', 'a@b@c', 'a/b@c', `a@${'b'.repeat(3000)}`])('refuse %s', (typed) => expect(parseAccount(typed)).toBeUndefined());
  it('forgive how people type', () => expect(parseAccount(' xmpp:Romeo@Example.org ')).toBe('romeo@example.org'));
});

describe('ids and delays', () => {
  it('believe only the archive that was meant', () => {
    const stanza = xml(`<message id='m'><stanza-id xmlns='${NS.sid}' id='1' by='mallory@x'/><stanza-id xmlns='${NS.sid}' id='2' by='me@x'/></message>`);
    expect(stanzaId(stanza, 'me@x')).toBe('2');
    expect(stanzaId(stanza, 'other@x')).toBeUndefined();
    expect(senderId(stanza)).toBe('m');
  });
  it('read moments and nothing else', () => {
    expect(instant('2026-01-02T03:04:05.678Z')).toBe(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
    for (const bad of ['yesterday', '2026', '2026-13-41T00:00:00Z', undefined]) expect(instant(bad)).toBeUndefined();
    expect(delayedSince(xml('<message/>'))).toBeUndefined();
  });
});

describe('carbons', () => {
  it('are from the own account', () => {
    const carbon = (from: string): Element => xml(`<message from='${from}'><sent xmlns='${NS.carbons}'>${forwardedMessage('x')}</sent></message>`);
    expect(readCarbon(carbon('me@x'), 'me@x')).toMatchObject({ direction: 'sent', at: Date.UTC(2026, 0, 2, 3, 4, 5) });
    expect(readCarbon(carbon('mallory@x'), 'me@x')).toBeUndefined();
    expect(readCarbon(xml(`<message from='me@x'><received xmlns='${NS.carbons}'/></message>`), 'me@x')).toBeUndefined();
  });
});

describe('the archive', () => {
  it('is asked page by page', () => {
    const request = serialize(archiveRequest({ archive: 'room@x', with: 'a@b', after: '7', max: 50 }, 'q'));
    expect(request).toContain('<after>7</after>');
    expect(request).toContain('<max>50</max>');
    expect(serialize(archiveRequest({ before: '' }, 'q'))).toMatch(/<before ?(\/>|><\/before>)/);
  });
  it('answers only for itself', () => {
    const result = (from: string): Element => xml(`<message from='${from}'><result xmlns='${NS.mam}' id='5'>${forwardedMessage('x')}</result></message>`);
    expect(readResult(result('me@x'), 'me@x')?.archiveId).toBe('5');
    expect(readResult(result('mallory@x'), 'me@x')).toBeUndefined();
  });
  it('ends with an empty page, whatever that says', () => {
    expect(readFin(xml(`<iq><fin xmlns='${NS.mam}'><set xmlns='${NS.rsm}'><count>9</count></set></fin></iq>`)).complete).toBe(true);
    expect(readFin(xml(`<iq><fin xmlns='${NS.mam}'><set xmlns='${NS.rsm}'><first>1</first><last>3</last></set></fin></iq>`))).toEqual({ first: '1', last: '3', complete: false });
    expect(readFin(xml('<iq/>')).complete).toBe(true);
  });
  it('gives its collector back also after a failure', async () => {
    let collecting = 0;
    const link = {
      account: 'me@x',
      nextId: () => 'q',
      collect: () => (collecting++, () => void collecting--),
      request: () => Promise.reject(new StanzaError('item-not-found', 'cancel')),
    };
    await expect(queryArchive(link, { after: 'gone' })).rejects.toMatchObject({ condition: 'item-not-found' });
    expect(collecting).toBe(0);
  });
});

describe('own data', () => {
  const item = (id: string, payload: string): Element =>
    xml(`<iq><pubsub xmlns='${NS.pubsub}'><items node='n'><item id='${id}'>${payload}</item></items></pubsub></iq>`);
  it('holds bookmarks, with what others keep in them', () => {
    const read = readItems(item('Room@x', `<conference xmlns='${NS.bookmarks}' autojoin='1' name='N'><nick>me</nick><extensions><k xmlns='other'/></extensions></conference>`))[0];
    expect(read && readBookmark(read)).toEqual({ jid: 'room@x', name: 'N', nick: 'me', autojoin: true, marks: { pinned: false, muted: false } });
    expect(serialize(setBookmark({ jid: 'room@x', name: undefined, nick: 'me', autojoin: true, marks: { pinned: true, muted: false } }, read?.payload))).toContain('other');
    expect(readBookmark({ id: 'no-address', payload: read?.payload })).toBeUndefined();
    expect(readBookmark({ id: 'a@b', payload: undefined })).toBeUndefined();
  });
  it('holds how far was read', () => {
    const written = setDisplayed({ chat: 'a@b', stanzaId: '9', by: 'me@x' });
    expect(serialize(written)).toContain('pubsub#access_model');
    const read = readItems(item('a@b', `<displayed xmlns='${NS.mds}'><stanza-id xmlns='${NS.sid}' id='9' by='me@x'/></displayed>`))[0];
    expect(read && readDisplayed(read)).toEqual({ chat: 'a@b', stanzaId: '9', by: 'me@x' });
    expect(readDisplayed({ id: 'a@b', payload: el('displayed', NS.mds) })).toBeUndefined();
  });
  it('tells events', () => {
    const event = readEvent(xml(`<message><event xmlns='${NS.pubsubEvent}'><items node='n'><item id='1'/><retract id='2'/></items></event></message>`));
    expect(event).toEqual({ node: 'n', items: [{ id: '1', payload: undefined }], retracted: ['2'] });
    expect(readEvent(xml('<message/>'))).toBeUndefined();
  });
});

describe('what refers to a message', () => {
  it('replies, with a quotation for those who do not know replies', () => {
    const made = reply({ id: '1', to: 'a@b' }, 'so\n👍', 'yes');
    const stanza = message({}, el('body', NS.client, {}, made.body), ...made.elements);
    expect(made.body).toBe('> so\n> 👍\nyes');
    expect(readReply(stanza)).toEqual({ id: '1', to: 'a@b' });
    expect(withoutFallback(stanza, made.body, NS.reply)).toBe('yes');
  });
  it.each([`start='5' end='2'`, `start='0' end='99'`, `start='0'`, `start='x' end='1'`])('leaves the body as it is where the range makes no sense: %s', (range) => {
    const stanza = xml(`<message><fallback xmlns='${NS.fallback}' for='${NS.reply}'><body ${range}/></fallback></message>`);
    expect(withoutFallback(stanza, 'body', NS.reply)).toBe('body');
  });
  it('reacts, bounded', () => {
    expect(readReactions(message({}, reactions({ id: '1', emojis: ['👍', '👍', ' ', '❤️'] })))).toEqual({ id: '1', emojis: ['👍', '❤️'] });
    const many = Array.from({ length: 100 }, (_, i) => String(i));
    expect(readReactions(message({}, reactions({ id: '1', emojis: many })))?.emojis).toHaveLength(20);
    expect(readReactions(xml(`<message><reactions xmlns='${NS.reactions}'/></message>`))).toBeUndefined();
  });
  it('retracts', () => {
    expect(readRetraction(message({}, ...retraction('1')))).toEqual({ id: '1', moderated: false });
    expect(isTombstone(xml(`<message><retracted xmlns='${NS.retract}' id='1'/></message>`))).toBe(true);
    expect(readRetraction(xml(`<message><retract xmlns='${NS.retract}'/></message>`))).toBeUndefined();
  });
  it('knows chat states and nothing that looks like one', () => {
    expect(readChatState(xml(`<message><composing xmlns='${NS.chatStates}'/></message>`))).toBe('composing');
    expect(readChatState(xml(`<message><dancing xmlns='${NS.chatStates}'/></message>`))).toBeUndefined();
  });
});

describe('rooms', () => {
  it('tell who is there', () => {
    const stanza = xml(`<presence from='r@x/Nick'><x xmlns='${NS.mucUser}'><item affiliation='owner' role='moderator' jid='a@b/c'/><status code='110'/><status code='oops'/></x><occupant-id xmlns='${NS.occupantId}' id='o'/></presence>`);
    expect(readOccupant(stanza)).toEqual({ nick: 'Nick', jid: 'a@b/c', id: 'o', role: 'moderator', affiliation: 'owner', gone: false, codes: [110] });
    expect(readOccupant(xml(`<presence from='r@x'><x xmlns='${NS.mucUser}'/></presence>`))).toBeUndefined();
  });
  it('are entered without history, and made with the settings they offer', () => {
    expect(serialize(join('r@x', 'n'))).toContain('maxstanzas="0"');
    expect(serialize(acceptDefaults('r@x'))).toContain('submit');
  });
  it('invite both ways', () => {
    expect(readInvitation(xml(`<message from='r@x'><x xmlns='${NS.mucUser}'><invite from='a@b'/></x></message>`))?.room).toBe('r@x');
    expect(readInvitation(xml(`<message from='a@b'><x xmlns='${NS.directInvite}' jid='r@x'/></message>`))?.room).toBe('r@x');
    expect(readInvitation(xml('<message from="a@b"/>'))).toBeUndefined();
  });
});

describe('people', () => {
  it('are contacts, whatever a server invents', () => {
    const answer = readRoster(xml(`<iq><query xmlns='${NS.roster}' ver='7'><item jid='A@b' subscription='both'/><item/><item jid='c@d' subscription='maybe' ask='subscribe'/></query></iq>`));
    expect(answer?.contacts).toEqual([
      { jid: 'a@b', name: undefined, subscription: 'both', pending: false },
      { jid: 'c@d', name: undefined, subscription: 'none', pending: true },
    ]);
    expect(readRoster(xml('<iq/>'))).toBeUndefined();
  });
  it('have pictures that can be shown safely', () => {
    const metadata = (info: string) => ({ id: 'x', payload: parse(`<metadata xmlns='${NS.avatarMetadata}'>${info}</metadata>`) });
    const id = 'a'.repeat(40);
    expect(readAvatarInfo(metadata(`<info id='${id}' type='image/png' bytes='9'/>`))).toEqual({ id, type: 'image/png', bytes: 9 });
    expect(readAvatarInfo(metadata(''))).toBe('none');
    expect(readAvatarInfo(metadata(`<info id='${id}' type='image/svg+xml' bytes='9'/>`))).toBeUndefined();
    expect(readAvatarInfo(metadata(`<info id='${id}' type='image/png' bytes='9' url='http://x/'/>`))).toBeUndefined();
    expect(readVCard(xml(`<iq><vCard xmlns='${NS.vcard}'><FN>A</FN><PHOTO><TYPE>image/png</TYPE><BINVAL>AAAA</BINVAL></PHOTO></vCard></iq>`))?.photo?.size).toBe(3);
    expect(readVCard(xml(`<iq><vCard xmlns='${NS.vcard}'><PHOTO><TYPE>text/html</TYPE><BINVAL>AAAA</BINVAL></PHOTO></vCard></iq>`))?.photo).toBeUndefined();
    expect(readPhotoHash(xml(`<presence><x xmlns='${NS.vcardUpdate}'><photo/></x></presence>`))).toBe('');
    expect(readPhotoHash(xml('<presence/>'))).toBeUndefined();
  });
  it('are blocked and unblocked, all of them too', () => {
    expect(readBlockPush(xml(`<iq><block xmlns='${NS.blocking}'><item jid='a@b'/></block></iq>`))).toEqual({ kind: 'block', jids: ['a@b'] });
    expect(readBlockPush(xml(`<iq><unblock xmlns='${NS.blocking}'/></iq>`))).toEqual({ kind: 'unblock', jids: [] });
  });
});

describe('files', () => {
  const slot = (put: string, get: string, headers = ''): Element =>
    xml(`<iq><slot xmlns='${NS.upload}'><put url='${put}'>${headers}</put><get url='${get}'/></slot></iq>`);
  it('go only where it is safe, with allowed headers only', () => {
    const read = readSlot(slot('https://x/1', 'https://x/2', `<header name='Authorization'>a</header><header name='Host'>evil</header><header name='Cookie'>a\nb</header>`));
    expect(read).toEqual({ put: 'https://x/1', get: 'https://x/2', headers: { Authorization: 'a' } });
    expect(readSlot(slot('http://x/1', 'https://x/2'))).toBeUndefined();
    expect(readSlot(slot('http://127.0.0.1:5280/1', 'http://localhost/2'))).toBeDefined();
    expect(readSlot(xml('<iq/>'))).toBeUndefined();
  });
  it('have a largest size, and addresses that are addresses', () => {
    const info = xml(`<iq><query xmlns='${NS.disco}'><x xmlns='${NS.form}'><field var='max-file-size'><value>100</value></field></x></query></iq>`);
    expect(readMaxSize(info)).toBe(100);
    expect(readOutOfBand(xml(`<message><x xmlns='${NS.oob}'><url>javascript:alert(1)</url></x></message>`))).toBeUndefined();
  });
});

describe('errors', () => {
  it('have a condition, even where the peer gave none', () => {
    expect(StanzaError.of(xml(`<message><error type='wait'><text xmlns='${NS.stanzaErrors}'>t</text><forbidden xmlns='${NS.stanzaErrors}'/></error></message>`))).toMatchObject({ condition: 'forbidden', type: 'wait' });
    expect(StanzaError.of(xml('<message/>')).condition).toBe('undefined-condition');
  });
});

describe('finding the WebSocket', () => {
  const base = new URL('https://web.example.org/');
  const answering = (body: string): typeof fetch => () => Promise.resolve(new Response(body));
  it('reads both kinds of host-meta', async () => {
    const json = JSON.stringify({ links: [{ rel: NS.altWebSocket, href: 'wss://x/ws' }] });
    expect(readJson(json)).toBe('wss://x/ws');
    expect(readXml(`<XRD xmlns='${NS.xrd}'><Link rel='${NS.altWebSocket}' href='wss://y/ws'/></XRD>`)).toBe('wss://y/ws');
    expect(await findWebSocket('example.org', base, answering(json))).toBe('wss://x/ws');
  });
  it.each(['', '{', '[]', '{"links":3}', '{"links":[null]}', '{"links":[{"rel":"urn:xmpp:alt-connections:websocket","href":"ws://clear/"}]}'])(
    'asks its own server when it is told %s', async (body) => {
      expect(await findWebSocket('example.org', base, answering(body))).toBe('wss://web.example.org/xmpp-websocket');
    });
  it('asks nobody about its own name', async () => {
    const never: typeof fetch = () => Promise.reject(new Error('asked'));
    expect(await findWebSocket('web.example.org', base, never)).toBe('wss://web.example.org/xmpp-websocket');
    expect(await findWebSocket('localhost', new URL('http://127.0.0.1:5280/'), never)).toBe('ws://127.0.0.1:5280/xmpp-websocket');
  });
});

describe('keys', () => {
  it('are those of RFC 7677 §3', async () => {
    const scram = new Scram('SCRAM-SHA-256', 'user', 'pencil', 'rOprNGfwEbeRWgbNEkqO');
    expect(scram.first()).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO');
    const challenge = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
    expect(await scram.respond(challenge)).toBe(
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=');
    expect(scram.verifies('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')).toBe(true);
    expect(scram.verifies('v=AAAA')).toBe(false);
  });
  it.each(['r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096', 'r=nonceX,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1', 'r=nonceX,i=4096', 'm=x,r=nonceX,s=AAAA,i=4096', 'garbage', 'r=nonceX,s=AAAA,i=99999999'])(
    'answer no challenge like %s', async (challenge) => expect(await new Scram('SCRAM-SHA-256', 'u', 'p', 'nonce').respond(challenge)).toBeUndefined());
  it('come from prepared passwords', () => {
    expect(preparePassword('a\u00a0b')).toBe('a b');
    expect(preparePassword('')).toBeUndefined();
    expect(preparePassword('a\nb')).toBeUndefined();
  });
});

describe('registration', () => {
  const offer = { domain: 'x', registration: 'open', mechanisms: [{ mechanism: 'SCRAM-SHA-256', required: true }, { mechanism: 'SCRAM-SHA-1', required: false }], iterations: 4096, saltBytes: 16 };
  it('reads what is asked for and refuses what is weak or unknown', () => {
    expect(readOffer(offer)?.mechanisms).toEqual(['SCRAM-SHA-256']);
    for (const bad of [null, {}, { ...offer, iterations: 10 }, { ...offer, iterations: 1e9 }, { ...offer, mechanisms: [{ mechanism: 'PLAIN', required: true }] }, { ...offer, registration: 'x' }]) {
      expect(readOffer(bad)).toBeUndefined();
    }
  });
  it('sends keys, never the password', async () => {
    const read = readOffer(offer);
    if (!read) throw new Error('no offer');
    let sent = '';
    const post: typeof fetch = (_, init) => ((sent = String(init?.body)), Promise.resolve(new Response('{"address":"u@x"}', { status: 201 })));
    expect(await register(read, 'u', 'geheim', 'token', post)).toBe('u@x');
    expect(sent).not.toContain('geheim');
    expect(Object.keys((JSON.parse(sent) as { keys: object[] }).keys[0] ?? {})).toEqual(['mechanism', 'salt', 'iterations', 'storedKey', 'serverKey']);
  });
  it('says why not', async () => {
    const read = readOffer(offer);
    if (!read) throw new Error('no offer');
    const taken: typeof fetch = () => Promise.resolve(new Response('{"code":"taken"}', { status: 409 }));
    await expect(register(read, 'u', 'p', undefined, taken)).rejects.toEqual(new RegistrationError('taken'));
    await expect(register(read, 'u', 'p', undefined, () => Promise.reject(new TypeError()))).rejects.toMatchObject({ code: 'unreachable' });
    await expect(register(read, 'u', '', undefined, taken)).rejects.toMatchObject({ code: 'bad-password' });
  });
  it('derives what RFC 5802 §5 shows', async () => {
    const salt = Uint8Array.from(atob('QSXCR+Q6sek8bf92'), (c) => c.charCodeAt(0));
    expect((await deriveKeys('SCRAM-SHA-1', 'pencil', 4096, salt)).storedKey).toBe('6dlGYMOdZcOPutkcNY8U2g7vK9Y=');
  });
});
