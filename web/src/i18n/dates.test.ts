import { describe, expect, it } from 'vitest';
import { clock, dayTitle, daysBetween, duration, fileSize, listDate } from './dates';
import { en } from './en';
import { id } from './id';
import { preferredLanguage } from './i18n.svelte';

const at = (day: number, hour = 12, minute = 0): number => new Date(2026, 10, day, hour, minute).getTime();
const now = at(26, 12, 45);

describe('date words', () => {
  it('shows the time today, the word yesterday, the weekday, then the date', () => {
    expect([at(26, 9, 5), at(25, 23, 59), at(22), at(19)].map((when) => listDate(id, when, now))).toEqual(['09.05', 'Kemarin', 'Minggu', '19/11/26']);
    expect([at(26, 9, 5), at(25, 23, 59), at(22), at(19)].map((when) => listDate(en, when, now))).toEqual(['09:05', 'Yesterday', 'Sunday', '19/11/26']);
  });

  it('counts calendar days, not spans of 24 hours', () => {
    expect(daysBetween(at(25, 23, 59), at(26, 0, 1))).toBe(1);
    expect(daysBetween(at(26, 0, 1), at(26, 23, 59))).toBe(0);
  });

  it('titles days', () => {
    expect([26, 25, 22, 2].map((day) => dayTitle(id, at(day), now))).toEqual(['Hari ini', 'Kemarin', 'Minggu', 'Senin, 2 November']);
    expect(dayTitle(en, new Date(2025, 0, 3).getTime(), now)).toBe('3 January 2025');
  });

  it('never shows a message of a clock ahead of ours as anything but a time', () => {
    expect(listDate(id, now + 86_400_000, now)).toBe(clock(id, now));
  });
});

describe('numbers', () => {
  it('writes lengths and sizes', () => {
    expect([7, 65, 3723].map(duration)).toEqual(['0:07', '1:05', '1:02:03']);
    expect(fileSize('id', 2_400_000)).toBe('2,4 MB');
    expect(fileSize('en', 12_300)).toBe('12 kB');
  });
});

describe('catalogues', () => {
  it('hold the same keys', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(id).sort());
  });

  it('choose the language of the person, Indonesian when unsure', () => {
    expect(preferredLanguage(['en-GB', 'id'], null)).toBe('en');
    expect(preferredLanguage(['ms-MY', 'en'], null)).toBe('id');
    expect(preferredLanguage(['de-DE'], null)).toBe('id');
    expect(preferredLanguage(['id'], 'en')).toBe('en');
  });
});
