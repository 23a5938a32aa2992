import { describe, expect, it } from 'vitest';
import type { Chat } from '../../model/types';
import { addressed, around, inOrder } from './order';

const chat = (jid: string, at: number, more: Partial<Chat> = {}): Chat => ({
  jid, kind: 'direct', name: jid, unread: 0, mentioned: false, markedUnread: false, pinned: false, muted: false, archived: false, draft: '', typing: [],
  last: { key: jid, chat: jid, id: jid, from: jid, senderName: jid, mine: false, at, body: '', state: 'safe', reactions: [], attachments: [], encrypted: 'none' }, ...more,
});

describe('the list', () => {
  const chats = [chat('ayu', 1), chat('budi', 3, { unread: 2 }), chat('José', 2, { pinned: true }), chat('tim', 9, { kind: 'group', archived: true }), chat('asing', 10, { request: true, unread: 1 })];
  it.each([['all', '', ['José', 'budi', 'ayu']], ['unread', '', ['budi']], ['groups', '', []], ['archived', '', ['tim']], ['all', 'jose', ['José']], ['all', 'tim', ['tim']], ['all', 'asing', []]] as const)('of %s with %j', (filter, query, names) => {
    expect(inOrder(chats, filter, query).map((each) => each.name)).toEqual(names);
  });
});

describe('addresses', () => {
  it.each([['ayu@nyala.id', 'ayu@nyala.id'], ['AYU', 'ayu@here'], ['a b', null], ['ayu@', null], ['a@b@c', null], ['', null], ['a@.b', null]])('%j means %j', (text, jid) => {
    expect(addressed(text, 'me@here')).toBe(jid);
  });
});

describe('found text', () => {
  it('is cut around its place', () => {
    expect(around('jangan lupa bawa kopi', 'BAWA', 6)).toEqual(['…lupa ', 'bawa', ' kopi']);
    expect(around('kopi', 'teh')).toBeNull();
  });
});
