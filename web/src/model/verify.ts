import { LinkError } from '../xmpp/errors.ts';
import { Link } from '../xmpp/link.ts';
import type { Identity } from '../xmpp/login.ts';
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
