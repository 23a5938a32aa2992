import { NS } from '../xmpp/ns.ts';
import type { MessageRow, OutboxRow } from './db.ts';

const ABOUT = new Set<string>([NS.reactions, NS.retract, NS.reply]);

/** What is about a message names it as the room does (XEP-0444 §4, 0424 §4, 0461 §3.1). */
export function rename(stanza: Element, stanzaId: string): void {
  for (const each of stanza.children) if (ABOUT.has(each.namespaceURI ?? '')) each.setAttribute('id', stanzaId);
}

/**
 * What becomes of what is about a message of ours in a room: its echo brings the name. One that was refused may still come, one
 * that is not sent any more will not: of these only answers make sense, and go as they are.
 * @param queued Whether that message is to be sent, or was.
 */
export function fate(row: OutboxRow, about: MessageRow, queued: boolean): 'send' | 'wait' | 'drop' {
  if (about.stanzaId || (about.state !== 'sending' && about.state !== 'failed')) return 'send';
  const gone = (about.hidden || about.retracted) === true && !queued;
  const answers = row.key !== undefined && row.key !== about.key;
  if (answers) return gone || about.state === 'failed' ? 'send' : 'wait';
  return gone ? 'drop' : 'wait';
}
