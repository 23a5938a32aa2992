/** What date words need of a catalogue. */
export interface DateWords { readonly lang: string; readonly today: string; readonly yesterday: string }

const formats = new Map<string, Intl.DateTimeFormat>();

function format(lang: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = lang + JSON.stringify(options);
  let found = formats.get(key);
  if (found === undefined) formats.set(key, (found = new Intl.DateTimeFormat(lang === 'en' ? 'en-GB' : lang, options)));
  return found;
}

/** Whole calendar days between two moments where the reader is; 0 is the same day. */
export function daysBetween(earlier: number, later: number): number {
  const day = (at: number): number => { const date = new Date(at); return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()); };
  return Math.round((day(later) - day(earlier)) / 86_400_000);
}

/** 12.41 in Indonesian, 12:41 in English. */
export function clock(words: DateWords, at: number): string {
  return format(words.lang, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
}

/** In the chat list: the time today, Yesterday, the weekday within a week, else the date. */
export function listDate(words: DateWords, at: number, now: number): string {
  const days = daysBetween(at, now);
  if (days <= 0) return clock(words, at);
  if (days === 1) return words.yesterday;
  if (days < 7) return format(words.lang, { weekday: 'long' }).format(at);
  return format(words.lang, { day: '2-digit', month: '2-digit', year: '2-digit' }).format(at);
}

/** Between the days of a conversation. */
export function dayTitle(words: DateWords, at: number, now: number): string {
  const days = daysBetween(at, now);
  if (days <= 0) return words.today;
  if (days === 1) return words.yesterday;
  if (days < 7) return format(words.lang, { weekday: 'long' }).format(at);
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return format(words.lang, sameYear ? { weekday: 'long', day: 'numeric', month: 'long' } : { day: 'numeric', month: 'long', year: 'numeric' }).format(at);
}

/** The whole moment, for information and for screen readers. */
export function fullDate(words: DateWords, at: number): string {
  return format(words.lang, { dateStyle: 'full', timeStyle: 'short' }).format(at);
}

/** A length in seconds as 0:07 or 1:02:03. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const rest = `${Math.floor((whole % 3600) / 60)}:${String(whole % 60).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${rest.padStart(5, '0')}` : rest;
}

/** Bytes as people read them: 12 kB, 3.4 MB. */
export function fileSize(lang: string, bytes: number): string {
  const unit = bytes < 1_000_000 ? 'kilobyte' : bytes < 1_000_000_000 ? 'megabyte' : 'gigabyte';
  const value = bytes / (unit === 'kilobyte' ? 1e3 : unit === 'megabyte' ? 1e6 : 1e9);
  return new Intl.NumberFormat(lang, { style: 'unit', unit, maximumFractionDigits: value < 10 && unit !== 'kilobyte' ? 1 : 0 }).format(value);
}

/** Names joined as the language joins them: Ayu, Budi, dan Citra. */
export function list(lang: string, names: readonly string[]): string {
  return new Intl.ListFormat(lang, { type: 'conjunction' }).format(names);
}
