import { describe, expect, it } from 'vitest';
import { RegistrationError } from '../xmpp/registration.ts';
import { newAccountKey } from './account-key.ts';
import { problemOf } from './join.ts';
import { checkName, invitation, readInvitation, readStart, start, tokenIn } from './start.ts';

const TOKEN = 'abcdefghijklmnopqrstuvwx';
const SERVER = { domain: 'nyala.id', name: 'Nyala Wonosobo', registration: 'invite', isEmpty: false, address: 'https://nyala.id', isReachable: true };
const answering = (status: number, body: unknown): typeof fetch => () => Promise.resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status }));
const failing: typeof fetch = () => Promise.reject(new TypeError('Failed to fetch'));

describe('what the server says of itself', () => {
  it('is read', async () => expect(await start(answering(200, SERVER))).toEqual({ ...SERVER, sentence: undefined }));
  it.each([null, 'nyala', [], {}, { ...SERVER, domain: 7 }, { ...SERVER, registration: 'maybe' }, { ...SERVER, address: '' }])('is refused when it is %j', (json) => expect(readStart(json)).toBeUndefined());
  it('is told from a server out of reach', async () => {
    await expect(start(failing)).rejects.toMatchObject({ code: 'unreachable' });
    await expect(start(answering(200, '<html>'))).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('an invitation', () => {
  const json = { createsAccount: true, app: 'xmpp:ayu@nyala.id', greeting: 'Hai', inviter: { address: 'ayu@nyala.id', name: 'Ayu', isThere: true, hasFace: true } };

  it('tells who invites', async () =>
    expect(await invitation(TOKEN, answering(200, json))).toEqual({
      token: TOKEN, createsAccount: true, username: undefined, greeting: 'Hai', app: 'xmpp:ayu@nyala.id', room: undefined,
      inviter: { jid: 'ayu@nyala.id', name: 'Ayu', online: true, avatar: `/start/invite/${TOKEN}/face` },
    }));
  it('tells of a group', () =>
    expect(readInvitation(TOKEN, { ...json, inviter: undefined, room: { address: 'rt@rooms.nyala.id', title: 'RT 05', members: 12, needsApproval: true } })?.room).toEqual({ jid: 'rt@rooms.nyala.id', title: 'RT 05', members: 12, needsApproval: true }));
  it('that is gone is told from a server that cannot say', async () => {
    expect(await invitation(TOKEN, answering(404, { code: 'bad-invite' }))).toBe('gone');
    await expect(invitation(TOKEN, answering(503, ''))).rejects.toBeInstanceOf(RegistrationError);
    await expect(invitation(TOKEN, failing)).rejects.toMatchObject({ code: 'unreachable' });
  });
  it.each([null, {}, { app: 7 }, { app: 'xmpp:', inviter: 'Ayu', room: 3 }])('is read with care when it is %j', (odd) => {
    const read = readInvitation(TOKEN, odd);
    expect(read?.inviter ?? read?.room).toBeUndefined();
  });
});

describe('a name', () => {
  it.each([[200, { address: 'ayu@nyala.id' }, 'free'], [409, { code: 'taken' }, 'taken'], [400, { code: 'bad-username' }, 'bad'], [403, { code: 'bad-invite' }, 'gone']] as const)('answered with %i %j is %s', async (status, body, found) =>
    expect(await checkName('ayu', TOKEN, answering(status, body))).toBe(found));
  it('that cannot be checked is neither free nor taken', async () => {
    await expect(checkName('ayu', TOKEN, answering(429, { code: 'too-many' }))).rejects.toMatchObject({ code: 'too-many' });
    await expect(checkName('ayu', TOKEN, failing)).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('a token', () => {
  it.each([
    `https://nyala.id/invite/${TOKEN}`, ` https://nyala.id/invite/${TOKEN}/ `, `/invite/${TOKEN}`, TOKEN, `https://nyala.id/invite/${TOKEN}?apps`,
    `xmpp:ayu@nyala.id?roster;preauth=${TOKEN};ibr=y`, `xmpp:nyala.id?register;preauth=${TOKEN}`,
  ])('is found in %s', (pasted) => expect(tokenIn(pasted)).toBe(TOKEN));
  it.each(['', 'halo', 'https://nyala.id/', 'https://nyala.id/invite/', `https://nyala.id/invite/${TOKEN}/face`, `https://nyala.id/other/${TOKEN}`, 'x'.repeat(65), `${TOKEN} ${TOKEN}`])('is not found in “%s”', (pasted) => expect(tokenIn(pasted)).toBeUndefined());
});

describe('an account key', () => {
  it('is long, legible and never the same', () => {
    const keys = Array.from({ length: 200 }, newAccountKey);
    for (const key of keys) expect(key).toMatch(/^(?:[0-9a-hjkmnp-tv-z]{4}-){4}[0-9a-hjkmnp-tv-z]{4}$/);
    expect(new Set(keys).size).toBe(200);
  });
});

describe('what goes wrong', () => {
  it.each([['taken', 'taken'], ['bad-invite', 'gone'], ['needs-invite', 'gone'], ['too-many', 'too-many'], ['unreachable', 'unreachable'], ['malformed', 'failed']] as const)('%s is %s', (code, problem) => expect(problemOf(new RegistrationError(code))).toBe(problem));
  it('anything else failed', () => expect(problemOf(undefined)).toBe('failed'));
});
