import { describe, expect, it } from 'vitest';
import { around, newer, newest, older, rows, type Slice } from './slice';

describe('the sliced window', () => {
  it('begins at the newest rows', () => {
    expect(newest(50_000)).toEqual({ from: 49_910, to: 50_000 });
    expect(newest(50)).toEqual({ from: 0, to: 50 });
  });

  it('never holds more than ninety rows and passes every row on the way up and down', () => {
    const length = 1003;
    const seen = new Set<number>();
    let slice: Slice = newest(length);
    const note = (): void => { expect(slice.to - slice.from).toBeLessThanOrEqual(rows); for (let at = slice.from; at < slice.to; at++) seen.add(at); };
    for (note(); slice.from > 0; note()) slice = older(slice);
    expect(seen.size).toBe(length);
    seen.clear();
    for (note(); slice.to < length; note()) slice = newer(slice, length);
    expect(seen.size).toBe(length);
    expect(slice).toEqual(newest(length));
  });

  it('overlaps its neighbour, so that an anchor survives a shift', () => {
    const before = { from: 300, to: 390 };
    expect(older(before)).toEqual({ from: 270, to: 360 });
    expect(newer(before, 1000)).toEqual({ from: 330, to: 420 });
  });

  it('centres a row', () => {
    expect(around(500, 1000)).toEqual({ from: 455, to: 545 });
    expect(around(2, 1000)).toEqual({ from: 0, to: 90 });
    expect(around(999, 1000)).toEqual({ from: 910, to: 1000 });
  });
});
