import { RegistrationError } from '../xmpp/registration.ts';

/** Which door the page's server is (`GET /start`, docs/web.md). */
export interface Start {
  domain: string;
  /** Who runs it, as people know them. */
  name: string;
  sentence: string | undefined;
  registration: 'invite' | 'open' | 'closed';
  /** Nobody is registered yet. */
  isEmpty: boolean;
  /** Where people reach it, and whether another device can. */
  address: string;
  isReachable: boolean;
}

/** What an invitation's link is about. */
export interface Invitation {
  token: string;
  createsAccount: boolean;
  /** The name that is kept for whoever has it. */
  username: string | undefined;
  greeting: string | undefined;
  /** The link for other apps. */
  app: string;
  inviter: { jid: string; name: string; online: boolean; avatar: string | undefined } | undefined;
  room: { jid: string; title: string; members: number; needsApproval: boolean } | undefined;
}

/** An account that somebody wants to have. */
export interface Wanted {
  domain: string;
  username: string;
  display: string;
  invitation: Invitation | undefined;
}

/** Whether a user name can be had; `gone`: the invitation is no good any more. */
export type Availability = 'free' | 'taken' | 'bad' | 'gone';

type Read<T> = { [K in keyof T]?: unknown } | null;
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

export function readStart(json: unknown): Start | undefined {
  const read = json as Read<Start>;
  const [domain, name, address] = [text(read?.domain), text(read?.name), text(read?.address)];
  const registration = read?.registration;
  if (!read || !domain || !name || !address || (registration !== 'invite' && registration !== 'open' && registration !== 'closed')) return undefined;
  return { domain, name, sentence: text(read.sentence), registration, isEmpty: read.isEmpty === true, address, isReachable: read.isReachable === true };
}

export function readInvitation(token: string, json: unknown): Invitation | undefined {
  const read = json as Read<Invitation>;
  const app = text(read?.app);
  if (!read || !app) return undefined;
  const inviter = read.inviter as Read<{ address: string; name: string; isThere: boolean; hasFace: boolean }> | undefined;
  const room = read.room as Read<{ address: string; title: string; members: number; needsApproval: boolean }> | undefined;
  const [jid, name] = [text(inviter?.address), text(inviter?.name)];
  const [roomJid, title] = [text(room?.address), text(room?.title)];
  return {
    token,
    createsAccount: read.createsAccount === true,
    username: text(read.username),
    greeting: text(read.greeting),
    app,
    inviter: jid && name ? { jid, name, online: inviter?.isThere === true, avatar: inviter?.hasFace === true ? `/start/invite/${encodeURIComponent(token)}/face` : undefined } : undefined,
    room: roomJid && title ? { jid: roomJid, title, members: typeof room?.members === 'number' ? room.members : 0, needsApproval: room?.needsApproval === true } : undefined,
  };
}

/** @throws RegistrationError */
export async function start(get: typeof fetch = fetch): Promise<Start> {
  const found = readStart(await json(() => get('/start', { signal: AbortSignal.timeout(10_000) })));
  if (!found) throw new RegistrationError('unavailable');
  return found;
}

/** Looks at an invitation, which does not use it up. @throws RegistrationError when the server cannot say. */
export async function invitation(token: string, get: typeof fetch = fetch): Promise<Invitation | 'gone'> {
  let status = 0;
  const found = await json(async () => {
    const answer = await get(`/start/invite/${encodeURIComponent(token)}`, { signal: AbortSignal.timeout(10_000) });
    status = answer.status;
    return answer;
  });
  if (status === 404) return 'gone';
  const read = status === 200 ? readInvitation(token, found) : undefined;
  if (!read) throw new RegistrationError('unavailable');
  return read;
}

/** @throws RegistrationError when the server cannot say. */
export async function checkName(username: string, token: string | undefined, post: typeof fetch = fetch): Promise<Availability> {
  const body = JSON.stringify({ username, token });
  const answer = await json(() => post('/register/name', { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: AbortSignal.timeout(10_000) }));
  const read = answer as { address?: unknown; code?: unknown } | null;
  if (typeof read?.address === 'string') return 'free';
  if (read?.code === 'taken') return 'taken';
  if (read?.code === 'bad-username') return 'bad';
  if (read?.code === 'bad-invite') return 'gone';
  throw new RegistrationError(typeof read?.code === 'string' ? read.code : 'unavailable');
}

/** The token in a page's address, or in what somebody pastes: a link, or the token itself. */
export function tokenIn(pasted: string): string | undefined {
  const wanted = pasted.trim();
  const path = URL.canParse(wanted) ? new URL(wanted).pathname : wanted;
  const found = /^(?:\/invite\/)?([\w-]{16,64})\/?$/u.exec(path) ?? /[;?&]preauth=([\w-]{16,64})(?:[;&]|$)/u.exec(wanted);
  return found?.[1];
}

async function json(call: () => Promise<Response>): Promise<unknown> {
  let answer: Response;
  try {
    answer = await call();
  } catch {
    throw new RegistrationError('unreachable');
  }
  return answer.json().catch(() => null);
}
