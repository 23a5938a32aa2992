/** A token for the next login (XEP-0484), in place of the password. */
export interface FastToken {
  mechanism: string;
  token: string;
}

/** The only mechanism that a page can use: it sees nothing of the TLS channel. */
export const FAST_MECHANISM = 'HT-SHA-256-NONE';

/** The initial response: name, NUL, HMAC(token, "Initiator" and the channel binding, which is empty). */
export async function initialResponse(name: string, token: string): Promise<Uint8Array> {
  const prefix = new TextEncoder().encode(`${name}\0`);
  const code = await mac(token, 'Initiator');
  const response = new Uint8Array(prefix.length + code.length);
  response.set(prefix);
  response.set(code, prefix.length);
  return response;
}

/** Whether the server has proved that it knows the token too. */
export async function proves(answer: Uint8Array, token: string): Promise<boolean> {
  const expected = await mac(token, 'Responder');
  let different = answer.length ^ expected.length;
  for (let i = 0; i < expected.length; i++) different |= (answer[i] ?? 0) ^ (expected[i] ?? 0);
  return different === 0;
}

async function mac(token: string, role: string): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(token), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(role)));
}
