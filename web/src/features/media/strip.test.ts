import { describe, expect, it } from 'vitest';
import { moves, stripped } from './strip';

const text = (value: string): number[] => [...value].map((sign) => sign.charCodeAt(0));
const segment = (marker: number, content: number[]): number[] => [0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 0xff, ...content];
const exif = (turn: number): number[] => [...text('Exif'), 0, 0, ...text('MM'), 0, 42, 0, 0, 0, 8, 0, 2, 0x01, 0x0f, 0, 2, 0, 0, 0, 4, ...text('Spy!'), 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, turn, 0, 0, 0, 0, 0, 0, ...text('GPS')];
const scan = [0xff, 0xda, 0, 2, 1, 2, 3, 0xff, 0xd9];
const jpeg = (...segments: number[][]): Uint8Array<ArrayBuffer> => new Uint8Array([0xff, 0xd8, ...segments.flat(), ...scan]);
const chunk = (name: string, content: number[]): number[] => [0, 0, 0, content.length, ...text(name), ...content, 1, 2, 3, 4];
const png = (...chunks: number[][]): Uint8Array<ArrayBuffer> => new Uint8Array([0x89, ...text('PNG'), 13, 10, 26, 10, ...chunks.flat()]);

describe('what a picture tells', () => {
  it('is taken out of JPEG, but not how it is turned, nor its colours', () => {
    const jfif = segment(0xe0, text('JFIF'));
    const colours = segment(0xe2, text('ICC_PROFILE'));
    const clean = stripped(jpeg(jfif, segment(0xe1, exif(6)), colours, segment(0xe1, text('http://ns.adobe.com/xap/1.0/ where')), segment(0xed, text('who')), segment(0xfe, text('what'))), 'image/jpeg');
    const words = new TextDecoder('latin1').decode(clean);
    for (const told of ['Spy!', 'GPS', 'adobe', 'who', 'what']) expect(words).not.toContain(told);
    for (const needed of ['JFIF', 'ICC_PROFILE']) expect(words).toContain(needed);
    expect([...clean.slice(-scan.length)]).toEqual(scan);
    expect([...clean.slice(2, 6)]).toEqual([0xff, 0xe1, 0, 34]);
    expect(clean[2 + 10 + 18]).toBe(6);
    expect(stripped(clean, 'image/jpeg')).toEqual(clean);
  });

  it('leaves no EXIF where nothing is turned', () => {
    expect(stripped(jpeg(segment(0xe1, exif(1))), 'image/jpeg')).toEqual(jpeg());
  });

  it('is taken out of PNG and WebP', () => {
    expect(stripped(png(chunk('IHDR', [1]), chunk('tEXt', text('where')), chunk('eXIf', [1]), chunk('IEND', [])), 'image/png')).toEqual(png(chunk('IHDR', [1]), chunk('IEND', [])));
    const part = (name: string, content: number[]): number[] => [...text(name), content.length, 0, 0, 0, ...content, ...(content.length % 2 ? [0] : [])];
    const webp = (flags: number, ...parts: number[][]): Uint8Array<ArrayBuffer> => {
      const content = [...part('VP8X', [flags, 0, 0, 0, 1, 0, 0, 1, 0, 0]), ...parts.flat()];
      return new Uint8Array([...text('RIFF'), content.length + 4, 0, 0, 0, ...text('WEBP'), ...content]);
    };
    expect(stripped(webp(0x1c, part('VP8 ', [1, 2, 3]), part('EXIF', [9]), part('XMP ', [9, 9])), 'image/webp')).toEqual(webp(0x10, part('VP8 ', [1, 2, 3])));
  });

  it('stays where lengths lead outside: better whole than broken', () => {
    const broken = new Uint8Array([0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff, 1, 2]);
    expect(stripped(broken, 'image/jpeg')).toBe(broken);
    const cut = png([0, 0, 9, 9, ...text('tEXt'), 0, 0, 0, 0]);
    expect(stripped(cut, 'image/png')).toBe(cut);
  });
});

describe('a picture that moves', () => {
  it('is known', () => {
    expect(moves(new Uint8Array(), 'image/gif')).toBe(true);
    expect(moves(png(chunk('IHDR', Array<number>(13).fill(0)), chunk('acTL', [0])), 'image/png')).toBe(true);
    expect(moves(png(chunk('IHDR', Array<number>(13).fill(0)), chunk('IDAT', [0])), 'image/png')).toBe(false);
  });
});
