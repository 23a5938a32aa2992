/** A piece of a line: plain text, a link, code, or a span with pieces inside (XEP-0393 §5.1). */
export type Span =
  | { kind: 'text'; text: string }
  | { kind: 'link'; text: string; href: string }
  | { kind: 'code'; text: string }
  | { kind: 'strong' | 'emphasis' | 'strike'; spans: Span[] };

/** A block of a message (XEP-0393 §5.2–5.4). */
export type Block = { kind: 'lines'; spans: Span[] } | { kind: 'code'; text: string } | { kind: 'quote'; blocks: Block[] };

const directives: Partial<Record<string, 'strong' | 'emphasis' | 'strike' | 'code'>> = { '*': 'strong', _: 'emphasis', '~': 'strike', '`': 'code' };
const address = /(?:https?:\/\/|mailto:|xmpp:|geo:|www\.)[^\s<>"“”]+/giu;
/** What a link may open; everything else stays text. */
const safe = new Set(['http:', 'https:', 'mailto:', 'xmpp:', 'geo:']);
const maxDepth = 8;

/** The target of a link, or null when its scheme is not one we open. */
export function safeHref(text: string): string | null {
  const url = URL.parse?.(text) ?? parsed(text);
  return url !== null && safe.has(url.protocol) ? url.href : null;
}

function parsed(text: string): URL | null {
  try { return new URL(text); } catch { return null; }
}

/** Punctuation after an address belongs to the sentence, a closing bracket only if it was opened inside. */
function trimmed(link: string): string {
  let end = link.length;
  while (end > 0) {
    const last = link.charAt(end - 1);
    if (/[.,;:!?'’…*_~`]/u.test(last)) end--;
    else if (last === ')' && link.slice(0, end).split('(').length <= link.slice(0, end).split(')').length - 1) end--;
    else break;
  }
  return link.slice(0, end);
}

function withLinks(text: string): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (const match of text.matchAll(address)) {
    const before = match.index === 0 ? ' ' : text.charAt(match.index - 1);
    const shown = trimmed(match[0]);
    const href = /[\p{L}\p{N}]/u.test(before) ? null : safeHref(shown.toLowerCase().startsWith('www.') ? `https://${shown}` : shown);
    if (href === null) continue;
    if (match.index > from) spans.push({ kind: 'text', text: text.slice(from, match.index) });
    spans.push({ kind: 'link', text: shown, href });
    from = match.index + shown.length;
  }
  if (from < text.length) spans.push({ kind: 'text', text: text.slice(from) });
  return spans;
}

/** Where the span that opens at `open` closes, or -1: not empty, no blank before the closing sign, on one line. */
function closing(line: string, open: number): number {
  const sign = line.charAt(open);
  if (/\s|^$/u.test(line.charAt(open + 1)) || line.charAt(open + 1) === sign) return -1;
  for (let at = open + 2; at < line.length; at++) if (line.charAt(at) === sign && !/\s/u.test(line.charAt(at - 1))) return at;
  return -1;
}

/** The spans of one line. Signs inside an address or a word mean nothing (snake_case stays as it is). */
export function spansOf(line: string, depth = 0): Span[] {
  const spans: Span[] = [];
  const links = [...line.matchAll(address)].map((match) => [match.index, match.index + trimmed(match[0]).length] as const);
  let from = 0;
  for (let at = 0; at < line.length; at++) {
    const inside = links.find(([start, end]) => at >= start && at < end);
    if (inside !== undefined) { at = inside[1] - 1; continue; }
    const kind = directives[line.charAt(at)];
    if (kind === undefined || depth >= maxDepth || /[\p{L}\p{N}]/u.test(line.charAt(at - 1))) continue;
    const end = closing(line, at);
    if (end < 0) continue;
    spans.push(...withLinks(line.slice(from, at)));
    const inner = line.slice(at + 1, end);
    spans.push(kind === 'code' ? { kind, text: inner } : { kind, spans: spansOf(inner, depth + 1) });
    from = end + 1;
    at = end;
  }
  spans.push(...withLinks(line.slice(from)));
  return spans;
}

/** Message styling (XEP-0393) of a body as data: no markup is ever made from it, the screen turns it into nodes. */
export function blocksOf(body: string, depth = 0): Block[] {
  const blocks: Block[] = [];
  const lines = body.split('\n');
  let plain: string[] = [];
  const flush = (): void => {
    if (plain.length > 0) blocks.push({ kind: 'lines', spans: plain.flatMap((line, at) => [...(at > 0 ? [{ kind: 'text', text: '\n' } as const] : []), ...spansOf(line)]) });
    plain = [];
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (line.startsWith('```')) {
      flush();
      const close = lines.findIndex((other, index) => index > at && other === '```');
      const end = close < 0 ? lines.length : close;
      blocks.push({ kind: 'code', text: lines.slice(at + 1, end).join('\n') });
      at = end;
    } else if (line.startsWith('>') && depth < maxDepth) {
      flush();
      let end = at;
      while (end < lines.length && (lines[end] ?? '').startsWith('>')) end++;
      blocks.push({ kind: 'quote', blocks: blocksOf(lines.slice(at, end).map((quoted) => quoted.replace(/^> ?/u, '')).join('\n'), depth + 1) });
      at = end - 1;
    } else plain.push(line);
  }
  flush();
  return blocks;
}

/** The same text without its signs and on one line, for lists, quotes and screen readers. */
export function plainText(body: string): string {
  const text = (spans: readonly Span[]): string => spans.map((span) => ('spans' in span ? text(span.spans) : span.text)).join('');
  const all = (blocks: readonly Block[]): string => blocks.map((block) => (block.kind === 'lines' ? text(block.spans) : block.kind === 'code' ? block.text : all(block.blocks))).join(' ');
  return all(blocksOf(body.slice(0, 500))).replace(/\s+/gu, ' ').trim();
}

// Not the `v` flag's RGI_Emoji: a browser that lacks it would refuse the whole script.
const pictographs = /^[\p{Extended_Pictographic}\u{1F1E6}-\u{1F1FF}\u{1F3FB}-\u{1F3FF}\u{E0020}-\u{E007F}\u200D\uFE0F\u20E3\s]+$/u;

/** How many emoji a body consists of when it is nothing else and at most `most`; otherwise 0. */
export function onlyEmoji(body: string, most = 6): number {
  if (body.length === 0 || body.length > most * 16 || !pictographs.test(body)) return 0;
  const count = [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(body.replace(/\s/gu, ''))].length;
  return count <= most ? count : 0;
}

/** The start of a long body, cut at a blank where one is near. The whole body when it is short enough. */
export function beginning(body: string, most: number): string {
  if (body.length <= most * 1.2) return body;
  const blank = body.lastIndexOf(' ', most);
  return `${body.slice(0, blank > most * 0.8 ? blank : most)}…`;
}
