import { Blob as NodeBlob } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attribute, child, childText } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { readSharedFiles } from '../xmpp/sharing.ts';
import { until } from '../xmpp/testing.ts';
import { openDatabase } from './db.ts';
import { fromJuliet, JULIET, named, ROMEO, ROOM, Scene } from './testing.ts';
import type { Conversation, FileToSend, Message } from './types.ts';

// happy-dom's cannot be cloned into a database.
globalThis.Blob = NodeBlob as unknown as typeof Blob;

let scene: Scene;
let server: Scene['server'];
let files: Scene['files'];

beforeEach(() => {
  scene = new Scene();
  ({ server, files } = scene);
});

afterEach(() => scene.end());

const photo = (name: string, content = name): FileToSend => ({ blob: new Blob([content], { type: 'image/jpeg' }), kind: 'image', name, type: 'image/jpeg', width: 40, height: 30, thumbnail: 'data:image/jpeg;base64,AAAA' });
const sent = (): Element[] => server.stanzas.filter((stanza) => child(stanza, 'body', NS.client));
const sentBodies = (): (string | undefined)[] => sent().map((stanza) => childText(stanza, 'body', NS.client));
const withFile = (chat: Conversation, name: string): Message | undefined => chat.messages.find((message) => message.attachments[0]?.name === name);
const rows = async (store: 'files' | 'media'): Promise<number> => {
  const db = await openDatabase(ROMEO);
  const count = await db.count(store);
  db.close();
  return count;
};

