import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Device, seeded } from '../omemo/testing.ts';
import { attribute, child, serialize } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { bundleNode, DEVICES_NODE, readBundle, readEncrypted } from '../xmpp/omemo.ts';
import { until } from '../xmpp/testing.ts';
import { parse } from '../xmpp/dom.ts';
import { openDatabase } from './db.ts';
import { bodies, JULIET, named, ROMEO, Scene, type Tab } from './testing.ts';
import { deviceOf, fromDevice, heard, inClear, openHere, Published } from './testing-seal.ts';
import type { Conversation } from './types.ts';

let scene: Scene;
let published: Published;
let juliet: Device;

beforeEach(async () => {
  scene = new Scene();
  scene.omemo = openHere;
  published = new Published(scene.server);
  juliet = await Device.of(JULIET, seeded('juliet'));
});

afterEach(() => scene.end());

const texts = (): Element[] => scene.server.stanzas.filter((stanza) => stanza.localName === 'message' && inClear(stanza) !== undefined);
const nudges = (): Element[] => scene.server.stanzas.filter((stanza) => stanza.localName === 'message' && child(stanza, 'encrypted', NS.omemo) && inClear(stanza) === undefined);
const announced = (): Promise<void> => until(() => published.has(ROMEO, DEVICES_NODE) !== undefined, 'our device in the list');

async function open({ model }: Tab, jid = JULIET): Promise<Conversation> {
  await model.startChat(jid);
  return model.open(jid);
}

/** Juliet opens a session with the device that signed in here. */
async function met(): Promise<void> {
  await announced();
  const device = await deviceOf(published);
  const item = parse(published.has(ROMEO, bundleNode(device)) ?? '');
  const bundle = readBundle([{ id: 'current', payload: item?.firstElementChild ?? undefined }]);
  if (!bundle) throw new Error('no bundle');
  await juliet.omemo.start({ now: juliet.now, bundles: [{ jid: ROMEO, device, bundle }] }, juliet.commit);
}

async function says(text: string | undefined): ReturnType<Device['seal']> {
  const device = await deviceOf(published);
  const { sealed } = await juliet.encrypt([{ jid: ROMEO, device }], text);
  return { ...sealed, from: JULIET };
}

/** Keeps it in the archive and delivers it. */
function deliver(xml: string): void {
  const id = scene.server.keep(ROMEO, xml);
  scene.server.tell(xml.replace('</message>', `<stanza-id xmlns='${NS.sid}' id='${id}' by='${ROMEO}'/></message>`));
}

describe('Where nobody has asked for it', () => {
  beforeEach(() => {
    scene.seals = 'asked';
  });

  it('nothing is encrypted until the other side does so', async () => {
    await published.add(juliet);
    const tab = await scene.signedIn();
    const chat = await open(tab);
    await until(() => chat.chat.lock === 'able', 'what could be');
    await chat.send('in the clear');
    await until(() => texts().length === 1);
    expect(inClear(texts()[0] as Element)).toBe('in the clear');
    await met();
    deliver(fromDevice('j1', await says('from Juliet')));
    await until(() => chat.chat.lock === 'sealed', 'the lock');
    await chat.send('for her alone');
    await until(() => texts().length === 2);
    expect(await heard(juliet, texts()[1] as Element)).toBe('for her alone');
  });

  it('a person switches it on', async () => {
    await published.add(juliet);
    const tab = await scene.signedIn();
    const chat = await open(tab);
    await until(() => chat.chat.lock === 'able', 'what could be');
    await (await tab.model.seals()).setPlain(JULIET, false);
    await until(() => chat.chat.lock === 'sealed', 'the lock');
    await chat.send('for her alone');
    await until(() => texts().length === 1);
    expect(await heard(juliet, texts()[0] as Element)).toBe('for her alone');
  });
});

