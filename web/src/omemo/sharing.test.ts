// @vitest-environment node
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromHex, secureRandom, toHex } from './bytes.ts';
import { buildAesgcm, MAX_FILE, openFile, parseAesgcm, sealFile } from './files.ts';
import { formatFingerprint, parseFingerprint, parseVerificationUri, safetyWords, verificationUri } from './fingerprint.ts';

const hex = '8bb4ba1c 2f1d7c0a 00ff00ff 12345678 9abcdef0 deadbeef 0badcafe 01020304';
const identity = fromHex(hex.replaceAll(' ', '')) ?? new Uint8Array();

describe('fingerprints', () => {
  it('are eight groups of eight digits, and read back however they are written', () => {
    expect(formatFingerprint(identity)).toBe(hex);
    expect(parseFingerprint(hex)).toEqual(identity);
    expect(parseFingerprint(`05${toHex(identity).toUpperCase()}`)).toEqual(identity);
    for (const wrong of ['', hex.slice(1), `06${toHex(identity)}`, `${hex.slice(0, -1)}g`]) expect(parseFingerprint(wrong)).toBeUndefined();
  });

  it('travel in a code as Conversations writes it', () => {
    const uri = verificationUri('ayu@nyala.example', [{ device: 7, identity }, { device: 2 ** 31 - 1, identity }]);
    expect(uri).toBe(`xmpp:ayu@nyala.example?omemo-sid-7=${toHex(identity)};omemo-sid-2147483647=${toHex(identity)}`);
    expect(parseVerificationUri(uri)).toEqual({ jid: 'ayu@nyala.example', fingerprints: [{ device: 7, identity }, { device: 2 ** 31 - 1, identity }] });
  });

  it('are read among other things, and nothing else is taken for one', () => {
    const sid = `omemo-sid-7=${toHex(identity)}`;
    expect(parseVerificationUri(`XMPP:a%26b@x.example?message;${sid}&name=Ayu#x`)).toEqual({ jid: 'a&b@x.example', fingerprints: [{ device: 7, identity }] });
    for (const wrong of [`https://x.example?${sid}`, `xmpp:a@x.example`, `xmpp:?${sid}`, `xmpp:%@x?${sid}`, 'xmpp:a@x?omemo-sid-7=00', `xmpp:a@x?omemo-sid-0=${toHex(identity)}`, `xmpp:a@x?omemo-sid-2147483648=${toHex(identity)}`]) {
      expect(parseVerificationUri(wrong)).toBeUndefined();
    }
    const uri = verificationUri('a?b&c#d@x.example', [{ device: 1, identity }]);
    expect(parseVerificationUri(uri)?.jid).toBe('a?b&c#d@x.example');
  });

  it('are six words of a list, the same for everybody', () => {
    const list = Array.from({ length: 2048 }, (_, n) => `${n}`);
    let hash = createHash('sha256').update('Nyala safety words 1').update(identity).digest();
    for (let n = 1; n < 4096; n++) hash = createHash('sha256').update(hash).update(identity).digest();
    const first = (hash.readUInt16BE(0) >> 5).toString();
    const words = safetyWords(identity, list);
    expect([words.length, words[0]]).toEqual([6, first]);
    expect(safetyWords(identity.map((byte, n) => (n === 0 ? byte ^ 1 : byte)), list)).not.toEqual(words);
    expect(() => safetyWords(identity, list.slice(1))).toThrow(RangeError);
  });
});

describe('files', () => {
  it('are opened with their secret alone', async () => {
    const bytes = secureRandom(5000);
    const { sealed, secret } = await sealFile(bytes);
    expect(sealed).toHaveLength(5016);
    expect(await openFile(sealed, secret)).toEqual(bytes);
    await expect(openFile(sealed.map((byte, n) => (n === 17 ? byte ^ 1 : byte)), secret)).rejects.toMatchObject({ kind: 'bad-mac' });
    await expect(openFile(sealed.subarray(0, 15), secret)).rejects.toMatchObject({ kind: 'malformed' });
    expect((await sealFile(bytes)).secret).not.toEqual(secret);
  });

  it('may be empty, and may not be larger than memory allows', async () => {
    const { sealed, secret } = await sealFile(new Uint8Array());
    expect(await openFile(sealed, secret)).toHaveLength(0);
    await expect(sealFile({ length: MAX_FILE + 1 } as Uint8Array)).rejects.toMatchObject({ kind: 'malformed' });
  });

  it('have an address with their secret in it, as in XEP-0454 example 1', () => {
    const [iv, key] = ['8c3d050e9386ec173861778f', '68e9af38a97aaf82faa4063b4d0878a61261534410c8a84331eaac851759f587'];
    const rest = 'download.montague.tld/4a771ac1-f0b2-4a4a-9700-f2a26fa2bb67/tr%C3%A8s%20cool.jpg';
    const secret = { iv: fromHex(iv) ?? new Uint8Array(), key: fromHex(key) ?? new Uint8Array() };
    expect(buildAesgcm(`https://${rest}`, secret)).toBe(`aesgcm://${rest}#${iv}${key}`);
    expect(parseAesgcm(`aesgcm://${rest}#${iv}${key}`)).toEqual({ url: `https://${rest}`, secret });
    expect(parseAesgcm(`aesgcm://${rest}#00000000${iv}${key}`)?.secret.iv).toHaveLength(16);
    for (const wrong of [`https://${rest}#${iv}${key}`, `aesgcm://${rest}`, `aesgcm://${rest}#${iv}`, `aesgcm://${rest}#${iv}${key}00`, `aesgcm://a b#${iv}${key}`, `aesgcm://${rest}#${iv}${key}\nmore`, `aesgcm://${rest}#zz${iv.slice(2)}${key}`]) {
      expect(parseAesgcm(wrong)).toBeUndefined();
    }
    for (const wrong of ['http://download.montague.tld/a', `https://${rest}#x`, 'ftp://x/a', 'http://localhost.evil.example/a']) expect(() => buildAesgcm(wrong, secret)).toThrow('address');
    expect(buildAesgcm('http://localhost:5280/f/a.jpg', secret)).toMatch(/^aesgcm:\/\/localhost:5280\/f\/a\.jpg#/u);
  });
});
