import { describe, expect, it } from 'vitest';
import { mentionAt } from './mentions';

describe('a mention that is being written', () => {
  it.each([
    ['@', { query: '', from: 0 }],
    ['hi @bu', { query: 'bu', from: 3 }],
    ['(@Budi S', { query: 'Budi S', from: 1 }],
    ['write to ayu@nyala', null],
    ['@ no', null],
    ['@a\nb', null],
    ['@one two three four', null],
    ['nothing', null],
  ])('%j', (text, expected) => {
    expect(mentionAt(text, text.length)).toEqual(expected);
  });

  it('ends at the caret', () => {
    expect(mentionAt('@budi and more', 3)).toEqual({ query: 'bu', from: 0 });
  });
});
