import { Blob as NodeBlob } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Device, seeded } from '../omemo/testing.ts';
import { attribute, parse, serialize } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { bundleNode, DEVICES_NODE, readBundle } from '../xmpp/omemo.ts';
import { until } from '../xmpp/testing.ts';
import { openDatabase } from './db.ts';
import { JULIET, named, ROMEO, ROOM, Scene } from './testing.ts';
import { ScriptedRoom } from './testing-groups.ts';
import { deviceOf, heard, inClear, openHere, Published, sealedBody } from './testing-seal.ts';
import type { FileToSend } from './types.ts';

// The one that a database can hold here.
globalThis.Blob = NodeBlob as unknown as typeof Blob;

const NURSE = 'nurse@example.org';

let scene: Scene;
let juliet: Device;

beforeEach(async () => {
  scene = new Scene();
  scene.omemo = openHere;
  juliet = await Device.of(JULIET, seeded('juliet'));
});

afterEach(() => scene.end());

const texts = (): Element[] => scene.server.stanzas.filter((stanza) => stanza.localName === 'message' && inClear(stanza) !== undefined);

async function met(published: Published, device: Device): Promise<number> {
  await until(() => published.has(ROMEO, DEVICES_NODE) !== undefined);
  const id = await deviceOf(published);
  const item = parse(published.has(ROMEO, bundleNode(id)) ?? '');
  const bundle = readBundle([{ id: 'current', payload: item?.firstElementChild ?? undefined }]);
  if (!bundle) throw new Error('no bundle');
  await device.omemo.start({ now: device.now, bundles: [{ jid: ROMEO, device: id, bundle }] }, device.commit);
  return id;
}

describe('A private group', () => {
  let room: ScriptedRoom;
  let published: Published;
  let nurse: Device;

  beforeEach(async () => {
    room = new ScriptedRoom(scene.server);
    room.members.set(NURSE, 'member');
    published = new Published(scene.server);
    nurse = await Device.of(NURSE, seeded('nurse'));
  });

  it('is encrypted for the devices of all members', async () => {
    await published.add(juliet);
    await published.add(nurse);
    const { model } = await scene.signedIn();
    await model.joinGroup(ROOM);
    const chat = model.open(ROOM);
    await until(() => model.groups.row(ROOM)?.closed === true);
    await chat.send('to all');
    await until(() => texts().length === 1);
    expect(attribute(texts()[0], 'type')).toBe('groupchat');
    for (const device of [juliet, nurse]) expect(await heard(device, texts()[0] as Element)).toBe('to all');
    await until(() => named(chat, 'to all')?.state === 'safe');
    expect(chat.chat.lock).toBe('sealed');
  });

  it('is not encrypted as long as somebody has no device, and says who', async () => {
    await published.add(juliet);
    const { model } = await scene.signedIn();
    await model.joinGroup(ROOM);
    const chat = model.open(ROOM);
    await until(() => model.groups.row(ROOM)?.closed === true);
    await chat.send('to all');
    await until(() => texts().length === 1);
    expect(inClear(texts()[0] as Element)).toBe('to all');
    expect(chat.chat).toMatchObject({ lock: 'none', without: [NURSE] });
  });

  it('encrypts for who comes later', async () => {
    room.members.delete(NURSE);
    await published.add(juliet);
    await published.add(nurse);
    const { model } = await scene.signedIn();
    await model.joinGroup(ROOM);
    const chat = model.open(ROOM);
    await until(() => chat.chat.lock === 'sealed');
    room.announce(NURSE, 'member');
    await until(() => model.groups.row(ROOM)?.members[NURSE] !== undefined);
    await chat.send('to all');
    await until(() => texts().length === 1);
    expect(await heard(nurse, texts()[0] as Element)).toBe('to all');
  });

  it('reads what its members send, live by who the room shows them to be', async () => {
    await published.add(juliet);
    const { model } = await scene.signedIn();
    await model.joinGroup(ROOM);
    const chat = model.open(ROOM);
    const device = await met(published, juliet);
    room.show('juliet', 'j', JULIET);
    await until(() => model.groups.row(ROOM)?.people['j']?.jid === JULIET);
    const { sealed } = await juliet.encrypt([{ jid: ROMEO, device }], 'from Juliet');
    scene.server.tell(`<message xmlns='${NS.client}' type='groupchat' from='${ROOM}/juliet' id='g1'>${sealedBody({ ...sealed, from: JULIET })}<occupant-id xmlns='${NS.occupantId}' id='j'/></message>`);
    await until(() => named(chat, 'from Juliet') !== undefined);
    expect(named(chat, 'from Juliet')).toMatchObject({ encrypted: 'omemo', senderName: 'juliet' });
  });
});

