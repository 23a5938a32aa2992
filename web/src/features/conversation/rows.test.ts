import { describe, expect, it } from 'vitest';
import type { Message } from '../../model/types';
import { anchorOf, correction, wanted } from './anchor';
import { daysOf } from './rows';

const noon = new Date(2026, 10, 26, 12).getTime();
const message = (key: string, from: string, minutes: number): Message => ({
  key, chat: 'ayu@a', id: key, from, senderName: from, mine: false, at: noon + minutes * 60_000, body: key, state: 'safe', reactions: [], attachments: [], encrypted: 'none',
});

describe('grouping', () => {
  it('joins bubbles of one sender within five minutes', () => {
    const rows = daysOf([message('1', 'a', 0), message('2', 'a', 4), message('3', 'b', 5), message('4', 'b', 11)])[0]?.rows ?? [];
    expect(rows.map((row) => [row.first, row.last])).toEqual([[true, false], [false, true], [true, true], [true, true]]);
  });

  it('breaks at midnight and at the unread marker', () => {
    const days = daysOf([message('1', 'a', 11 * 60 + 59), message('2', 'a', 12 * 60 + 1), message('3', 'a', 12 * 60 + 2)], '3');
    expect(days.map((day) => day.key)).toEqual(['2026-11-26', '2026-11-27']);
    expect(days.flatMap((day) => day.rows.map((row) => [row.first, row.last]))).toEqual([[true, true], [true, true], [true, true]]);
  });
});

describe('anchor', () => {
  it('is the first visible row', () => {
    expect(anchorOf([{ key: 'a', top: -90, bottom: -10 }, { key: 'b', top: -10, bottom: 40 }, { key: 'c', top: 40, bottom: 80 }])).toEqual({ key: 'b', top: -10 });
    expect(anchorOf([])).toBeNull();
  });

  it('gives the way back to where it stood', () => {
    expect(correction({ key: 'b', top: -10 }, 590)).toBe(600);
    expect(correction({ key: 'b', top: -10 }, null)).toBeNull();
  });

  it('asks for the side that runs short', () => {
    expect(wanted({ scrollTop: 300, clientHeight: 600, scrollHeight: 9000 })).toBe('older');
    expect(wanted({ scrollTop: 8000, clientHeight: 600, scrollHeight: 9000 })).toBe('newer');
    expect(wanted({ scrollTop: 4000, clientHeight: 600, scrollHeight: 9000 })).toBeNull();
    expect(wanted({ scrollTop: 0, clientHeight: 600, scrollHeight: 600 })).toBe('older');
  });
});
