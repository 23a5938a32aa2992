/// <reference types="node" />
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hueAngle, hueCount, hueIndex, initials } from './hue';

describe('hue (XEP-0392 §13)', () => {
  it.each([['Romeo', 327.255249], ['juliet@capulet.lit', 209.410400], ['😺', 331.199341], ['council', 359.994507]])('of %s', (text, angle) => {
    expect(hueAngle(text)).toBeCloseTo(angle, 5);
    expect(hueIndex(text)).toBe(Math.floor(angle / 30));
  });
});

describe('pairs', () => {
  // Vitest empties style sheets that are imported.
  const css = readFileSync('src/styles/tokens.css', 'utf8');
  const luminance = (hex: string): number => {
    const [r, g, b] = [1, 3, 5].map((at) => { const v = parseInt(hex.slice(at, at + 2), 16) / 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: string, b: string): number => { const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number]; return (light + 0.05) / (dark + 0.05); };
  const pairs = [...css.matchAll(/(\[data-theme='dark'\] )?\.hue-\d+ \{ --tint: (#\w+); --ink: (#\w+)/gu)];

  it('are twelve for light and twelve for dark, each readable on its tint and on bubbles', () => {
    expect(pairs).toHaveLength(hueCount * 2);
    for (const [, dark, tint = '', ink = ''] of pairs) {
      expect(contrast(tint, ink)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(dark === undefined ? '#ffffff' : '#1f2a28', ink)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('are of read ticks and the veil over any picture, the brightest too', () => {
    const [, read = ''] = /--read-on-picture: (#\w{6})/u.exec(css) ?? [];
    const [, veil = '', share = ''] = /--picture-veil: rgb\(([\d ]+) \/ (\d+)%\)/u.exec(css) ?? [];
    const over = (white: number): string => `#${veil.split(' ').map((part) => Math.round((Number(part) * Number(share) + white * (100 - Number(share))) / 100).toString(16).padStart(2, '0')).join('')}`;
    expect(contrast(read, over(255))).toBeGreaterThanOrEqual(3);
    expect(contrast(read, over(0))).toBeGreaterThanOrEqual(3);
  });
});

describe('initials', () => {
  it.each([['Ayu Lestari', 'AL'], ['budi', 'B'], ['Tim RT 05', 'TR'], ['Keluarga 💚', 'K'], ['Neighbours of Mawar', 'NM'], ['de Vries', 'V'], ['🎉 Pesta', '🎉'], ['محمد علي', 'م'], ['', '#'], ['(x) y', 'XY']])('of %j', (name, letters) => {
    expect(initials(name)).toBe(letters);
  });
});
