import { el, message, serialize } from '../xmpp/dom.ts';
import { replace } from '../xmpp/correction.ts';
import { noStore, store } from '../xmpp/hints.ts';
import { originId } from '../xmpp/ids.ts';
import { displayed, markable } from '../xmpp/markers.ts';
import { mentions, type Mention } from '../xmpp/mentions.ts';
import { NS } from '../xmpp/ns.ts';
import { reactions } from '../xmpp/reactions.ts';
import { receipt, requestReceipt } from '../xmpp/receipts.ts';
import { reply } from '../xmpp/replies.ts';
import { retraction } from '../xmpp/retraction.ts';
import { fallbackBody, sharedFile } from '../xmpp/sharing.ts';
import { outOfBand } from '../xmpp/oob.ts';
import type { ChatRow, MessageRow, OutboxRow } from './db.ts';
import { isSealedFile } from './isfile.ts';
import type { Attachment } from './types.ts';

/** Where a stanza goes. */
type To = Pick<ChatRow, 'jid' | 'kind' | 'closed' | 'members' | 'sealed' | 'plain'>;

/** In larger groups each message would bring as many receipts (XEP-0184 §5.3). */
const MOST_RECEIPTS = 50;
type Payload = (Element | undefined)[];

/**
 * Every stanza made here can be sent any number of times: id and origin-id stay what they are (DELIVERY R5).
 * @param about In rooms one of ours that has not come back has no name yet by which others know it.
 */
function row(chat: To, id: string, payload: Payload, key?: string, about?: MessageRow): OutboxRow {
  const room = chat.kind === 'group';
  const stanza = message({ to: chat.jid, type: room ? 'groupchat' : 'chat', id }, ...payload, originId(id));
  return { chat: chat.jid, room, echoed: room, id, xml: serialize(stanza), ...(key ? { key } : {}), ...(room && about?.mine && !about.stanzaId ? { about: about.key } : {}) };
}

/** What is text goes out encrypted where that can be done. What points at a file with its key (XEP-0454) must not go out otherwise. */
function sealable(chat: To, made: OutboxRow, must = false): OutboxRow {
  if (must) return { ...made, seal: 'must' };
  if (chat.plain || (chat.kind === 'group' && !chat.sealed && !chat.closed)) return made;
  return { ...made, seal: chat.sealed ? 'must' : 'may' };
}

/** What others call a message when they refer to it: in rooms the archive's id (XEP-0461 §3.1, 0444, 0424), else its sender's. */
export const reference = (message: Pick<MessageRow, 'id' | 'stanzaId'>, chat: To): string =>
  chat.kind === 'group' ? (message.stanzaId ?? message.id) : message.id;

export function text(chat: To, id: string, key: string, body: string, answered?: MessageRow, mentioned: readonly Mention[] = [], also: Payload = []): OutboxRow {
  const quoted = answered ? reply({ id: reference(answered, chat), to: answered.sender }, answered.body, body) : { body, elements: [] };
  const wanted = chat.kind === 'direct' || (chat.closed === true && (chat.members ?? 0) <= MOST_RECEIPTS);
  const marks = [...(wanted ? [requestReceipt()] : []), markable()];
  return sealable(chat, row(chat, id, [el('body', NS.client, {}, quoted.body), ...quoted.elements, ...mentions(quoted.body, mentioned), ...also, ...marks], key, answered), isSealedFile(body));
}

/** Says that a message is a copy, to apps that know the mark (docs/decisions/023-forwarding.md). */
export const forwardedMark = (): Element => el('forwarded', NS.forwardedMark);

/**
 * A file. The body is nothing but the address, because that is how phone apps know a file from a link; what is said about it is
 * a message of its own (docs/decisions/022-files-in-the-web-app.md).
 */
export function file(chat: To, id: string, key: string, attachment: Attachment, also: Payload = []): OutboxRow {
  const url = attachment.sources?.[0] ?? '';
  const shared = sharedFile({
    name: attachment.name,
    type: attachment.type,
    size: attachment.size,
    width: attachment.width,
    height: attachment.height,
    length: attachment.seconds === undefined ? undefined : Math.round(attachment.seconds * 1000),
    desc: attachment.desc,
    hash: attachment.hash,
    thumbnail: attachment.thumbnail,
    sources: attachment.sources ?? [],
    disposition: attachment.kind === 'file' ? 'attachment' : 'inline',
  });
  const direct = chat.kind === 'direct' ? [requestReceipt()] : [];
  return sealable(chat, row(chat, id, [el('body', NS.client, {}, url), outOfBand(url), shared, fallbackBody(NS.sharing), ...also, ...direct, markable()], key), isSealedFile(url));
}

export function correction(chat: To, id: string, key: string, original: MessageRow, body: string): OutboxRow {
  // XEP-0308 §3: the id attribute of the first version, also in rooms.
  return sealable(chat, row(chat, id, [el('body', NS.client, {}, body), replace(original.id)], key));
}

export const retract = (chat: To, id: string, key: string, original: MessageRow): OutboxRow =>
  row(chat, id, [el('body', NS.client, {}, '/me retracted a message, which this app cannot remove.'), ...retraction(reference(original, chat)), store()], key, original);

export const react = (chat: To, id: string, original: MessageRow, emojis: string[]): OutboxRow =>
  row(chat, id, [reactions({ id: reference(original, chat), emojis }), store()], undefined, original);

// A room keeps no receipts: who was away learns it when the message is read.
export const delivered = (chat: To, id: string, of: string): OutboxRow => ({ ...row(chat, id, [receipt(of), chat.kind === 'group' ? noStore() : store()]), echoed: false });

// Not worth sending again when a room refuses it.
export const read = (chat: To, id: string, of: MessageRow): OutboxRow => ({ ...row(chat, id, [displayed(reference(of, chat)), store()]), echoed: false });
