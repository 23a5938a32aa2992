import { LinkError } from '../xmpp/errors.ts';
import { Link } from '../xmpp/link.ts';
import type { Identity } from '../xmpp/login.ts';
import type { Kept } from './session.ts';
import type { Wire, WireEvents } from '../xmpp/wire.ts';

/** Logs in once, to see that name and password are right, and for the token. @throws LinkError */
export async function verify(identity: Identity, url: string, wire: (events: WireEvents) => Wire): Promise<Identity['token']> {
  let token: Identity['token'];
  const link = new Link({
    identity: { ...identity },
    url,
    wire,
    features: [],
    events: { stanza: () => undefined, closed: () => undefined, token: (issued) => (token = issued) },
  });
  try {
    await link.connect();
  } catch (error) {
    throw error instanceof LinkError ? error : new LinkError('protocol');
  } finally {
    link.close();
  }
  return token;
}

/** Makes the kept token useless (XEP-0484 §4.4), by a last login with it. Where the server is out of reach it ends by its age. */
export async function withdraw(session: Kept, url: string, wire: (events: WireEvents) => Wire): Promise<void> {
  if (!session.token) return;
  const events = { stanza: () => undefined, closed: () => undefined, token: () => undefined };
  const identity: Identity = { ...session, software: 'Nyala', leaving: true };
  const link = new Link({ identity, url, wire, features: [], events, loginTimeout: 4000 });
  await link.connect().catch(() => undefined);
  link.close();
}
