import { describe, expect, it } from 'vitest';
import type { Message } from '../../model/types';
import { gathered, placeOf, textPart } from './album';

let count = 0;
function one(from: string, seconds: number, more: Partial<Message> = {}): Message {
  const key = `m${++count}`;
  return { key, id: key, chat: 'c', from, senderName: from, mine: from === 'me', at: seconds * 1000, body: '', state: 'read', reactions: [], attachments: [], encrypted: 'none', ...more };
}
const picture = (from: string, seconds: number, more: Partial<Message> = {}, desc?: string): Message =>
  one(from, seconds, { attachments: [{ kind: 'image', name: 'a.jpg', type: 'image/jpeg', size: 1, state: 'ready', ...(desc === undefined ? {} : { desc }) }], ...more });

it('says once that what is older than this device cannot be read', () => {
  const older = (): Message => one('you', 0, { encrypted: 'failed', error: 'message.before-device' });
  const all = [older(), older(), one('you', 1, { body: 'hello' }), older()];
  expect(gathered(all).map((message) => message.key)).toEqual([all[1]?.key, all[2]?.key, all[3]?.key]);
});

describe('an album', () => {
  it('is pictures of one sender that follow each other, with their text', () => {
    const all = [picture('me', 0), picture('me', 10, { state: 'sending' }), picture('me', 20, {}, 'Dieng'), one('me', 21, { body: 'Dieng' }), one('me', 22, { body: 'next' })];
    const [album, next, ...rest] = gathered(all);
    expect(album).toMatchObject({ key: all[0]?.key, body: 'Dieng', state: 'sending', attachments: [{}, {}, {}] });
    expect(album?.parts).toEqual(all.slice(0, 4));
    expect(next?.body).toBe('next');
    expect(rest).toEqual([]);
    if (album === undefined) return;
    expect(placeOf(album, 1)).toEqual({ part: all[1], at: 0 });
    expect(placeOf(album, 9)).toBeNull();
    expect(textPart(album)).toBe(all[3]);
  });

  it('keeps its text when that was edited, and loses it when it was deleted', () => {
    expect(gathered([picture('a', 0, {}, 'old'), one('a', 1, { body: 'new', edited: true })])).toHaveLength(1);
    expect(gathered([picture('a', 0, {}, 'old'), one('a', 1, { retracted: true })])).toHaveLength(2);
  });

  it.each([
    ['another sender', picture('b', 1)],
    ['a long time after', picture('a', 1000)],
    ['an answer', picture('a', 1, { replyTo: { id: 'x', senderName: '', body: '' } })],
    ['a deleted one', picture('a', 1, { retracted: true, attachments: [] })],
    ['a text that nobody described', one('a', 1, { body: 'hello' })],
    ['one with a text of its own', picture('a', 1, { body: 'hello' })],
  ])('has no place for %s', (_what, second) => {
    const all = [picture('a', 0), second];
    expect(gathered(all)).toEqual(all);
  });

  it('begins anew where the unread messages begin, and after a text', () => {
    const all = [picture('a', 0), picture('a', 1), picture('a', 2)];
    expect(gathered(all, all[1]?.key).map((message) => message.parts?.length)).toEqual([undefined, 2]);
    const two = [picture('a', 0, {}, 'x'), one('a', 1, { body: 'x' }), picture('a', 2), picture('a', 3)];
    expect(gathered(two).map((message) => message.parts?.length)).toEqual([2, 2]);
  });

  it('shows each reaction once', () => {
    const heart = (from: string, mine = false): Partial<Message> => ({ reactions: [{ emoji: '❤️', from: [from], mine }] });
    expect(gathered([picture('a', 0, heart('b')), picture('a', 1, heart('me', true))])[0]?.reactions).toEqual([{ emoji: '❤️', from: ['b', 'me'], mine: true }]);
  });
});
