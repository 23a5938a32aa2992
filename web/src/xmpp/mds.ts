import { attribute, child, el } from './dom.ts';
import { bare } from './jid.ts';
import { NS } from './ns.ts';
import { PRIVATE_OPTIONS, publish, type PepItem } from './pubsub.ts';

/** How far a chat was read, on whichever device (XEP-0490). */
export interface Displayed {
  chat: string;
  stanzaId: string;
  /** The archive whose id it is: the account, or the room. */
  by: string;
}

export function readDisplayed(item: PepItem): Displayed | undefined {
  if (item.payload?.localName !== 'displayed' || item.payload.namespaceURI !== NS.mds) return undefined;
  const id = child(item.payload, 'stanza-id', NS.sid);
  const stanzaId = attribute(id, 'id');
  const by = attribute(id, 'by');
  return item.id && stanzaId && by ? { chat: bare(item.id), stanzaId, by: bare(by) } : undefined;
}

export const setDisplayed = (displayed: Displayed): Element =>
  publish(
    NS.mds,
    displayed.chat,
    el('displayed', NS.mds, {}, el('stanza-id', NS.sid, { id: displayed.stanzaId, by: displayed.by })),
    PRIVATE_OPTIONS,
  );