describe('Sending', () => {
  it('publishes this device, beside the others', async () => {
    const phone = await Device.of(ROMEO, seeded('phone'));
    await published.add(phone);
    await scene.signedIn();
    await until(() => published.published.includes(DEVICES_NODE));
    expect(published.has(ROMEO, DEVICES_NODE)).toContain(String((await phone.me()).device));
    expect(published.published[0]).toContain('bundles');
  });

  it('takes this device out of the list when somebody signs out', async () => {
    const phone = await Device.of(ROMEO, seeded('phone'));
    await published.add(phone);
    const { model } = await scene.signedIn();
    await until(() => published.published.includes(DEVICES_NODE));
    const device = await deviceOf(published, (await phone.me()).device);
    expect(published.has(ROMEO, DEVICES_NODE)).toContain(`"${device}"`);
    await model.signOut();
    expect(published.has(ROMEO, DEVICES_NODE)).not.toContain(`"${device}"`);
    expect(published.has(ROMEO, DEVICES_NODE)).toContain(String((await phone.me()).device));
  });

  it('encrypts where the other side has a device, and says nothing beside it', async () => {
    await published.add(juliet);
    const chat = await open(await scene.signedIn());
    await chat.send('Wherefore art thou?');
    await until(() => texts().length === 1, 'a message');
    const [sent] = texts();
    expect(await heard(juliet, sent as Element)).toBe('Wherefore art thou?');
    expect(serialize(sent as Element)).not.toContain('Wherefore');
    expect([...(sent?.children ?? [])].map((each) => each.localName).sort()).toEqual(['body', 'encrypted', 'encryption', 'markable', 'origin-id', 'request', 'store']);
    await until(() => named(chat, 'Wherefore art thou?')?.encrypted === 'omemo');
    expect(chat.chat.lock).toBe('sealed');
  });

  it('goes on in the clear where the other side has none, and says so', async () => {
    const chat = await open(await scene.signedIn());
    await chat.send('hello');
    await until(() => texts().length === 1);
    expect(inClear(texts()[0] as Element)).toBe('hello');
    await until(() => chat.chat.lock === 'none');
    expect(named(chat, 'hello')?.encrypted).toBe('none');
  });

  it('never goes back to the clear by itself', async () => {
    await published.add(juliet);
    const first = await scene.signedIn();
    const chat = await open(first);
    await chat.send('one');
    await until(() => texts().length === 1);
    published.remove(JULIET);
    scene.server.tell(`<message xmlns='${NS.client}' from='${JULIET}' to='${ROMEO}/web' type='headline'><event xmlns='${NS.pubsubEvent}'><items node='${DEVICES_NODE}'><item id='current'><list xmlns='${NS.omemo}'/></item></items></event></message>`);
    const db = await openDatabase(ROMEO);
    await until(async () => (await db.get('devicelists', JULIET))?.devices.length === 0, 'the empty list');
    await chat.send('two');
    await until(() => named(chat, 'two')?.state === 'failed');
    expect(named(chat, 'two')?.error).toBe('error.no-device');
    expect(texts()).toHaveLength(1);
    db.close();
  });

  it('sends what was written in the clear when a person has switched encryption off', async () => {
    await published.add(juliet);
    const { model } = await scene.signedIn();
    await model.startChat(JULIET);
    const chat = model.open(JULIET);
    await until(() => chat.chat.lock === 'sealed');
    await (await model.seals()).setPlain(JULIET, true);
    await until(() => chat.chat.lock === 'off');
    await chat.send('hello');
    await until(() => texts().length === 1);
    expect(inClear(texts()[0] as Element)).toBe('hello');
  });

  it('sends the same again after a cut, under the same id', async () => {
    await published.add(juliet);
    scene.server.acknowledges = false;
    scene.server.resumable = false;
    const made = await scene.signedIn();
    const chat = await open(made);
    await chat.send('once');
    await until(() => texts().length === 1);
    const again = await scene.reloaded(made);
    await until(() => texts().length === 2, 'it comes again');
    const [one, two] = texts().map((sent) => serialize(child(sent, 'encrypted', NS.omemo) as Element));
    expect(two).toBe(one);
    expect(attribute(texts()[0], 'id')).toBe(attribute(texts()[1], 'id'));
    again.model.close();
  });

  it('keeps the order of what waits for devices, and does not hold up other chats', async () => {
    await published.add(juliet);
    const { model } = await scene.signedIn();
    const chat = await open({ model, nudge: () => undefined });
    const nurse = await open({ model, nudge: () => undefined }, 'nurse@example.org');
    await Promise.all([chat.send('one'), nurse.send('clear'), chat.send('two'), chat.send('three')]);
    await until(() => texts().length === 4);
    const sealed = texts().filter((sent) => attribute(sent, 'to') === JULIET);
    const said = [];
    for (const sent of sealed) said.push(await heard(juliet, sent));
    expect(said).toEqual(['one', 'two', 'three']);
  });

  it('encrypts notes to oneself for the other devices', async () => {
    const phone = await Device.of(ROMEO, seeded('phone'));
    await published.add(phone);
    const chat = await open(await scene.signedIn(), ROMEO);
    await chat.send('buy bread');
    await until(() => texts().length === 1);
    expect(await heard(phone, texts()[0] as Element)).toBe('buy bread');
  });

  it('encrypts replies and corrections: their text, not what they point at', async () => {
    await published.add(juliet);
    const chat = await open(await scene.signedIn());
    await chat.send('one');
    await until(() => named(chat, 'one')?.state === 'safe');
    await chat.send('two', { replyTo: named(chat, 'one')?.key ?? '' });
    chat.edit(named(chat, 'one')?.key ?? '', 'first');
    await until(() => texts().length === 3);
    const said = [];
    for (const sent of texts()) said.push(await heard(juliet, sent));
    expect(said).toEqual(['one', '> one\ntwo', 'first']);
    expect(child(texts()[1], 'reply', NS.reply)).toBeDefined();
    expect(attribute(child(texts()[2], 'replace', NS.correct), 'id')).toBe(attribute(texts()[0], 'id'));
  });
});

