import { attribute, child, childText, el, parse, serialize } from '../xmpp/dom.ts';
import { readCarbon, isCarbon } from '../xmpp/carbons.ts';
import { readReplace } from '../xmpp/correction.ts';
import { delayedSince } from '../xmpp/delay.ts';
import { StanzaError } from '../xmpp/errors.ts';
import { senderId, stanzaId } from '../xmpp/ids.ts';
import { bare, local, parseAccount, resource } from '../xmpp/jid.ts';
import { isMarkable, readDisplayedMarker } from '../xmpp/markers.ts';
import { readMentions } from '../xmpp/mentions.ts';
import { occupantId, readInvitation, type Invitation } from '../xmpp/muc.ts';
import { NS } from '../xmpp/ns.ts';
import { readReactions } from '../xmpp/reactions.ts';
import { readReceipt, wantsReceipt } from '../xmpp/receipts.ts';
import { readReply, withoutFallback } from '../xmpp/replies.ts';
import { isTombstone, readRetraction } from '../xmpp/retraction.ts';
import { readAttached } from './attached.ts';
import type { Attachment, Message } from './types.ts';

export type Content =
  | { type: 'text'; body: string; replyTo?: string; replaces?: string; attachments: Attachment[]; wantsReceipt: boolean; markable: boolean; forwarded?: boolean; mentions: string[]; sealed?: NonNullable<Message['sealedBy']> }
  /** `encrypted`: not opened yet; else why it cannot be read. */
  | { type: 'raw'; xml: string; cause: Cause }
  /** It is here already, or nobody is to see it. */
  | { type: 'echo' }
  | { type: 'tombstone' }
  | { type: 'reactions'; id: string; emojis: string[] }
  | { type: 'retract'; id: string; moderated: boolean }
  | { type: 'delivered' | 'read'; id: string }
  | { type: 'invitation'; room: string; from: string }
  | { type: 'error'; id: string; condition: string };

/** Why a message cannot be read. */
export type Cause = 'encrypted' | 'unreadable' | 'before-device' | 'not-for-device' | 'no-session' | 'damaged' | 'unknown-sender';

/** A message, wherever it came from: live, as a carbon, from an archive. Plain data, so that it can be kept. */
export interface Incoming {
  chat: string;
  group: boolean;
  sender: string;
  senderName: string;
  /** Rooms: whoever it is, under any nickname (XEP-0421). */
  occupant?: string;
  /** Rooms: the address behind it, where the room's archive tells. */
  real?: string;
  mine: boolean;
  id: string;
  stanzaId?: string;
  archive: string;
  at: number;
  content: Content;
}

export interface ReadContext {
  account: string;
  /** ms, as the server has it. */
  now: () => number;
  /** Who we are in a room. */
  self: (room: string) => { nick: string | undefined; occupantId: string | undefined };
}

/** What an archive says about the message it holds. */
export interface Archived {
  archive: string;
  archiveId: string;
  at: number | undefined;
}

/** Reads a message stanza. @returns undefined for what is not part of any chat. */
export function readMessage(stanza: Element, context: ReadContext, archived?: Archived): Incoming | undefined {
  if (!archived && isCarbon(stanza)) {
    const carbon = readCarbon(stanza, context.account);
    return carbon && read(carbon.stanza, context, undefined, carbon.at);
  }
  return read(stanza, context, archived, archived?.at);
}

function read(stanza: Element, context: ReadContext, archived: Archived | undefined, at: number | undefined): Incoming | undefined {
  const from = attribute(stanza, 'from') ?? context.account;
  const to = attribute(stanza, 'to') ?? context.account;
  const group = attribute(stanza, 'type') === 'groupchat';
  const mine = group ? isSelf(stanza, from, context) : bare(from) === context.account;
  const chat = group ? bare(from) : partner(stanza, mine ? to : from);
  const archive = group ? bare(from) : context.account;
  // A room speaks for itself, as do servers: no chat of a person's.
  if (group && !resource(from) && !readRetraction(stanza)?.moderated) return undefined;
  const content = readContent(stanza, group);
  if (!content) return undefined;
  const occupant = group ? occupantId(stanza) : undefined;
  // Only in its archive a room vouches for it; live anybody could have written it.
  const real = group && archived ? attribute(child(child(stanza, 'x', NS.mucUser), 'item', NS.mucUser), 'jid') : undefined;
  const given = archived?.archiveId ?? stanzaId(stanza, archive);
  return {
    chat,
    group,
    sender: mine ? context.account : group ? from : chat,
    senderName: group ? resource(from) : resource(chat) || local(from) || bare(from),
    ...(occupant ? { occupant } : {}),
    ...(real ? { real: bare(real) } : {}),
    mine,
    // Something must tell two messages without ids apart; the archive's id does.
    id: senderId(stanza) ?? given ?? crypto.randomUUID(),
    ...(given ? { stanzaId: given } : {}),
    archive,
    at: at ?? delayedSince(stanza) ?? context.now(),
    content,
  };
}

