/** Letters and digits that are not taken for one another, read aloud or on paper (Crockford); 32 of them are 5 bits each. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const GROUPS = 5;
const GROUP = 4;

/** A password that nobody has to think of: 100 bits in groups, such as `7k4q-…`. */
export function newAccountKey(): string {
  const letters = [...crypto.getRandomValues(new Uint8Array(GROUPS * GROUP))].map((byte) => ALPHABET.charAt(byte % ALPHABET.length));
  return Array.from({ length: GROUPS }, (_, n) => letters.slice(n * GROUP, (n + 1) * GROUP).join('')).join('-');
}

interface PasswordManager { store(credential: unknown): Promise<unknown> }
type PasswordCredentialMaker = new (data: { id: string; password: string; name: string }) => unknown;

/** Offers a password to the browser's own manager, where there is one that can be asked. */
export async function offerToManager(address: string, password: string, name: string): Promise<void> {
  const make = (globalThis as { PasswordCredential?: PasswordCredentialMaker }).PasswordCredential;
  const manager = (navigator as { credentials?: PasswordManager }).credentials;
  if (make && manager) await manager.store(new make({ id: address, password, name: name === '' ? address : name })).catch(() => undefined);
}
