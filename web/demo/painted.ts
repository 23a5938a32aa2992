import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beach, cat, faces, food, hills, night, panorama, street } from '../seed/pictures.ts';

/** A drawing of the seed as the file that people send (made by pictures/paint.mjs). */
export interface Painted { file: string; bytes: Buffer; width: number; height: number }

const read = (name: string, width: number, height: number): Painted => ({ file: `${name}.webp`, bytes: readFileSync(new URL(`../seed/painted/${name}.webp`, import.meta.url)), width, height });

const pictures = new Map<string, Painted>([
  [beach, read('beach', 640, 480)],
  [hills, read('hills', 640, 480)],
  [night, read('night', 480, 640)],
  [food, read('food', 480, 480)],
  [street, read('street', 480, 640)],
  [cat, read('cat', 480, 480)],
  [panorama, read('panorama', 1600, 267)],
]);

export const painted = (drawing: string | undefined): Painted | undefined => (drawing === undefined ? undefined : pictures.get(drawing));
export const allPainted = (): Painted[] => [...pictures.values()];

const people: Record<string, keyof typeof faces> = { ayu: 'ayu', budi: 'budi', citra: 'citra', harto: 'harto', dimas: 'me' };

/** Somebody's picture with its SHA-1 (XEP-0084). */
export function faceOf(name: string): { hash: string; bytes: Buffer } | undefined {
  const face = people[name];
  if (face === undefined) return undefined;
  const { bytes } = read(`face-${face}`, 128, 128);
  return { hash: createHash('sha1').update(bytes).digest('hex'), bytes };
}
