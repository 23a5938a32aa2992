import { describe, expect, it } from 'vitest';
import { readContact, readPlace, readPreviews } from './cards.ts';
import { message, parse, serialize } from './dom.ts';
import { NS } from './ns.ts';
import { mediaType, readSharedFiles, safeName, sharedFile, type FileToShare } from './sharing.ts';
import { xml } from './testing.ts';

const file: FileToShare = {
  name: 'summit.jpg',
  type: 'image/jpeg',
  size: 3032449,
  width: 4096,
  height: 2160,
  length: undefined,
  desc: 'Photo from the summit.',
  hash: `${'A'.repeat(43)}=`,
  thumbnail: 'data:image/jpeg;base64,AAAA',
  sources: ['https://a.example/1/summit.jpg', 'https://b.example/2/summit.jpg'],
  disposition: 'inline',
};

const sharing = (content: string, attributes = ''): Element => xml(`<message><file-sharing xmlns='${NS.sharing}' ${attributes}>${content}</file-sharing></message>`);
const described = (content: string): Element => sharing(`<file xmlns='${NS.fileMetadata}'>${content}</file>`);

describe('shared files', () => {
  it('are read as they were written', () => {
    const sent = parse(serialize(message({}, sharedFile(file))));
    expect(sent && readSharedFiles(sent)).toEqual([{ ...file, sealed: false }]);
  });

  it('come from every source that may be fetched, and from no other', () => {
    const targets = ['http://a.example/1', 'javascript:alert(1)', 'https://b.example/2', 'ftp://c.example/3', 'https://d.example/4', 'data:text/html,x'];
    const stanza = sharing(`<sources>${targets.map((target) => `<url-data xmlns='${NS.urlData}' target='${target}'/>`).join('')}</sources>`);
    expect(readSharedFiles(stanza)[0]?.sources).toEqual(['https://b.example/2', 'https://d.example/4']);
  });

  it('are bounded, whatever a stranger says', () => {
    const many = `<file-sharing xmlns='${NS.sharing}'/>`.repeat(500);
    expect(readSharedFiles(xml(`<message>${many}</message>`))).toHaveLength(30);
    const read = readSharedFiles(described(`<name>${'n'.repeat(5000)}.jpeg</name><desc>${'d'.repeat(9000)}</desc><width>0</width><height>99999999</height><size>-1</size><length>1e9</length>`))[0];
    expect(read).toMatchObject({ width: undefined, height: undefined, size: undefined, length: undefined });
    expect(read?.name).toHaveLength(160);
    expect(read?.name.endsWith('n.jpeg')).toBe(true);
    expect(read?.desc).toHaveLength(2000);
  });

  it('show only thumbnails that are in the stanza, small, and cannot run', () => {
    const of = (uri: string): string | undefined => readSharedFiles(described(`<thumbnail xmlns='${NS.thumbnails}' uri='${uri}'/>`))[0]?.thumbnail;
    expect(of('data:image/png;base64,AAAA')).toBe('data:image/png;base64,AAAA');
    for (const uri of ['data:image/svg+xml;base64,AAAA', 'data:text/html;base64,AAAA', 'https://spy.example/1.png', 'cid:sha1+a@bob.xmpp.org', 'data:image/png,AAAA', `data:image/png;base64,${'A'.repeat(20_000)}`]) expect(of(uri)).toBeUndefined();
  });

  it('say when only those with a key can open them', () => {
    expect(readSharedFiles(sharing(`<sources><encrypted xmlns='${NS.sealedSharing}'/></sources>`))[0]?.sealed).toBe(true);
  });
});

describe('names of files', () => {
  it.each([
    ['../../etc/passwd', '_.._etc_passwd'],
    ['photo\u202egpj.exe', 'photogpj.exe'],
    ['a\u0000b\n.txt', 'ab.txt'],
    ['C:\\x\\y.pdf', 'C__x_y.pdf'],
    ['...', ''],
    ['Résumé 简历.pdf', 'Résumé 简历.pdf'],
  ])('%j is %j', (given, expected) => expect(safeName(given)).toBe(expected));
});

describe('media types', () => {
  it.each([['Image/JPEG', 'image/jpeg'], ['audio/ogg; codecs=opus', 'audio/ogg'], ['text', 'application/octet-stream'], ['image/<script>', 'application/octet-stream'], ['', 'application/octet-stream']])(
    '%s is %s', (given, expected) => expect(mediaType(given)).toBe(expected),
  );
});

describe('places', () => {
  it('are read from phone apps and from user location', () => {
    expect(readPlace(xml('<message/>'), 'geo:-7.358,109.903;u=20')).toEqual({ name: '', uri: 'geo:-7.358,109.903' });
    const stanza = xml(`<message><geoloc xmlns='${NS.location}'><lat>45.44</lat><lon>12.33</lon><text>Venice</text></geoloc></message>`);
    expect(readPlace(stanza, '')).toEqual({ name: 'Venice', uri: 'geo:45.44,12.33' });
  });
  it.each(['geo:91,0', 'geo:0,181', 'geo:1', 'see geo:1,2', 'geo:1,2 there', 'geo:a,b'])('are not in %s', (body) => expect(readPlace(xml('<message/>'), body)).toBeUndefined());
  it('need both numbers', () => expect(readPlace(xml(`<message><geoloc xmlns='${NS.location}'><lat>x</lat><lon>1</lon></geoloc></message>`), '')).toBeUndefined());
});

describe('contacts', () => {
  it('are addresses that stand alone', () => {
    expect(readContact('xmpp:Juliet@example.org')).toEqual({ jid: 'juliet@example.org', name: 'juliet@example.org' });
    expect(readContact('xmpp:juliet@example.org?roster;name=Juliet%20C.')).toEqual({ jid: 'juliet@example.org', name: 'Juliet C.' });
  });
  it.each(['xmpp:verona@rooms.example.org?join', 'write to xmpp:a@b.org', 'xmpp:nobody', 'xmpp:a@b.org and more'])('are not in %s', (body) => expect(readContact(body)).toBeUndefined());
});

describe('previews of links', () => {
  const preview = (about: string, more = ''): Element =>
    xml(`<message><Description xmlns='${NS.rdf}' about='${about}'><title xmlns='${NS.openGraph}'>The page</title>${more}</Description></message>`);
  const image = (uri: string): string => `<image xmlns='${NS.openGraph}'>${uri}</image>`;
  it('are about a link in the text', () => {
    const read = readPreviews(preview('https://a.example/x', image('https://spy.example/1.png') + image('data:image/png;base64,AAAA')), 'Look: https://a.example/x.');
    expect(read).toEqual([{ title: 'The page', address: 'https://a.example/x', picture: 'data:image/png;base64,AAAA' }]);
  });
  it('lead nowhere else', () => {
    expect(readPreviews(preview('https://evil.example/'), 'Look: https://a.example/x')).toEqual([]);
    expect(readPreviews(preview('javascript:alert(1)'), 'javascript:alert(1)')).toEqual([]);
  });
});
