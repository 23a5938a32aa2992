import { register, registrationOffer, type RegistrationError } from '../xmpp/registration.ts';
import { newAccountKey, offerToManager } from './account-key.ts';
import { attempt, finish } from './session.ts';
import type { Invitation, Wanted } from './start.ts';

/** What joining needs. */
export interface Joining {
  signIn(address: string, password: string): Promise<void>;
  setName(name: string): Promise<void>;
  /** Goes where an invitation leads; returns the chat. */
  land(invitation: Invitation | undefined): Promise<string>;
}

/**
 * Makes an account and signs in. The key is kept before the server hears of it: whatever is cut off in between, `resume` goes on.
 * @returns the chat to open.
 * @throws RegistrationError, LinkError
 */
export async function join(joining: Joining, wanted: Wanted): Promise<string> {
  const offer = await registrationOffer();
  const password = newAccountKey();
  await attempt({ ...wanted, password });
  const address = await register(offer, wanted.username, password, wanted.invitation?.token);
  return enter(joining, address, password, wanted);
}

/** Goes on where an attempt was cut off after the server had made the account. @returns the chat to open; undefined: there was none. */
export async function resume(joining: Joining, token: string): Promise<string | undefined> {
  const begun = await attempt();
  if (!begun || begun.invitation?.token !== token) return undefined;
  try {
    return await enter(joining, `${begun.username}@${begun.domain}`, begun.password, begun);
  } catch {
    return undefined;
  }
}

async function enter(joining: Joining, address: string, password: string, wanted: Wanted): Promise<string> {
  await joining.signIn(address, password);
  await finish();
  void offerToManager(address, password, wanted.display);
  if (wanted.display !== '') await joining.setName(wanted.display);
  return joining.land(wanted.invitation);
}

/** Why there is no account, as the screens tell it. */
export type JoinProblem = 'taken' | 'gone' | 'too-many' | 'unreachable' | 'failed';

export function problemOf(error: unknown): JoinProblem {
  const code = (error as Partial<RegistrationError> | undefined)?.code;
  if (code === 'taken' || code === 'too-many' || code === 'unreachable') return code;
  return code === 'bad-invite' || code === 'needs-invite' ? 'gone' : 'failed';
}
