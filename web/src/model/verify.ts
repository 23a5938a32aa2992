import { LinkError } from '../xmpp/errors.ts';
import { Link } from '../xmpp/link.ts';
import type { Identity } from '../xmpp/login.ts';
import type { Wire, WireEvents } from '../xmpp/wire.ts';
import { keep, remember, type Kept } from './session.ts';
import { sweep } from './sweep.ts';

/** Logs in once, to see that name and password are right, and for the token. @throws LinkError */
async function verify(identity: Identity, url: string, wire: (events: WireEvents) => Wire): Promise<Identity['token']> {
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

/** Logs in once, and keeps what logs in from now on: the token, and the password too where it is a key that was made here. @throws LinkError */
export async function enrol(account: string, password: string, isKey: boolean, url: string, wire: (events: WireEvents) => Wire): Promise<Identity> {
  const identity: Identity = { account, deviceId: crypto.randomUUID(), software: 'Nyala', password };
  await sweep();
  identity.token = await verify(identity, url, wire);
  await keep({ account, deviceId: identity.deviceId, ...(identity.token ? { token: identity.token } : {}), ...(isKey ? { accountKey: password } : {}) });
  remember(account);
  return identity;
}
