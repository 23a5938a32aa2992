import { attribute, child, children, el, iq } from './dom.ts';
import { readForm, submitForm, type Form } from './forms.ts';
import { bare } from './jid.ts';
import { NS } from './ns.ts';

/** What somebody is to a room for good (XEP-0045 §5.2). */
export type Affiliation = 'owner' | 'admin' | 'member' | 'none' | 'outcast';

export interface Listed {
  jid: string;
  affiliation: Affiliation;
  nick: string | undefined;
}

const AFFILIATIONS: readonly string[] = ['owner', 'admin', 'member', 'none', 'outcast'];


export const readAffiliation = (item: Element | undefined): Affiliation | undefined => {
  const affiliation = attribute(item, 'affiliation');
  return affiliation && AFFILIATIONS.includes(affiliation) ? (affiliation as Affiliation) : undefined;
};

/** One list of a room (§9.5, §10.5, §10.8). */
export const listRequest = (room: string, affiliation: Affiliation): Element =>
  iq('get', { to: room }, el('query', NS.mucAdmin, {}, el('item', NS.mucAdmin, { affiliation })));

export function readList(answer: Element): Listed[] {
  return children(child(answer, 'query', NS.mucAdmin), 'item', NS.mucAdmin).flatMap((item) => readListed(item) ?? []);
}

export function readListed(item: Element): Listed | undefined {
  const jid = attribute(item, 'jid');
  const affiliation = readAffiliation(item);
  return jid && affiliation ? { jid: bare(jid), affiliation, nick: attribute(item, 'nick') } : undefined;
}

/** All of these changes or none (§9, §10.3–10.8). */
export const setAffiliations = (room: string, changes: readonly { jid: string; affiliation: Affiliation }[]): Element =>
  iq('set', { to: room }, el('query', NS.mucAdmin, {}, ...changes.map(({ jid, affiliation }) => el('item', NS.mucAdmin, { jid, affiliation }))));

/** The settings of a room, for its owners (§10.2). */
export const configRequest = (room: string): Element => iq('get', { to: room }, el('query', NS.mucOwner));
export const readConfig = (answer: Element): Form | undefined => readForm(child(answer, 'query', NS.mucOwner));

/** The whole form as it was offered, with these values in their places: what the room does not offer is not sent. */
export function setConfig(room: string, offered: Form, changes: Readonly<Record<string, string | readonly string[]>>): Element {
  const form: Form = new Map(offered);
  for (const [name, value] of Object.entries(changes)) if (form.has(name)) form.set(name, typeof value === 'string' ? [value] : [...value]);
  return iq('set', { to: room }, el('query', NS.mucOwner, {}, submitForm(form)));
}

/** Only what is named changes; everything else stays as it is (§10.2). */
export const changeConfig = (room: string, changes: Readonly<Record<string, string>>): Element =>
  iq('set', { to: room }, el('query', NS.mucOwner, {}, submitForm(new Map([['FORM_TYPE', [NS.mucConfig]], ...Object.entries(changes).map(([name, value]): [string, string[]] => [name, [value]])]))));

/** What people know as a private group: for members only, who know each other, and in no list. */
export const PRIVATE_GROUP: Readonly<Record<string, string | readonly string[]>> = {
  'muc#roomconfig_persistentroom': '1',
  'muc#roomconfig_publicroom': '0',
  'muc#roomconfig_membersonly': '1',
  'muc#roomconfig_whois': 'anyone',
  'muc#roomconfig_moderatedroom': '0',
  'muc#roomconfig_passwordprotectedroom': '0',
  'muc#roomconfig_allowinvites': '0',
  'muc#roomconfig_changesubject': '0',
  'muc#roomconfig_allowpm': 'anyone',
  'muc#roomconfig_presencebroadcast': ['moderator', 'participant', 'visitor'],
  'muc#roomconfig_getmemberlist': ['moderator', 'participant', 'visitor'],
  'muc#roomconfig_enablearchiving': '1',
  'muc#roomconfig_maxusers': 'none',
};

export const destroy = (room: string): Element => iq('set', { to: room }, el('query', NS.mucOwner, {}, el('destroy', NS.mucOwner)));

/** Gives up what one is to a room (§7.10's registration taken back), which nobody else needs to allow. */
export const resign = (room: string): Element => iq('set', { to: room }, el('query', NS.register, {}, el('remove', NS.register)));

export interface RoomInfo {
  name: string | undefined;
  description: string | undefined;
  membersOnly: boolean;
  showsAddresses: boolean;
  moderated: boolean;
  /** Hashes of its picture; empty: it has none, undefined: it says nothing. */
  avatar: string | undefined;
  moderation: boolean;
  /** It invites whoever becomes a member (§9.5), as not all do. */
  invites: boolean;
}

/** What a room says of itself (§6.4); texts are cut to what is shown at most. */
export function readRoomInfo(answer: Element): RoomInfo {
  const query = child(answer, 'query', NS.disco);
  const features = new Set(children(query, 'feature', NS.disco).map((feature) => attribute(feature, 'var')));
  const form = readForm(query);
  const text = (name: string, most: number): string | undefined => form?.get(name)?.[0]?.trim().slice(0, most) || undefined;
  const identity = children(query, 'identity', NS.disco).find((candidate) => attribute(candidate, 'category') === 'conference');
  return {
    name: text('muc#roomconfig_roomname', 120) ?? attribute(identity, 'name')?.slice(0, 120),
    description: text('muc#roominfo_description', 1024) ?? text('muc#roomconfig_roomdesc', 1024),
    membersOnly: features.has('muc_membersonly'),
    showsAddresses: features.has('muc_nonanonymous'),
    moderated: features.has('muc_moderated'),
    avatar: form ? (form.get('muc#roominfo_avatarhash')?.[0] ?? '') : undefined,
    moderation: features.has(NS.moderate),
    invites: features.has(NS.invitesMembers),
  };
}

/** What a room tells outside of presence: that its settings have changed, and what became of somebody who is not there. */
export interface RoomNotice {
  codes: number[];
  changes: Listed[];
}

/** @returns undefined for messages that are not the room's own word. */
export function readRoomNotice(stanza: Element): RoomNotice | undefined {
  const x = child(stanza, 'x', NS.mucUser);
  if (!x || (attribute(stanza, 'from') ?? '').includes('/') || child(x, 'invite', NS.mucUser) || child(x, 'decline', NS.mucUser)) return undefined;
  return {
    codes: children(x, 'status', NS.mucUser).map((status) => Number(attribute(status, 'code'))),
    changes: children(x, 'item', NS.mucUser).flatMap((item) => readListed(item) ?? []),
  };
}

