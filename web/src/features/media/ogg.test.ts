// @vitest-environment node
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { checksum, oggOf } from './ogg';

// 1.8 s from a microphone, as Chromium 156 records it.
const recorded = new Uint8Array(await readFile(new URL('./voice.webm', import.meta.url)));

interface Page { flags: number; position: number; packets: Uint8Array[] }

/** Reads Ogg as its specification says (RFC 3533 §6), apart from the code that wrote it. */
function pagesOf(bytes: Uint8Array): Page[] {
  const pages: Page[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
    expect(new TextDecoder().decode(bytes.subarray(offset, offset + 4))).toBe('OggS');
    expect(view.getUint32(18, true)).toBe(pages.length);
    const count = bytes[offset + 26] ?? 0;
    const lacing = [...bytes.subarray(offset + 27, offset + 27 + count)];
    const end = offset + 27 + count + lacing.reduce((sum, each) => sum + each, 0);
    const whole = bytes.slice(offset, end);
    const sum = view.getUint32(22, true);
    whole.fill(0, 22, 26);
    expect(checksum(whole)).toBe(sum);
    const packets: Uint8Array[] = [];
    let from = offset + 27 + count;
    let length = 0;
    for (const each of lacing) {
      length += each;
      if (each === 255) continue;
      packets.push(bytes.slice(from, from + length));
      from += length;
      length = 0;
    }
    pages.push({ flags: bytes[offset + 5] ?? 0, position: Number(view.getBigUint64(6, true)), packets });
    offset = end;
  }
  return pages;
}

describe('a recording in Ogg', () => {
  it('has the head, the tags and every packet, in order, with the time it takes', () => {
    const { bytes, seconds } = oggOf(recorded);
    const [head, tags, ...rest] = pagesOf(bytes);
    expect(new TextDecoder().decode(head?.packets[0]?.subarray(0, 8))).toBe('OpusHead');
    expect(new TextDecoder().decode(tags?.packets[0]?.subarray(0, 8))).toBe('OpusTags');
    expect([head?.flags, tags?.flags, rest.at(-1)?.flags]).toEqual([2, 0, 4]);
    expect(seconds).toBeGreaterThan(1.5);
    expect(seconds).toBeLessThan(2.2);
    const packets = rest.flatMap((page) => page.packets);
    // Each packet stands in the recording, one behind the other.
    const source = Buffer.from(recorded);
    let from = 0;
    for (const packet of packets) {
      const found = source.indexOf(Buffer.from(packet), from);
      expect(found).toBeGreaterThanOrEqual(from);
      from = found + packet.length;
    }
    expect(rest.map((page) => page.position)).toEqual([...rest.map((page) => page.position)].sort((a, b) => a - b));
  });

  it('keeps what is whole when the end is missing', () => {
    expect(oggOf(recorded.subarray(0, recorded.length - 100)).seconds).toBeGreaterThan(1);
  });

  it.each([['nothing', new Uint8Array()], ['text', new TextEncoder().encode('hello there')], ['zeros', new Uint8Array(64)]])('is not made of %s', (_what, bytes) => {
    expect(() => oggOf(bytes)).toThrow();
  });

  it('ends, whatever it is made of', () => {
    for (let seed = 1; seed < 400; seed++) {
      const broken = recorded.slice();
      for (let at = 0; at < 20; at++) broken[(seed * 7919 * (at + 1)) % broken.length] = (seed * 31 + at * 17) & 0xff;
      try {
        expect(oggOf(broken).bytes.length).toBeLessThan(broken.length * 2 + 1000);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
  });
});
