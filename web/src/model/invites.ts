import { attribute, child, children, childText, el, iq } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import type { Link } from '../xmpp/link.ts';
import type { Identity } from '../xmpp/login.ts';

/** What a link is to be like; without a group it makes a contact, and serves one person. */
export interface LinkOptions {
  room?: string;
  greeting?: string;
  uses?: number;
  hours?: number;
  /** The group's admins let each person in. */
  approval?: boolean;
  /** Earlier links into the group end. */
  replaces?: boolean;
}

/** A link to be given to people. */
export interface InviteLink {
  /** Its address. */
  page: string;
  /** The address of its picture for cameras. */
  code: string;
  token: string;
}

/** A link into a group, and whom it lets in. */
export interface GroupLink extends InviteLink {
  until: number;
  uses: number;
  approval: boolean;
}

const COMMANDS = 'http://jabber.org/protocol/commands';
const NODE = 'urn:nyala:commands:0#invite';
const GROUP_LINKS = 'urn:nyala:group-links:0';

/** Makes a link, as the server's command does (docs/groups.md). @throws StanzaError, LinkError */
async function makeLink(link: Link, options: LinkOptions): Promise<InviteLink> {
  const domain = link.account.split('@')[1] ?? '';
  const begun = child(await link.request(iq('set', { to: domain }, el('command', COMMANDS, { node: NODE }))), 'command', COMMANDS);
  const fields = Object.entries(options).flatMap(([name, value]: [string, string | number | boolean]) =>
    value === '' ? [] : el('field', NS.form, { var: name }, el('value', NS.form, {}, typeof value === 'boolean' ? (value ? '1' : '0') : String(value))),
  );
  const form = el('x', NS.form, { type: 'submit' }, ...fields);
  const answer = await link.request(iq('set', { to: domain }, el('command', COMMANDS, { node: NODE, sessionid: attribute(begun, 'sessionid') }, form)));
  const result = child(child(answer, 'command', COMMANDS), 'x', NS.form);
  const page = childText(children(result, 'field', NS.form).find((field) => attribute(field, 'var') === 'landing-url'), 'value', NS.form);
  const token = page && URL.canParse(page) ? new URL(page).pathname.split('/').at(-1) : undefined;
  if (!page || !token) throw new Error('The server made no link.');
  return { page, token, code: `/start/invite/${token}/code.svg` };
}

/** Comes into a group by its link. @returns whether the admins were asked instead. @throws StanzaError, LinkError */
async function redeemLink(link: Link, room: string, token: string): Promise<'joined' | 'asked'> {
  const answer = await link.request(iq('set', { to: room }, el('join', GROUP_LINKS, { token })));
  return child(answer, 'asked', GROUP_LINKS) ? 'asked' : 'joined';
}

/** Sets another password (XEP-0077 §3.3). The token ends with the old one; from now on the new one counts, also where the stream breaks. */
async function changePassword(link: Link, identity: Identity, password: string): Promise<void> {
  const [user = '', domain = ''] = link.account.split('@');
  const ns = 'jabber:iq:register';
  await link.request(iq('set', { to: domain }, el('query', ns, {}, el('username', ns, {}, user), el('password', ns, {}, password))));
  identity.password = password;
  identity.token = undefined;
}

/** What the leading tab does for coming in and letting in, by name. @throws StanzaError, LinkError */
export async function serve(link: Link, identity: Identity, method: string, args: unknown[]): Promise<unknown> {
  const [first, second] = args;
  if (method === 'link') return makeLink(link, first as LinkOptions);
  if (method === 'redeem') return redeemLink(link, String(first), String(second));
  if (method === 'password') return changePassword(link, identity, String(first));
  throw new Error(`Nobody knows how to ${method}.`);
}
