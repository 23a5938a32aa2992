import { describe, expect, it } from 'vitest';
import { covered, MOST_ZOOM, sourceOf } from './crop';

describe('a cut to a square', () => {
  it('takes the middle where nobody has moved it', () => {
    expect(sourceOf({ zoom: 1, x: 0, y: 0 }, 400, 200)).toEqual({ x: 100, y: 0, side: 200 });
    expect(sourceOf({ zoom: 2, x: 0, y: 0 }, 400, 200)).toEqual({ x: 150, y: 50, side: 100 });
  });

  it('never leaves the picture, whatever is dragged and zoomed', () => {
    for (const [width, height] of [[400, 200], [200, 400], [300, 300], [1, 1000]] as const) {
      for (const zoom of [0, 1, 1.7, 99]) {
        for (const x of [-9, 0, 9]) {
          for (const y of [-9, 0.2, 9]) {
            const frame = covered({ zoom, x, y }, width, height);
            const source = sourceOf(frame, width, height);
            expect(frame.zoom).toBeLessThanOrEqual(MOST_ZOOM);
            expect(source.x).toBeGreaterThanOrEqual(-1e-9);
            expect(source.y).toBeGreaterThanOrEqual(-1e-9);
            expect(source.x + source.side).toBeLessThanOrEqual(width + 1e-9);
            expect(source.y + source.side).toBeLessThanOrEqual(height + 1e-9);
          }
        }
      }
    }
  });

  it('shows what is on the left when the picture is dragged to the right', () => {
    expect(sourceOf(covered({ zoom: 1, x: 9, y: 0 }, 400, 200), 400, 200).x).toBe(0);
  });
});
