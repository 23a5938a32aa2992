import { describe, expect, it } from 'vitest';
import { beginning, blocksOf, onlyEmoji, plainText, safeHref, spansOf } from './formatting';

describe('spans (XEP-0393 §5.1)', () => {
  it('reads the four directives', () => {
    expect(spansOf('*tebal* _miring_ ~coret~ `kode`')).toEqual([
      { kind: 'strong', spans: [{ kind: 'text', text: 'tebal' }] },
      { kind: 'text', text: ' ' },
      { kind: 'emphasis', spans: [{ kind: 'text', text: 'miring' }] },
      { kind: 'text', text: ' ' },
      { kind: 'strike', spans: [{ kind: 'text', text: 'coret' }] },
      { kind: 'text', text: ' ' },
      { kind: 'code', text: 'kode' },
    ]);
  });

  it('nests', () => {
    expect(spansOf('*a _b_*')).toEqual([{ kind: 'strong', spans: [{ kind: 'text', text: 'a ' }, { kind: 'emphasis', spans: [{ kind: 'text', text: 'b' }] }] }]);
  });

  it.each(['3 * 4 * 5', 'snake_case_name', '**', '* a*', '*a *', '_', 'a*b*c', '``'])('leaves %j as it is', (text) => {
    expect(spansOf(text).every((span) => span.kind === 'text')).toBe(true);
  });

  it('reads nothing inside code', () => {
    expect(spansOf('`*a*`')).toEqual([{ kind: 'code', text: '*a*' }]);
  });

  it('ends at a hostile depth and length without hanging', () => {
    expect(plainText('*_~'.repeat(20_000) + 'a').length).toBeGreaterThan(0);
  });
});

describe('links', () => {
  it('leave the punctuation of the sentence outside', () => {
    expect(spansOf('Lihat (https://nyala.id/a_b_(c)), ya!')).toEqual([
      { kind: 'text', text: 'Lihat (' },
      { kind: 'link', text: 'https://nyala.id/a_b_(c)', href: 'https://nyala.id/a_b_(c)' },
      { kind: 'text', text: '), ya!' },
    ]);
  });

  it('keep the signs in their path', () => {
    expect(spansOf('https://a.id/x_y_z')).toEqual([{ kind: 'link', text: 'https://a.id/x_y_z', href: 'https://a.id/x_y_z' }]);
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', 'vbscript:x', 'file:///etc/passwd', 'JaVaScRiPt:x'])('never open %s', (text) => {
    expect(safeHref(text)).toBeNull();
    expect(spansOf(text).every((span) => span.kind === 'text')).toBe(true);
  });
});

describe('blocks (XEP-0393 §5.2)', () => {
  it('reads preformatted text, quotes within quotes, and lines', () => {
    expect(blocksOf('a\n```\n*b*\n```\n> c\n> > d\ne')).toEqual([
      { kind: 'lines', spans: [{ kind: 'text', text: 'a' }] },
      { kind: 'code', text: '*b*' },
      { kind: 'quote', blocks: [{ kind: 'lines', spans: [{ kind: 'text', text: 'c' }] }, { kind: 'quote', blocks: [{ kind: 'lines', spans: [{ kind: 'text', text: 'd' }] }] }] },
      { kind: 'lines', spans: [{ kind: 'text', text: 'e' }] },
    ]);
  });

  it('runs an unclosed block to the end', () => {
    expect(blocksOf('```\na\nb')).toEqual([{ kind: 'code', text: 'a\nb' }]);
  });

  it('loses no character of plain text', () => {
    const body = 'satu\n\ndua *tiga\nempat_ 5*6 <b>&amp;';
    expect(blocksOf(body).flatMap((block) => (block.kind === 'lines' ? block.spans.map((span) => ('text' in span ? span.text : '')) : [])).join('')).toBe(body);
  });
});

describe('emoji and beginnings', () => {
  it.each([['👍', 1], ['👨‍👩‍👧‍👦❤️', 2], ['🇮🇩 🎉', 2], ['12', 0], ['ok 👍', 0], ['', 0], ['😀'.repeat(7), 0]])('counts %s as %i', (body, count) => {
    expect(onlyEmoji(body)).toBe(count);
  });

  it('cuts long texts at a blank and leaves short ones', () => {
    expect(beginning('satu dua', 100)).toBe('satu dua');
    expect(beginning('kata '.repeat(100), 52)).toBe(`${'kata '.repeat(10).trim()}…`);
  });
});
