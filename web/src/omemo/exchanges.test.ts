// @vitest-environment node
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from './bytes.ts';
import { pairOf, sign, verify } from './curve.ts';
import { Device, seeded } from './testing.ts';
import type { Bundle } from './types.ts';

/*
 * Recorded with others on the far side: libsignal-protocol-c 2.3.3, the library inside Profanity and Dino, and python-oldmemo 1.0.3, which shares no
 * code with it and follows the Double Ratchet's text. Every message of ours was decrypted by it, every other one it encrypted. The order of
 * the steps is that of the recording, with messages late on both sides. With libsignal, payloads were made and opened by OpenSSL.
 * Our side repeats because its randomness is seeded with the exchange's name.
 */
interface Recorded { us: boolean; text: string; iv: string; payload: string; prekey: boolean; data: string }
interface Exchange {
  name: string;
  device: number;
  bundle: { identity: string; signedPrekey: { id: number; key: string; signature: string }; prekeys: { id: number; key: string }[] };
  steps: (Recorded | { start: true })[];
}
interface Vectors {
  signatures: { secret: string; open: string; message: string; random: string; ours: string; theirs: string }[];
  exchanges: Exchange[];
}

const vectors = JSON.parse(await readFile(new URL('./exchanges.vectors.json', import.meta.url), 'utf8')) as Vectors;
const bytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const THEM = 'juliet@capulet.example';

function bundleOf({ identity, signedPrekey, prekeys }: Exchange['bundle']): Bundle {
  return {
    identity: bytes(identity),
    signedPrekey: { id: signedPrekey.id, key: bytes(signedPrekey.key), signature: bytes(signedPrekey.signature) },
    prekeys: prekeys.map(({ id, key }) => ({ id, key: bytes(key) })),
  };
}

describe('exchanges with libsignal and oldmemo', () => {
  it.each(vectors.exchanges)('$name', async ({ name, device, bundle, steps }) => {
    const us = await Device.of('romeo@montague.example', seeded(name));
    const { device: rid } = await us.me();
    for (const step of steps) {
      if ('start' in step) await us.omemo.start({ now: us.now, bundles: [{ jid: THEM, device, bundle: bundleOf(bundle) }] }, us.commit);
      else if (step.us) {
        const { sealed } = await us.encrypt([{ jid: THEM, device }], step.text);
        const [key] = sealed.keys;
        expect({ data: toHex(key?.data ?? new Uint8Array()), prekey: key?.prekey, payload: toHex(sealed.payload ?? new Uint8Array()), iv: toHex(sealed.iv) })
          .toEqual({ data: step.data, prekey: step.prekey, payload: step.payload, iv: step.iv });
      } else {
        const keys = [{ rid, prekey: step.prekey, data: bytes(step.data) }];
        expect(await us.hear({ from: THEM, sid: device, iv: bytes(step.iv), payload: bytes(step.payload), keys })).toBe(step.text);
      }
    }
    expect(steps.length).toBeGreaterThan(15);
  });
});

describe('XEdDSA', () => {
  it.each(vectors.signatures)('signs what libsignal verified, and verifies what it signed ($open)', ({ secret, open, message, random, ours, theirs }) => {
    expect(toHex(pairOf(bytes(secret)).open)).toBe(open);
    expect(toHex(sign(bytes(secret), bytes(message), bytes(random)))).toBe(ours);
    expect(verify(bytes(open), bytes(message), bytes(theirs))).toBe(true);
    expect(verify(bytes(open), bytes(message), bytes(ours))).toBe(true);
  });

  it('has signatures of both signs among them', () => {
    expect(new Set(vectors.signatures.map(({ theirs }) => bytes(theirs).at(-1) as number >> 7)).size).toBe(2);
  });

  it('verifies no other message, key or signature', () => {
    for (const { open, message, theirs } of vectors.signatures) {
      const changed = (hex: string, at: number): Uint8Array => bytes(hex).map((byte, n) => (n === at ? byte ^ 4 : byte));
      expect(verify(bytes(open), changed(message, 0), bytes(theirs))).toBe(false);
      expect(verify(changed(open, 3), bytes(message), bytes(theirs))).toBe(false);
      for (const at of [0, 31, 32, 62]) expect(verify(bytes(open), bytes(message), changed(theirs, at))).toBe(false);
      expect(verify(bytes(open), bytes(message), bytes(theirs).slice(1))).toBe(false);
    }
  });

  it('refuses keys that are no points: 0, 1, -1, and numbers of the field written another way', () => {
    const zeroes = new Uint8Array(32);
    const field = Uint8Array.from({ length: 32 }, (_, n) => (n === 0 ? 0xed : n === 31 ? 0x7f : 0xff));
    const one = Uint8Array.from(zeroes, (_, n) => (n === 0 ? 1 : 0));
    const minus = Uint8Array.from(field, (byte, n) => (n === 0 ? 0xec : byte));
    for (const key of [zeroes, one, minus, field]) expect(verify(key, zeroes, new Uint8Array(64))).toBe(false);
  });
});