/** Somebody in a room who is written to alone is not the room (XEP-0045 §7.5), and has no other address. */
function partner(stanza: Element, address: string): string {
  return child(stanza, 'x', NS.mucUser) && !readInvitation(stanza) && resource(address) ? `${bare(address)}/${resource(address)}` : bare(address);
}

function isSelf(stanza: Element, from: string, context: ReadContext): boolean {
  const self = context.self(bare(from));
  const occupant = occupantId(stanza);
  // XEP-0421: nicknames change hands, the occupant-id does not.
  if (occupant && self.occupantId) return occupant === self.occupantId;
  return self.nick !== undefined && resource(from) === self.nick;
}

function readContent(stanza: Element, group: boolean): Content | undefined {
  try {
    return contentOf(stanza, group);
  } catch {
    return { type: 'raw', xml: serialize(stanza), cause: 'unreadable' };
  }
}

function contentOf(stanza: Element, group: boolean): Content | undefined {
  const id = attribute(stanza, 'id');
  if (attribute(stanza, 'type') === 'error') return id ? { type: 'error', id, condition: StanzaError.of(stanza).condition } : undefined;
  if (attribute(stanza, 'type') === 'headline') return undefined;
  const invitation = group ? undefined : readInvitation(stanza);
  if (invitation) return invitationOf(invitation);
  const retracts = readRetraction(stanza);
  if (retracts) return { type: 'retract', ...retracts };
  if (isTombstone(stanza)) return { type: 'tombstone' };
  const reacts = readReactions(stanza);
  if (reacts) return { type: 'reactions', ...reacts };
  if (child(stanza, 'encrypted', NS.omemo)) return { type: 'raw', xml: serialize(stanza), cause: 'encrypted' };
  const text = readText(stanza, group);
  if (text) return text;
  const delivered = readReceipt(stanza);
  if (delivered) return { type: 'delivered', id: delivered };
  const displayed = readDisplayedMarker(stanza);
  return displayed ? { type: 'read', id: displayed } : undefined;
}

/** Into a group that can be one; anything else is nothing that could be answered. */
function invitationOf({ room, from }: Invitation): Content | undefined {
  const address = parseAccount(bare(room));
  return address && from ? { type: 'invitation', room: address, from: bare(from) } : undefined;
}

/** Whether it is still to be opened. */
export const isSealed = ({ content }: Incoming): boolean => content.type === 'raw' && content.cause === 'encrypted';

/** In an encrypted message nothing but the body was encrypted; whatever else describes it could be anybody's. */
const BESIDE: readonly (readonly [name: string, ns: string])[] = [
  ['reply', NS.reply], ['fallback', NS.fallback], ['replace', NS.correct], ['request', NS.receipts], ['markable', NS.markers], ['forwarded', NS.forwardedMark],
];

/** What a message says that was encrypted. @returns undefined where it says nothing. */
export function openedContent(xml: string, text: string, sealed: NonNullable<Message['sealedBy']>, group: boolean): Content | undefined {
  const stanza = parse(xml);
  for (const element of [...(stanza?.children ?? [])]) if (!BESIDE.some(([name, ns]) => element.localName === name && element.namespaceURI === ns)) element.remove();
  stanza?.append(el('body', NS.client, {}, text));
  const content = stanza && readText(stanza, group, true);
  return content?.type === 'text' ? { ...content, sealed } : undefined;
}

function readText(stanza: Element, group: boolean, opened = false): Content | undefined {
  const written = childText(stanza, 'body', NS.client);
  const attached = readAttached(stanza, withoutFallback(stanza, written ?? '', NS.reply), opened);
  if (written === undefined && attached.attachments.length === 0) return undefined;
  const reply = readReply(stanza);
  const replaces = readReplace(stanza);
  return {
    type: 'text',
    body: attached.body,
    ...(reply ? { replyTo: reply.id } : {}),
    ...(replaces ? { replaces } : {}),
    attachments: attached.attachments,
    wantsReceipt: wantsReceipt(stanza),
    markable: isMarkable(stanza),
    ...(child(stanza, 'forwarded', NS.forwardedMark) ? { forwarded: true } : {}),
    mentions: group ? readMentions(stanza) : [],
  };
}
