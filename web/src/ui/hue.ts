import { sha1 } from '@noble/hashes/legacy.js';

/** How many checked colour pairs tokens.css holds (classes `hue-0` … `hue-11`). */
export const hueCount = 12;

const known = new Map<string, number>();

/** The hue angle of a text in degrees [0, 360): XEP-0392 §5.1, the first two bytes of SHA-1, little-endian. */
export function hueAngle(text: string): number {
  const digest = sha1(new TextEncoder().encode(text));
  return (((digest[0] ?? 0) + (digest[1] ?? 0) * 256) / 65536) * 360;
}

/** Which of the twelve pairs belongs to a text, the same in every client that follows XEP-0392. */
export function hueIndex(text: string): number {
  let index = known.get(text);
  if (index === undefined) {
    index = Math.floor(hueAngle(text) / (360 / hueCount));
    if (known.size > 5000) known.clear();
    known.set(text, index);
  }
  return index;
}

const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const letter = /[\p{L}\p{N}\p{Extended_Pictographic}]/u;
const joinable = /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}]/u;

/** One or two letters that stand for a name without a picture. */
export function initials(name: string): string {
  const firsts = name.split(/\s+/u).map((word) => [...segments.segment(word)].map((part) => part.segment).find((part) => letter.test(part)) ?? '').filter((first) => first !== '');
  // "Neighbours of Mawar" is NM: small words do not count beside great ones.
  const great = firsts.filter((sign) => sign.toLocaleLowerCase() !== sign || !/^\p{L}/u.test(sign));
  const [first = '#', second = ''] = great.length > 0 && joinable.test(great[0] ?? '') ? great : firsts;
  // A pictograph or a cursive script says enough with one sign; joined initials would be misread.
  return (joinable.test(first) && joinable.test(second) ? first + second : first).toLocaleUpperCase();
}