describe('Receiving', () => {
  it('reads what is encrypted, with its lock, and answers the device that opened the session', async () => {
    const chat = await open(await scene.signedIn());
    await met();
    deliver(fromDevice('m1', await says('O Romeo')));
    await until(() => named(chat, 'O Romeo') !== undefined);
    expect(named(chat, 'O Romeo')).toMatchObject({ encrypted: 'omemo', sealedBy: { trust: 'blind' } });
    await until(() => nudges().length === 1, 'an answer');
    expect(await heard(juliet, nudges()[0] as Element)).toBe('key');
    expect(bodies(chat)).toEqual(['O Romeo']);
  });

  it('answers in kind a stranger whose chat was looked at before it began', async () => {
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await met();
    await published.add(juliet);
    deliver(fromDevice('m1', await says('O Romeo')));
    await until(() => named(chat, 'O Romeo') !== undefined);
    // Nothing tells her that somebody is here.
    expect(scene.server.stanzas.filter((stanza) => attribute(stanza, 'to') === JULIET)).toEqual([]);
    await chat.send('I am here');
    await until(() => texts().length === 1);
    expect(await heard(juliet, texts()[0] as Element)).toBe('I am here');
    await until(() => chat.chat.lock === 'sealed');
  });

  it('takes what comes twice once', async () => {
    const made = await scene.signedIn();
    const chat = await open(made);
    await met();
    const one = fromDevice('m1', await says('one'));
    deliver(one);
    await until(() => bodies(chat).length === 1);
    scene.server.tell(one);
    deliver(fromDevice('m2', await says('two')));
    await until(() => named(chat, 'two') !== undefined);
    expect(bodies(chat)).toEqual(['one', 'two']);
  });

  it('reads a page of the archive in its order, after a time away', async () => {
    const made = await scene.signedIn();
    await open(made);
    await met();
    made.model.close();
    for (const text of ['one', 'two', 'three']) scene.server.keep(ROMEO, fromDevice(text, await says(text)));
    const again = scene.load();
    await again.model.restore();
    const chat = again.model.open(JULIET);
    await until(() => bodies(chat).length === 3);
    expect(bodies(chat)).toEqual(['one', 'two', 'three']);
    expect(again.model.chats.find((each) => each.jid === JULIET)?.last?.body).toBe('three');
    expect((await again.model.search('two')).map((each) => each.body)).toEqual(['two']);
  });

  it('says why it cannot read what was not for this device, and never what the sender\'s app says instead', async () => {
    const chat = await open(await scene.signedIn());
    await met();
    const other = await Device.of(ROMEO, seeded('other'));
    await juliet.start(other);
    deliver(fromDevice('m1', await juliet.seal('secret', other)));
    await until(() => chat.messages.length === 1);
    expect(chat.messages[0]).toMatchObject({ body: '', encrypted: 'failed', error: 'message.not-for-device' });
  });

  it('heals a session that is lost, once', async () => {
    await published.add(juliet);
    const chat = await open(await scene.signedIn());
    await met();
    deliver(fromDevice('m1', await says('one')));
    await until(() => bodies(chat).includes('one') && nudges().length === 1);
    await heard(juliet, nudges()[0] as Element);
    // What comes now belongs to a session that is not known here.
    const db = await openDatabase(ROMEO);
    await db.clear('sessions');
    for (const id of ['m2', 'm3']) deliver(fromDevice(id, await says(id)));
    await until(() => chat.messages.length === 3);
    // By the third the new session may be there, whose keys do not fit.
    for (const message of chat.messages.slice(1)) expect(['message.no-session', 'message.damaged']).toContain(message.error);
    await until(() => nudges().length === 2, 'a new session');
    expect(await heard(juliet, nudges()[1] as Element)).toBe('key');
    deliver(fromDevice('m4', await says('again')));
    await until(() => named(chat, 'again') !== undefined);
    expect(nudges()).toHaveLength(2);
    db.close();
  });

  it('reads a message again that could not be stored', async () => {
    let fails = true;
    scene.omemo = async (store) => {
      const omemo = await openHere(store);
      const whole = omemo.decrypt;
      const decrypt: typeof whole = (request, commit) =>
        whole(request, (result, changes) => (fails ? ((fails = false), Promise.reject(new Error('The disk is full.'))) : commit(result, changes)));
      return Object.assign(omemo, { decrypt });
    };
    const chat = await open(await scene.signedIn());
    await met();
    deliver(fromDevice('m1', await says('kept')));
    await until(() => named(chat, 'kept') !== undefined);
    expect(fails).toBe(false);
    expect(bodies(chat)).toEqual(['kept']);
  });

  it('takes other messages where what opens does not come', async () => {
    scene.omemo = () => Promise.reject(new TypeError('Failed to fetch'));
    const chat = await open(await scene.signedIn());
    scene.server.deliver('plain');
    await until(() => named(chat, 'plain') !== undefined);
    expect(bodies(chat)).toEqual(['plain']);
  });

  it('sends what nobody has promised to encrypt where what encrypts does not come', async () => {
    scene.omemo = () => Promise.reject(new TypeError('Failed to fetch'));
    const chat = await open(await scene.signedIn());
    // Each looks at the outbox again.
    for (const text of ['one', 'two', 'three']) await chat.send(text);
    await until(() => texts().length === 3);
    expect(texts().map(inClear)).toEqual(['one', 'two', 'three']);
  });

  it('tells in the conversation of a new device, once there was one', async () => {
    const chat = await open(await scene.signedIn());
    await met();
    deliver(fromDevice('m1', await says('one')));
    await until(() => bodies(chat).includes('one'));
    juliet = await Device.of(JULIET, seeded('second'));
    await met();
    deliver(fromDevice('m2', await says('two')));
    await until(() => chat.messages.some((message) => message.notice !== undefined));
    expect(chat.messages.filter((message) => message.notice).map((message) => message.notice?.kind)).toEqual(['new-device']);
    expect(bodies(chat).filter((body) => body !== '')).toEqual(['one', 'two']);
  });

  it('takes a correction in the clear of what was encrypted as what it is', async () => {
    const chat = await open(await scene.signedIn());
    await met();
    deliver(fromDevice('m1', await says('true')));
    await until(() => named(chat, 'true') !== undefined);
    scene.server.deliver('m2', 'false', `<replace xmlns='${NS.correct}' id='m1'/>`);
    await until(() => named(chat, 'false') !== undefined);
    expect(named(chat, 'false')).toMatchObject({ encrypted: 'none', edited: true });
  });

  it('reads a correction that is encrypted', async () => {
    const chat = await open(await scene.signedIn());
    await met();
    deliver(fromDevice('m1', await says('teh')));
    await until(() => named(chat, 'teh') !== undefined);
    deliver(fromDevice('m2', await says('the'), `<replace xmlns='${NS.correct}' id='m1'/>`));
    await until(() => named(chat, 'the') !== undefined);
    expect(named(chat, 'the')).toMatchObject({ encrypted: 'omemo', edited: true });
    expect(chat.messages).toHaveLength(1);
  });

  it('takes nothing from beside what is encrypted', async () => {
    const chat = await open(await scene.signedIn());
    await met();
    deliver(fromDevice('m1', await says('look'), `<x xmlns='${NS.oob}'><url>https://evil.example/x.jpg</url></x>`));
    await until(() => named(chat, 'look') !== undefined);
    expect(named(chat, 'look')?.attachments).toEqual([]);
  });
});

