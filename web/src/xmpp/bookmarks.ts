import { attribute, child, childText, el } from './dom.ts';
import { readMarks, writeMarks, type Marks } from './chatsettings.ts';
import { bare } from './jid.ts';
import { NS } from './ns.ts';
import { PRIVATE_OPTIONS, publish, retract, type PepItem } from './pubsub.ts';

/** A group the account belongs to (XEP-0402). */
export interface Bookmark {
  jid: string;
  name: string | undefined;
  nick: string | undefined;
  /** Belongs to it on every device. */
  autojoin: boolean;
  /** Pinned and muted, in its `extensions`. */
  marks: Marks;
}

export function readBookmark(item: PepItem): Bookmark | undefined {
  const conference = item.payload;
  if (!item.id?.includes('@') || conference?.localName !== 'conference' || conference.namespaceURI !== NS.bookmarks) return undefined;
  return {
    jid: bare(item.id),
    name: attribute(conference, 'name'),
    nick: childText(conference, 'nick', NS.bookmarks) || undefined,
    autojoin: ['true', '1'].includes(attribute(conference, 'autojoin') ?? ''),
    marks: readMarks(child(conference, 'extensions', NS.bookmarks)),
  };
}

/** Writes one; what other clients keep in `extensions` must survive (§3.3), so the last payload seen goes in. */
export function setBookmark(bookmark: Bookmark, before?: Element): Element {
  const extensions = (child(before, 'extensions', NS.bookmarks)?.cloneNode(true) as Element | undefined) ?? el('extensions', NS.bookmarks);
  writeMarks(extensions, bookmark.marks);
  const conference = el(
    'conference',
    NS.bookmarks,
    { name: bookmark.name, autojoin: String(bookmark.autojoin) },
    bookmark.nick ? el('nick', NS.bookmarks, {}, bookmark.nick) : undefined,
    extensions.childElementCount > 0 ? extensions : undefined,
  );
  return publish(NS.bookmarks, bookmark.jid, conference, PRIVATE_OPTIONS);
}

export const removeBookmark = (jid: string): Element => retract(NS.bookmarks, jid);
