/**
 * Sound that a browser has recorded as WebM, in the container that phones play: the same Opus packets in Ogg (RFC 3533, 7845),
 * without decoding anything.
 * @throws when it is no WebM with one track of Opus, as MediaRecorder makes it.
 */
export function oggOf(webm: Uint8Array): { bytes: Uint8Array<ArrayBuffer>; seconds: number } {
  const { head, packets } = read(webm);
  if (head === undefined || packets.length === 0) throw new Error('There is no sound in it.');
  const pages = new Pages();
  pages.add([head], 0, FIRST);
  pages.add([tags()], 0, 0);
  let samples = 0;
  let page: Uint8Array[] = [];
  for (const [at, packet] of packets.entries()) {
    page.push(packet);
    samples += durationOf(packet);
    // A page a second: what seeks in it finds its way.
    if (page.length < 50 && at < packets.length - 1) continue;
    pages.add(page, samples, at === packets.length - 1 ? LAST : 0);
    page = [];
  }
  const skipped = (head[10] ?? 0) | ((head[11] ?? 0) << 8);
  return { bytes: pages.whole(), seconds: Math.max(0, samples - skipped) / 48_000 };
}

// Matroska (RFC 9559): the elements one goes into, and those one reads. Recordings have no sizes, so ends are not looked at.
const INTO = new Set([0x18538067 /* Segment */, 0x1f43b675 /* Cluster */, 0x1654ae6b /* Tracks */, 0xae /* TrackEntry */, 0xa0 /* BlockGroup */]);
const CODEC = 0x86;
const PRIVATE = 0x63a2;
const BLOCKS = new Set([0xa3, 0xa1]);

function read(webm: Uint8Array): { head: Uint8Array | undefined; packets: Uint8Array[] } {
  const packets: Uint8Array[] = [];
  let head: Uint8Array | undefined;
  let offset = 0;
  while (offset < webm.length) {
    const id = number(webm, offset, true);
    const size = id && number(webm, id.end, false);
    if (!id || !size) break;
    offset = size.end;
    if (INTO.has(id.value)) continue;
    const content = webm.subarray(offset, offset + size.value);
    // The last one may be cut; what is whole before it is worth something.
    if (content.length < size.value) break;
    if (id.value === CODEC && new TextDecoder().decode(content) !== 'A_OPUS') throw new Error('It is not Opus.');
    if (id.value === PRIVATE) head = content;
    if (BLOCKS.has(id.value)) packets.push(packetOf(content));
    offset += size.value;
  }
  return { head, packets };
}

/** A number of one to eight bytes; ids keep the bit that says how many. */
function number(bytes: Uint8Array, offset: number, marked: boolean): { value: number; end: number } | null {
  const first = bytes[offset] ?? 0;
  const length = Math.clz32(first) - 23;
  if (first === 0 || offset + length > bytes.length) return null;
  let value = marked ? first : first & (0xff >> length);
  for (let at = 1; at < length; at++) value = value * 256 + (bytes[offset + at] ?? 0);
  return { value, end: offset + length };
}

function packetOf(block: Uint8Array): Uint8Array {
  const track = number(block, 0, false);
  const flags = track === null ? 0xff : (block[track.end + 2] ?? 0xff);
  if (track === null || (flags & 0x06) !== 0) throw new Error('Blocks are not laced by recorders.');
  return block.subarray(track.end + 3);
}

/** Samples at 48 kHz, from the first byte (RFC 6716 §3.1). */
function durationOf(packet: Uint8Array): number {
  const first = packet[0] ?? 0;
  const mode = first >> 3;
  const milliseconds = mode < 12 ? [10, 20, 40, 60][mode % 4] : mode < 16 ? [10, 20][mode % 2] : [2.5, 5, 10, 20][mode % 4];
  const frames = [1, 2, 2, (packet[1] ?? 0) & 0x3f][first & 3] ?? 1;
  return (milliseconds ?? 20) * 48 * frames;
}

function tags(): Uint8Array {
  const vendor = new TextEncoder().encode('Nyala');
  const content = new Uint8Array(8 + 4 + vendor.length + 4);
  content.set(new TextEncoder().encode('OpusTags'));
  content[8] = vendor.length;
  content.set(vendor, 12);
  return content;
}

const FIRST = 2;
const LAST = 4;

class Pages {
  readonly #parts: Uint8Array<ArrayBuffer>[] = [];

  add(packets: readonly Uint8Array[], position: number, flags: number): void {
    const lacing = packets.flatMap((packet) => [...Array<number>(Math.floor(packet.length / 255)).fill(255), packet.length % 255]);
    if (lacing.length > 255) return this.#divide(packets, position, flags);
    const page = new Uint8Array(27 + lacing.length + packets.reduce((sum, packet) => sum + packet.length, 0));
    const view = new DataView(page.buffer);
    page.set(new TextEncoder().encode('OggS'));
    page[5] = flags;
    view.setBigUint64(6, BigInt(position), true);
    view.setUint32(14, 0x4e79616c, true);
    view.setUint32(18, this.#parts.length, true);
    page[26] = lacing.length;
    page.set(lacing, 27);
    let offset = 27 + lacing.length;
    for (const packet of packets) {
      page.set(packet, offset);
      offset += packet.length;
    }
    view.setUint32(22, checksum(page), true);
    this.#parts.push(page);
  }

  // Large packets: fewer of them on a page, each with the position it ends at.
  #divide(packets: readonly Uint8Array[], position: number, flags: number): void {
    const middle = Math.ceil(packets.length / 2);
    const later = packets.slice(middle);
    if (later.length === 0) throw new Error('A packet is too large for a page.');
    this.add(packets.slice(0, middle), position - later.reduce((sum, packet) => sum + durationOf(packet), 0), 0);
    this.add(later, position, flags);
  }

  whole(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of this.#parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }
}

const table = Uint32Array.from({ length: 256 }, (_, at) => {
  let value = at << 24;
  for (let bit = 0; bit < 8; bit++) value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value;
});

/** RFC 3533 §6: over the page with its place for the sum empty. */
export function checksum(page: Uint8Array): number {
  let sum = 0;
  for (const byte of page) sum = (sum << 8) ^ (table[((sum >>> 24) ^ byte) & 0xff] ?? 0);
  return sum >>> 0;
}
