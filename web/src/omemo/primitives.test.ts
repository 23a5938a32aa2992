// @vitest-environment node
import { ed25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { fromHex, same, secureRandom, toHex } from './bytes.ts';
import { agree, decodeKey, encodeKey, newPair, pairOf, toEdwards, toMontgomery } from './curve.ts';
import { derive } from './kdf.ts';
import { OmemoError } from './types.ts';

const bytes = (hex: string): Uint8Array => fromHex(hex.replaceAll(/\s/gu, '')) ?? new Uint8Array();

describe('X25519 (RFC 7748)', () => {
  it('multiplies as in §5.2', () => {
    const a = agree(bytes('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4'), bytes('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c'));
    expect(toHex(a)).toBe('c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552');
    const b = agree(bytes('4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d'), bytes('e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493'));
    expect(toHex(b)).toBe('95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957');
  });

  it('repeats itself a thousand times as in §5.2', () => {
    let [k, u] = [bytes('09'.padEnd(64, '0')), bytes('09'.padEnd(64, '0'))];
    for (let n = 0; n < 1000; n++) [k, u] = [agree(k, u), k];
    expect(toHex(k)).toBe('684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51');
  });

  it('agrees as in §6.1', () => {
    const alice = pairOf(bytes('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a'));
    const bob = pairOf(bytes('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb'));
    expect(toHex(alice.open)).toBe('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a');
    for (const shared of [agree(alice.secret, bob.open), agree(bob.secret, alice.open)]) {
      expect(toHex(shared)).toBe('4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742');
    }
  });

  it.each(['00'.repeat(32), `01${'00'.repeat(31)}`, 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'])('refuses the key of small order %s', (open) => {
    expect(() => agree(newPair(secureRandom).secret, bytes(open))).toThrow(OmemoError);
  });

  it('takes public keys with their type byte only', () => {
    const { open } = newPair(secureRandom);
    expect(decodeKey(encodeKey(open))).toEqual(open);
    for (const wrong of [open, encodeKey(open).slice(0, 32), Uint8Array.of(6, ...open), undefined]) expect(() => decodeKey(wrong)).toThrow(OmemoError);
  });
});

describe('Ed25519 (RFC 8032 §7.1)', () => {
  const secret = bytes('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
  const open = bytes('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');

  it('signs test 1', () => {
    const signature = ed25519.sign(new Uint8Array(), secret);
    expect(toHex(ed25519.getPublicKey(secret))).toBe(toHex(open));
    expect(toHex(signature)).toBe('e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b');
  });

  it('has the same keys as X25519, but for the sign', () => {
    for (let n = 0; n < 10; n++) {
      const edwards = ed25519.getPublicKey(secureRandom(32));
      const back = toEdwards(toMontgomery(edwards));
      expect(toHex(back)).toBe(toHex(edwards.map((byte, at) => (at === 31 ? byte & 0x7f : byte))));
    }
  });
});

describe('HKDF (RFC 5869 A)', () => {
  it('derives case 1', () => {
    const out = hkdf(sha256, bytes('0b'.repeat(22)), bytes('000102030405060708090a0b0c'), bytes('f0f1f2f3f4f5f6f7f8f9'), 42);
    expect(toHex(out)).toBe('3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865');
  });

  it('derives case 3, without salt and info, as ours does', () => {
    const expected = '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8';
    expect(toHex(derive(bytes('0b'.repeat(22)), '', 42))).toBe(expected);
    expect(toHex(derive(bytes('0b'.repeat(22)), '', 42, new Uint8Array()))).toBe(expected);
  });
});

describe('bytes', () => {
  it('are the same or not', () => {
    expect(same(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(same(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(same(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
  });

  it('are hexadecimal digits in pairs, or nothing', () => {
    expect(fromHex('00ff')).toEqual(Uint8Array.of(0, 255));
    for (const wrong of ['0', '0g', ' 00', '-1']) expect(fromHex(wrong)).toBeUndefined();
  });
});
