import type { Attachment, Chat, Message, MessageState, Reaction } from '../src/model/types';

export type SeedLanguage = 'id' | 'en';
/** Thursday 26 November 2026, 12.45 in Jakarta: the moment every picture is taken. */
export const moment = Date.parse('2026-11-26T12:45:00+07:00');
export const me = { jid: 'dimas@nyala.id', name: 'Dimas Pratama' };
export const minutes = 60_000;
export const hours = 60 * minutes;
export const days = 24 * hours;

let count = 0;

/** A message `ago` milliseconds before the moment. */
export function message(chat: string, from: { jid: string; name: string }, ago: number, body: string, more: Partial<Message> = {}): Message {
  const key = `m${++count}`;
  return { key, chat, id: `origin-${key}`, from: from.jid, senderName: from.name, mine: from.jid === me.jid, at: moment - ago, body, state: 'read', reactions: [], attachments: [], encrypted: 'none', ...more };
}

export function attachment(kind: Attachment['kind'], name: string, more: Partial<Attachment> = {}): Attachment {
  return { kind, name, type: 'application/octet-stream', size: 240_000, state: 'ready', ...more };
}

export function picture(url: string, width: number, height: number, more: Partial<Attachment> = {}): Attachment {
  return attachment('image', '', { type: 'image/svg+xml', url, thumbnail: url, width, height, ...more });
}

export const reaction = (emoji: string, mine: boolean, ...from: string[]): Reaction => ({ emoji, mine, from });

export function chat(jid: string, name: string, more: Partial<Chat> = {}): Chat {
  return { jid, kind: 'direct', name, unread: 0, mentioned: false, markedUnread: false, pinned: false, muted: false, archived: false, draft: '', typing: [], ...more };
}

export type { Chat, Message, MessageState };