describe('sending files', () => {
  it('shows one before anything is uploaded, and sends it when it is at the server', async () => {
    let arrive: (status: number) => void = () => undefined;
    files.status = new Promise((resolve) => (arrive = resolve));
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await chat.attach([photo('a.jpg')], '');
    await until(() => withFile(chat, 'a.jpg')?.attachments[0]?.progress === 0.5, 'progress');
    expect(withFile(chat, 'a.jpg')).toMatchObject({ state: 'sending', attachments: [{ state: 'uploading', url: expect.stringMatching(/^blob:/) as string }] });
    expect(sent()).toHaveLength(0);
    arrive(201);
    await until(() => withFile(chat, 'a.jpg')?.state === 'safe', 'a tick');
    expect(withFile(chat, 'a.jpg')?.attachments[0]?.state).toBe('ready');
    expect(await rows('files')).toBe(0);
  });

  it('says the same to those who know files and to those who know addresses', async () => {
    const { model } = await scene.signedIn();
    await model.open(JULIET).attach([photo('a.jpg')], '');
    await until(() => sent().length === 1);
    const [stanza] = sent();
    const url = 'https://example.org/files/1/a.jpg';
    expect(childText(stanza, 'body', NS.client)).toBe(url);
    expect(childText(child(stanza, 'x', NS.oob), 'url', NS.oob)).toBe(url);
    expect(attribute(child(stanza, 'fallback', NS.fallback), 'for')).toBe(NS.sharing);
    const hash = Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode('a.jpg'))).toString('base64');
    expect(stanza && readSharedFiles(stanza)).toMatchObject([{ name: 'a.jpg', type: 'image/jpeg', size: 5, width: 40, height: 30, sources: [url], hash, thumbnail: 'data:image/jpeg;base64,AAAA' }]);
  });

  it('lets texts pass, keeps files in order, and puts the text about them behind the last', async () => {
    let arrive: (status: number) => void = () => undefined;
    files.status = new Promise((resolve) => (arrive = resolve));
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await chat.attach([photo('a.jpg'), photo('b.jpg')], 'two');
    chat.send('later');
    await until(() => named(chat, 'later')?.state === 'safe');
    expect(sentBodies()).toEqual(['later']);
    expect(chat.messages.map((message) => message.body)).toEqual(['', '', 'two', 'later']);
    arrive(201);
    await until(() => named(chat, 'two')?.state === 'safe');
    expect(sentBodies()).toEqual(['later', 'https://example.org/files/1/a.jpg', 'https://example.org/files/2/b.jpg', 'two']);
    expect(sent().slice(1, 3).map((stanza) => readSharedFiles(stanza)[0]?.desc)).toEqual([undefined, 'two']);
  });

  it('goes on after a reload in the middle, as the same message', async () => {
    files.status = new Promise(() => undefined);
    const before = await scene.signedIn();
    const chat = before.model.open(JULIET);
    await chat.attach([photo('a.jpg')], 'about it');
    await until(() => files.slots === 1 && withFile(chat, 'a.jpg') !== undefined);
    const key = withFile(chat, 'a.jpg')?.key;
    files.status = 201;
    const after = await scene.reloaded(before);
    const again = after.model.open(JULIET);
    await until(() => named(again, 'about it')?.state === 'safe');
    expect(withFile(again, 'a.jpg')?.key).toBe(key);
    expect(sent().map((stanza) => attribute(stanza, 'id'))).toEqual([key, named(again, 'about it')?.key]);
    expect(files.stored.size).toBe(1);
  });

  it('tries again what was cut, without saying that it failed and without letting others pass', async () => {
    files.status = 0;
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await chat.attach([photo('a.jpg'), photo('b.jpg')], '');
    await until(() => files.slots === 1 && withFile(chat, 'a.jpg')?.state === 'sending');
    files.status = 201;
    await until(() => withFile(chat, 'b.jpg')?.state === 'safe');
    expect(sent().map((stanza) => readSharedFiles(stanza)[0]?.name)).toEqual(['a.jpg', 'b.jpg']);
  });

  it('waits without a connection', async () => {
    const tab = await scene.signedIn();
    const chat = tab.model.open(ROOM);
    await tab.model.joinGroup(ROOM);
    server.down = true;
    server.socket.cut();
    await until(() => tab.model.connection !== 'online');
    await chat.attach([photo('a.jpg')], '');
    await until(() => withFile(chat, 'a.jpg')?.attachments[0]?.state === 'uploading');
    server.down = false;
    tab.nudge();
    await until(() => withFile(chat, 'a.jpg')?.state === 'safe', 'the room to show it');
    expect(files.stored.size).toBe(1);
  });

  it.each([
    ['not-acceptable', 'error.too-large'],
    ['resource-constraint', 'error.quota'],
    ['forbidden', 'error.no-upload'],
  ])('fails when the service says %s, and is the same message when tried again', async (refusal, error) => {
    files.refusal = refusal;
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await chat.attach([photo('a.jpg')], '');
    await until(() => withFile(chat, 'a.jpg')?.state === 'failed');
    expect(withFile(chat, 'a.jpg')).toMatchObject({ error, attachments: [{ state: 'failed' }] });
    files.refusal = undefined;
    chat.retry(withFile(chat, 'a.jpg')?.key ?? '');
    await until(() => withFile(chat, 'a.jpg')?.state === 'safe');
    expect(attribute(sent()[0], 'id')).toBe(withFile(chat, 'a.jpg')?.key);
  });

  it.each([[413, 'error.too-large'], [507, 'error.quota'], [415, 'error.no-upload'], [403, 'error.no-upload']])('fails when HTTP says %d', async (status, error) => {
    files.status = status;
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await chat.attach([photo('a.jpg')], '');
    await until(() => withFile(chat, 'a.jpg')?.state === 'failed');
    expect(withFile(chat, 'a.jpg')?.error).toBe(error);
    expect(await rows('files')).toBe(1);
  });

  it('takes nothing that the server is known to refuse, and says how much it takes', async () => {
    files.max = 10;
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await chat.attach([photo('a.jpg')], '');
    await until(() => withFile(chat, 'a.jpg')?.state === 'safe');
    await expect(chat.attach([photo('b.jpg', 'more than ten')], '')).rejects.toMatchObject({ reason: 'too-large', limit: 10 });
    expect(chat.messages).toHaveLength(1);
  });

  it('leaves no trace of what is cancelled, and its text goes with another or not at all', async () => {
    files.status = new Promise(() => undefined);
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await chat.attach([photo('a.jpg'), photo('b.jpg')], 'two');
    await until(() => chat.messages.length === 3);
    chat.cancel(withFile(chat, 'b.jpg')?.key ?? '');
    await until(() => chat.messages.length === 2);
    expect(withFile(chat, 'a.jpg')?.attachments[0]?.desc).toBe('two');
    chat.retract(withFile(chat, 'a.jpg')?.key ?? '');
    await until(() => chat.messages.length === 0);
    await until(async () => (await rows('files')) === 0);
    files.status = 201;
    await chat.attach([photo('c.jpg')], '');
    await until(() => withFile(chat, 'c.jpg')?.state === 'safe');
    expect(sent()).toHaveLength(1);
  });
});