describe('Files', () => {
  const plan = (): FileToSend => ({ blob: new Blob(['a secret plan']), kind: 'file', name: 'plan.pdf', type: 'application/pdf' });

  it('are encrypted before they leave, under a name that says nothing', async () => {
    const published = new Published(scene.server);
    await published.add(juliet);
    const { model } = await scene.signedIn();
    await model.startChat(JULIET);
    const chat = model.open(JULIET);
    await chat.attach([plan()], '');
    await until(() => texts().length === 1);
    const address = await heard(juliet, texts()[0] as Element);
    expect(address).toMatch(/^aesgcm:\/\/example\.org\/files\/1\/[0-9a-f-]{36}\.pdf#[0-9a-f]{88}$/u);
    expect(serialize(texts()[0] as Element)).not.toMatch(/plan|aesgcm|example\.org\/files/u);
    const [stored] = [...scene.files.stored.values()];
    expect(stored?.size).toBe('a secret plan'.length + 16);
    expect(await stored?.text()).not.toContain('secret');
    const { openFile, parseAesgcm } = await import('../omemo/files.ts');
    const parsed = parseAesgcm(address);
    if (!parsed || !stored) throw new Error('no file');
    expect(new TextDecoder().decode(await openFile(new Uint8Array(await stored.arrayBuffer()), parsed.secret))).toBe('a secret plan');
  });

  it('are opened when they come', async () => {
    const published = new Published(scene.server);
    const { model } = await scene.signedIn();
    await model.startChat(JULIET);
    const chat = model.open(JULIET);
    const device = await met(published, juliet);
    const { buildAesgcm, sealFile } = await import('../omemo/files.ts');
    const { sealed, secret } = await sealFile(new TextEncoder().encode('from Juliet'));
    scene.files.stored.set('https://example.org/files/x.pdf', new Blob([sealed as Uint8Array<ArrayBuffer>]));
    const said = await juliet.encrypt([{ jid: ROMEO, device }], buildAesgcm('https://example.org/files/x.pdf', secret));
    scene.server.tell(`<message xmlns='${NS.client}' type='chat' from='${JULIET}/x' to='${ROMEO}' id='f1'>${sealedBody({ ...said.sealed, from: JULIET })}</message>`);
    await until(() => chat.messages.length === 1 && chat.messages[0]?.attachments[0]?.state === 'remote');
    chat.load(chat.messages[0]?.key ?? '', 0);
    await until(() => chat.messages[0]?.attachments[0]?.state === 'ready');
    const db = await openDatabase(ROMEO);
    expect(await (await db.getAll('media'))[0]?.blob.text()).toBe('from Juliet');
    db.close();
    expect(scene.files.fetched).toEqual(['https://example.org/files/x.pdf']);
  });

  it('never go on to where their key would be read on the way', async () => {
    const published = new Published(scene.server);
    await published.add(juliet);
    const { model } = await scene.signedIn();
    for (const jid of [JULIET, NURSE]) await model.startChat(jid);
    const chat = model.open(JULIET);
    await chat.attach([plan()], '');
    await until(() => texts().length === 1);
    await until(() => chat.messages[0]?.encrypted === 'omemo');
    await model.forward([chat.messages[0]?.key ?? ''], [NURSE]);
    const other = model.open(NURSE);
    await until(() => other.messages[0]?.state === 'failed');
    expect(texts()).toHaveLength(1);
  });
});

it('where nobody has asked for encryption nothing waits for it', async () => {
  scene.seals = 'asked';
  scene.omemo = () => new Promise(() => undefined);
  const { model } = await scene.signedIn();
  await model.startChat(JULIET);
  await model.open(JULIET).send('as ever');
  await until(() => texts().length === 1, 'the message');
  expect(inClear(texts()[0] as Element)).toBe('as ever');
});
