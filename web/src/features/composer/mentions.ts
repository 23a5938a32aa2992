export interface Mention { text: string; jid: string }

/** The name that is being written behind an @ before the caret, and where the @ stands. */
export function mentionAt(text: string, caret: number): { query: string; from: number } | null {
  const before = text.slice(0, caret);
  const from = before.lastIndexOf('@');
  if (from < 0) return null;
  const query = before.slice(from + 1);
  // An address has something before its @; names have no more than three words.
  if (/[\p{L}\p{N}]$/u.test(before.slice(0, from)) || /\n/u.test(query) || query.startsWith(' ') || query.split(' ').length > 3) return null;
  return { query, from };
}