describe('receiving files', () => {
  const url = 'https://elsewhere.example/1/x.jpg';
  const shared = (size: number, more = ''): string =>
    `<body>${url}</body><fallback xmlns='${NS.fallback}' for='${NS.sharing}'><body/></fallback><file-sharing xmlns='${NS.sharing}' disposition='inline'><file xmlns='${NS.fileMetadata}'><media-type>image/jpeg</media-type><name>x.jpg</name><size>${size}</size>${more}</file><sources><url-data xmlns='${NS.urlData}' target='https://gone.example/x.jpg'/><url-data xmlns='${NS.urlData}' target='${url}'/></sources></file-sharing>`;

  async function known(): Promise<Conversation> {
    const { model } = await scene.signedIn();
    await model.startChat(JULIET);
    return model.open(JULIET);
  }

  it('fetches small ones from the first source that has it, and only once', async () => {
    files.stored.set(url, new Blob(['12345']));
    const chat = await known();
    server.tell(fromJuliet(shared(5)));
    await until(() => withFile(chat, 'x.jpg')?.attachments[0]?.state === 'ready' && withFile(chat, 'x.jpg')?.attachments[0]?.url !== undefined);
    expect(withFile(chat, 'x.jpg')?.body).toBe('');
    expect(files.fetched).toEqual(['https://gone.example/x.jpg', url]);
    expect(await rows('media')).toBe(1);
  });

  it('offers large ones with their size', async () => {
    files.stored.set(url, new Blob(['x'.repeat(300_000)]));
    const chat = await known();
    server.tell(fromJuliet(shared(300_000)));
    await until(() => withFile(chat, 'x.jpg')?.attachments[0]?.state === 'remote');
    expect(files.fetched).toEqual([]);
    chat.load(withFile(chat, 'x.jpg')?.key ?? '', 0);
    await until(() => withFile(chat, 'x.jpg')?.attachments[0]?.state === 'ready');
  });

  it.each([
    ['larger than was said', 'x'.repeat(400_000), ''],
    ['not what was sent', 'y'.repeat(300_000), `<hash xmlns='${NS.hashes}' algo='sha-256'>${'A'.repeat(43)}=</hash>`],
  ])('does not take what is %s', async (_what, content, more) => {
    files.stored.set(url, new Blob([content]));
    const chat = await known();
    server.tell(fromJuliet(shared(300_000, more)));
    await until(() => withFile(chat, 'x.jpg')?.attachments[0]?.state === 'remote');
    chat.load(withFile(chat, 'x.jpg')?.key ?? '', 0);
    await until(() => withFile(chat, 'x.jpg')?.attachments[0]?.state === 'failed');
    expect(await rows('media')).toBe(0);
  });

  it('fetches and shows nothing of strangers before they are accepted', async () => {
    files.stored.set(url, new Blob(['12345']));
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    server.tell(fromJuliet(shared(5, `<thumbnail xmlns='${NS.thumbnails}' uri='data:image/png;base64,AAAA'/>`)));
    await until(() => withFile(chat, 'x.jpg') !== undefined && chat.chat.request === true);
    await until(() => withFile(chat, 'x.jpg')?.attachments[0]?.thumbnail === undefined);
    expect(files.fetched).toEqual([]);
    await model.startChat(JULIET);
    await until(() => withFile(chat, 'x.jpg')?.attachments[0]?.url !== undefined);
    expect(withFile(chat, 'x.jpg')?.attachments[0]?.thumbnail).toBe('data:image/png;base64,AAAA');
  });

  it('says honestly what it cannot open, and shows pages and drawings as documents', async () => {
    const chat = await known();
    server.tell(fromJuliet(`<body>aesgcm://example.org/1/secret.jpg#${'a'.repeat(88)}</body>`));
    await until(() => withFile(chat, 'secret.jpg') !== undefined);
    expect(withFile(chat, 'secret.jpg')).toMatchObject({ body: '', attachments: [{ state: 'sealed' }] });
    for (const name of ['page.html', 'drawing.svg']) server.tell(fromJuliet(`<body>https://e.example/${name}</body><x xmlns='${NS.oob}'><url>https://e.example/${name}</url></x>`));
    await until(() => withFile(chat, 'drawing.svg') !== undefined);
    expect(['page.html', 'drawing.svg'].map((name) => withFile(chat, name)?.attachments[0]?.kind)).toEqual(['file', 'file']);
  });

  it('shows places, contacts and previews as cards', async () => {
    const chat = await known();
    server.tell(fromJuliet('<body>geo:-7.35,109.9</body>'));
    server.tell(fromJuliet('<body>xmpp:nurse@example.org</body>'));
    server.tell(fromJuliet(`<body>see https://a.example/x</body><Description xmlns='${NS.rdf}' about='https://a.example/x'><title xmlns='${NS.openGraph}'>A page</title></Description>`));
    await until(() => chat.messages.length === 3);
    expect(chat.messages.map((message) => [message.body, message.attachments[0]?.kind, message.attachments[0]?.url])).toEqual([
      ['', 'location', 'geo:-7.35,109.9'],
      ['', 'contact', 'xmpp:nurse@example.org'],
      ['see https://a.example/x', 'link', 'https://a.example/x'],
    ]);
  });
});
