import { daysBetween } from '../../i18n/dates';
import type { Message } from '../../model/types';

/** A message with its place in the group of bubbles it stands in. */
export interface Row { message: Message; first: boolean; last: boolean }
export interface Day { key: string; at: number; rows: Row[] }

/** Bubbles of one sender stand together while no more than this lies between them, in milliseconds. */
const together = 5 * 60_000;

function joined(earlier: Message, later: Message, marker: string | null): boolean {
  return earlier.from === later.from && later.at - earlier.at <= together && later.key !== marker;
}

/** The messages of a window by calendar day, grouped; `marker` is the key of the first unread one, which starts a new group. */
export function daysOf(messages: readonly Message[], marker: string | null = null): Day[] {
  const days: Day[] = [];
  messages.forEach((message, at) => {
    const before = messages[at - 1];
    const after = messages[at + 1];
    const newDay = before === undefined || daysBetween(before.at, message.at) !== 0;
    const date = new Date(message.at);
    if (newDay) days.push({ key: `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`, at: message.at, rows: [] });
    days.at(-1)?.rows.push({
      message,
      first: newDay || !joined(before, message, marker),
      last: after === undefined || daysBetween(message.at, after.at) !== 0 || !joined(message, after, marker),
    });
  });
  return days;
}
