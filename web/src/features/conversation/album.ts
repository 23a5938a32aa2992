import type { Message, MessageState, Reaction } from '../../model/types';

/** A message as it is shown: pictures that were sent together, and the text about them, are one bubble with several messages behind it. */
export interface Shown extends Message { parts?: readonly Message[] }

/** What was sent together arrives together, but for the time a large picture takes on a slow network. */
const together = 3 * 60_000;
const most = 30;
const ranks: readonly MessageState[] = ['failed', 'sending', 'safe', 'delivered', 'read'];

function isPicture(message: Message): boolean {
  return message.body === '' && message.retracted !== true && message.encrypted !== 'failed' && message.replyTo === undefined && message.forwarded !== true
    && message.attachments.length > 0 && message.attachments.every((each) => each.kind === 'image' || each.kind === 'video');
}

/** The text about the file before it is named in that file's description; that is how the two are known to belong together. */
function isCaption(file: Message, text: Message | undefined): boolean {
  return text !== undefined && text.attachments.length === 0 && text.retracted !== true && text.replyTo === undefined && follows(file, text)
    && (text.body === captionOf(file) || (text.edited === true && captionOf(file) !== ''));
}

const captionOf = (message: Message): string => message.attachments.at(-1)?.desc ?? '';
const follows = (one: Message, next: Message): boolean => one.from === next.from && Math.abs(next.at - one.at) <= together;

/** Puts together what belongs together; everything else stays as it is. `marker` is the first unread message, which begins anew. */
export function gathered(messages: readonly Message[], marker: string | null = null): Shown[] {
  const shown: Shown[] = [];
  const older = (message: Message | undefined): boolean => message?.error === 'message.before-device';
  for (let at = 0; at < messages.length; at++) {
    const first = messages[at];
    if (first === undefined) break;
    // What cannot be read because it is older than this device is said once.
    if (older(first) && older(messages[at + 1])) continue;
    const parts = isPicture(first) ? run(messages, at, marker) : [first];
    const last = parts.at(-1) ?? first;
    const text = messages[at + parts.length];
    if (last.attachments.length > 0 && last.body === '' && text?.key !== marker && isCaption(last, text) && text !== undefined) parts.push(text);
    shown.push(parts.length === 1 ? first : merged(first, parts));
    at += parts.length - 1;
  }
  return shown;
}

function run(messages: readonly Message[], from: number, marker: string | null): Message[] {
  const parts: Message[] = [];
  for (const message of messages.slice(from, from + most)) {
    const before = parts.at(-1);
    if (before !== undefined && (!isPicture(message) || !follows(before, message) || message.key === marker)) break;
    parts.push(message);
    if (captionOf(message) !== '') break;
  }
  return parts;
}

function merged(first: Message, parts: readonly Message[]): Shown {
  const last = parts.at(-1) ?? first;
  const least = parts.reduce((one, other) => (ranks.indexOf(other.state) < ranks.indexOf(one.state) ? other : one));
  const read = parts.map((part) => part.readBy ?? 0);
  return {
    ...first,
    parts,
    at: last.at,
    body: last.body,
    attachments: parts.flatMap((part) => part.attachments),
    state: least.state,
    reactions: reactions(parts),
    ...(least.error === undefined ? {} : { error: least.error }),
    ...(last.edited === true ? { edited: true } : {}),
    ...(parts.some((part) => part.unread === true) ? { unread: true } : {}),
    ...(parts.some((part) => part.starred === true) ? { starred: true } : {}),
    ...(first.readBy === undefined ? {} : { readBy: Math.min(...read) }),
  };
}

function reactions(parts: readonly Message[]): Reaction[] {
  const all: Reaction[] = [];
  for (const reaction of parts.flatMap((part) => part.reactions)) {
    const same = all.findIndex((each) => each.emoji === reaction.emoji);
    const before = all[same];
    if (before === undefined) all.push(reaction);
    else all[same] = { emoji: before.emoji, mine: before.mine || reaction.mine, from: [...new Set([...before.from, ...reaction.from])] };
  }
  return all;
}

/** The messages behind a bubble. */
export const partsOf = (message: Shown): readonly Message[] => message.parts ?? [message];

/** The message that holds the text, which is the one to edit. */
export const textPart = (message: Shown): Message => message.parts?.findLast((part) => part.body !== '') ?? message;

/** Where an attachment of a bubble really is: its message, and its place there. */
export function placeOf(message: Shown, at: number): { part: Message; at: number } | null {
  let rest = at;
  for (const part of partsOf(message)) {
    if (rest < part.attachments.length) return { part, at: rest };
    rest -= part.attachments.length;
  }
  return null;
}

/** The message that a reaction of ours is on, or would go to. */
export const reactedPart = (message: Shown, emoji: string): Message => partsOf(message).find((part) => part.reactions.some((each) => each.mine && each.emoji === emoji)) ?? message;
