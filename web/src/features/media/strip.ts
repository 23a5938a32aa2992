/**
 * What a picture says besides its pixels: where and with what it was taken, by whom. It is taken out of files that are sent as
 * they are; only how a photo is to be turned stays.
 */
export function stripped(bytes: Uint8Array<ArrayBuffer>, type: string): Uint8Array<ArrayBuffer> {
  if (type === 'image/jpeg' && bytes[0] === 0xff && bytes[1] === 0xd8) return strippedJpeg(bytes);
  if (type === 'image/png' && at(bytes, 0, '\u0089PNG')) return strippedPng(bytes);
  if (type === 'image/webp' && at(bytes, 0, 'RIFF') && at(bytes, 8, 'WEBP')) return strippedWebp(bytes);
  return bytes;
}

const view = (bytes: Uint8Array<ArrayBuffer>): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const at = (bytes: Uint8Array, offset: number, text: string): boolean => [...text].every((sign, index) => bytes[offset + index] === sign.charCodeAt(0));

function joined(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

// JPEG (ITU T.81 B.1): segments up to the scan, which is copied with everything behind it but what cameras append.
function strippedJpeg(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const kept: Uint8Array<ArrayBuffer>[] = [bytes.slice(0, 2)];
  let turn = 1;
  let offset = 2;
  while (offset + 4 <= bytes.length && bytes[offset] === 0xff) {
    const marker = bytes[offset + 1] ?? 0;
    if (marker === 0xda) break;
    const end = offset + 2 + view(bytes).getUint16(offset + 2);
    // A length that leads outside is no JPEG that anybody could strip.
    if (end > bytes.length) return bytes;
    if (marker === 0xe1 && at(bytes, offset + 4, 'Exif')) turn = turnIn(bytes.slice(offset + 10, end)) ?? turn;
    // APP0 (JFIF), APP2 (colour profile) and APP14 (Adobe) are needed to show it; other APPn and comments are not.
    const needed = (marker < 0xe0 || marker > 0xef || [0xe0, 0xe2, 0xee].includes(marker)) && marker !== 0xfe;
    if (needed) kept.push(bytes.slice(offset, end));
    offset = end;
  }
  if (turn !== 1) kept.splice(1, 0, turnSegment(turn));
  return joined([...kept, bytes.slice(offset)]);
}

/** The orientation (TIFF tag 0x112) of EXIF data, when there is one. */
function turnIn(tiff: Uint8Array<ArrayBuffer>): number | undefined {
  if (tiff.length < 14) return undefined;
  const little = at(tiff, 0, 'II');
  const data = view(tiff);
  const start = data.getUint32(4, little);
  if (start + 2 > tiff.length) return undefined;
  const count = data.getUint16(start, little);
  for (let entry = 0; entry < count; entry++) {
    const offset = start + 2 + entry * 12;
    if (offset + 12 > tiff.length) return undefined;
    if (data.getUint16(offset, little) !== 0x112) continue;
    const turn = data.getUint16(offset + 8, little);
    return turn >= 1 && turn <= 8 ? turn : undefined;
  }
  return undefined;
}

function turnSegment(turn: number): Uint8Array<ArrayBuffer> {
  const tiff = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, turn, 0, 0, 0, 0, 0, 0, 0];
  return new Uint8Array([0xff, 0xe1, 0, tiff.length + 8, 0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff]);
}

const PNG_TELLS = new Set(['eXIf', 'tEXt', 'zTXt', 'iTXt', 'tIME']);

function strippedPng(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const kept: Uint8Array<ArrayBuffer>[] = [bytes.slice(0, 8)];
  let offset = 8;
  while (offset + 12 <= bytes.length) {
    const end = offset + 12 + view(bytes).getUint32(offset);
    if (end > bytes.length) return bytes;
    const name = String.fromCharCode(...bytes.slice(offset + 4, offset + 8));
    if (!PNG_TELLS.has(name)) kept.push(bytes.slice(offset, end));
    offset = end;
  }
  return joined(kept);
}

function strippedWebp(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const kept: Uint8Array<ArrayBuffer>[] = [bytes.slice(0, 12)];
  let offset = 12;
  while (offset + 8 <= bytes.length) {
    const size = view(bytes).getUint32(offset + 4, true);
    const end = offset + 8 + size + (size % 2);
    if (end > bytes.length) return bytes;
    if (!at(bytes, offset, 'EXIF') && !at(bytes, offset, 'XMP ')) {
      const chunk = bytes.slice(offset, end);
      // The flags that say there are such chunks.
      if (at(bytes, offset, 'VP8X')) chunk[8] = (chunk[8] ?? 0) & ~0x0c;
      kept.push(chunk);
    }
    offset = end;
  }
  const whole = joined(kept);
  view(whole).setUint32(4, whole.length - 8, true);
  return whole;
}

/** Whether it moves: then it is sent as it is, since a still of it is not it. */
export function moves(bytes: Uint8Array<ArrayBuffer>, type: string): boolean {
  if (type === 'image/gif') return true;
  if (type === 'image/webp') return at(bytes, 12, 'VP8X') && ((bytes[20] ?? 0) & 0x02) !== 0;
  return type === 'image/png' && at(bytes, 37, 'acTL');
}
