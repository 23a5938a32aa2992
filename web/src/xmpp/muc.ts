import { attribute, child, children, childText, el, iq, message, presence, wholeNumber } from './dom.ts';
import { resource } from './jid.ts';
import { NS } from './ns.ts';

/** What a room tells of one who is in it (XEP-0045 §7.2). */
export interface Occupant {
  nick: string;
  /** The account, where the room shows it. */
  jid: string | undefined;
  /** Stays the same over nicknames (XEP-0421). */
  id: string | undefined;
  role: string;
  affiliation: string;
  /** Away: it left, or was made to. */
  gone: boolean;
  /** Status codes; 110 is oneself. */
  codes: number[];
}

export const SELF = 110;
export const CREATED = 201;
/** Goes only to come back under another nickname. */
export const NEW_NICK = 303;

/** Enters; the history comes from the archive, so none is asked for (§7.2.13). */
export const join = (room: string, nick: string): Element =>
  presence({ to: `${room}/${nick}` }, el('x', NS.muc, {}, el('history', NS.muc, { maxstanzas: 0 })));
/** Another nickname (§7.6). */
export const rename = (room: string, nick: string): Element => presence({ to: `${room}/${nick}` });
export const leave = (room: string, nick: string): Element => presence({ to: `${room}/${nick}`, type: 'unavailable' });

export function readOccupant(stanza: Element): Occupant | undefined {
  const x = child(stanza, 'x', NS.mucUser);
  const nick = resource(attribute(stanza, 'from') ?? '');
  if (!x || !nick) return undefined;
  const item = child(x, 'item', NS.mucUser);
  return {
    nick,
    jid: attribute(item, 'jid'),
    id: occupantId(stanza),
    role: attribute(item, 'role') ?? 'none',
    affiliation: attribute(item, 'affiliation') ?? 'none',
    gone: attribute(stanza, 'type') === 'unavailable',
    codes: children(x, 'status', NS.mucUser).flatMap((status) => wholeNumber(attribute(status, 'code')) ?? []),
  };
}

/** Why a room has put somebody out for good (§9.1, §9.4, §10.9); undefined where one may come back at once. */
export function readEnd(stanza: Element): 'removed' | 'banned' | 'destroyed' | undefined {
  const x = child(stanza, 'x', NS.mucUser);
  const codes = new Set(children(x, 'status', NS.mucUser).map((status) => attribute(status, 'code')));
  if (child(x, 'destroy', NS.mucUser)) return 'destroyed';
  if (codes.has('301')) return 'banned';
  return ['307', '321', '322'].some((code) => codes.has(code)) ? 'removed' : undefined;
}

export const occupantId = (stanza: Element): string | undefined => attribute(child(stanza, 'occupant-id', NS.occupantId), 'id');

/** Takes the settings that a new room offers (§10.1.2). */
export const acceptDefaults = (room: string): Element =>
  iq('set', { to: room }, el('query', NS.mucOwner, {}, el('x', NS.form, { type: 'submit' })));

/** Whether one is still in it (XEP-0410): the error `not-acceptable` says no. */
export const selfPing = (room: string, nick: string): Element => iq('get', { to: `${room}/${nick}` }, el('ping', NS.ping));

export interface Invitation {
  room: string;
  from: string | undefined;
  password: string | undefined;
  reason: string | undefined;
}

/** An invitation, through the room (§7.8.2) or direct (XEP-0249). */
export function readInvitation(stanza: Element): Invitation | undefined {
  const from = attribute(stanza, 'from');
  const x = child(stanza, 'x', NS.mucUser);
  const mediated = child(x, 'invite', NS.mucUser);
  if (mediated && from) {
    return { room: from, from: attribute(mediated, 'from'), password: childText(x, 'password', NS.mucUser), reason: childText(mediated, 'reason', NS.mucUser) };
  }
  const direct = child(stanza, 'x', NS.directInvite);
  const room = attribute(direct, 'jid');
  return room ? { room, from, password: attribute(direct, 'password'), reason: attribute(direct, 'reason') } : undefined;
}

/** Invites without the room (XEP-0249); for members only, so the room must know them first. */
export const directInvite = (room: string, jid: string, id: string): Element => message({ to: jid, id }, el('x', NS.directInvite, { jid: room }));

/** Invites through the room (§7.8.2). */
export const invite = (room: string, jid: string): Element =>
  message({ to: room }, el('x', NS.mucUser, {}, el('invite', NS.mucUser, { to: jid })));