it('reads what Romeo\'s own phone has sent', async () => {
  const phone = await Device.of(ROMEO, seeded('phone'));
  const chat = await open(await scene.signedIn());
  await announced();
  const device = await deviceOf(published);
  const item = parse(published.has(ROMEO, bundleNode(device)) ?? '');
  const bundle = readBundle([{ id: 'current', payload: item?.firstElementChild ?? undefined }]);
  if (!bundle) throw new Error('no bundle');
  await phone.omemo.start({ now: phone.now, bundles: [{ jid: ROMEO, device, bundle }] }, phone.commit);
  const { sealed } = await phone.encrypt([{ jid: ROMEO, device }], 'from the phone');
  const inner = fromDevice('p1', { ...sealed, from: ROMEO }, '', ROMEO, JULIET);
  const id = scene.server.keep(ROMEO, inner);
  scene.server.tell(`<message xmlns='${NS.client}' from='${ROMEO}' to='${ROMEO}/web'><sent xmlns='${NS.carbons}'><forwarded xmlns='${NS.forward}'>${inner.replace('</message>', `<stanza-id xmlns='${NS.sid}' id='${id}' by='${ROMEO}'/></message>`)}</forwarded></sent></message>`);
  await until(() => named(chat, 'from the phone') !== undefined);
  expect(named(chat, 'from the phone')).toMatchObject({ mine: true, encrypted: 'omemo' });
  expect(readEncrypted(undefined)).toBeUndefined();
});
