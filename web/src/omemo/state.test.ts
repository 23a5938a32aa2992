// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { toHex } from './bytes.ts';
import { FEW_PREKEYS, PREKEYS, readOwn, spend, writeOwn, type Own } from './own.ts';
import { below, Device, MemoryStore, said, seeded } from './testing.ts';
import type { Address, Bundle, Encrypted, Received } from './types.ts';
import { parseMessage, parseOpening } from './wire.ts';

const DAY = 24 * 3600 * 1000;
const refuse = (): Promise<void> => Promise.reject(new Error('the disk is full'));
const onceMore = (device: Device): Device => new Device(device.jid, undefined, device.store.copy());

async function two(): Promise<[Device, Device]> {
  const [ayu, budi] = await Promise.all([Device.of('ayu@nyala.example'), Device.of('budi@nyala.example')]);
  await ayu.start(budi);
  return [ayu, budi];
}

/** Offers one prekey only, so that it is known which one is used. */
async function startWith(from: Device, to: Device, index: number): Promise<number> {
  const { bundle } = await to.me();
  const prekey = bundle.prekeys[index] as Bundle['prekeys'][number];
  await from.omemo.start({ now: from.now, bundles: [{ ...(await to.address()), bundle: { ...bundle, prekeys: [prekey] } }] }, from.commit);
  return prekey.id;
}

describe('what was committed', () => {
  it('is all there is: what was not has not happened', async () => {
    const [ayu, budi] = await two();
    const before = ayu.store.copy();
    await expect(ayu.omemo.encrypt({ devices: [await budi.address()], text: 'hilang' }, refuse)).rejects.toThrow('full');
    expect(ayu.store).toEqual(before);

    const message = await ayu.seal('ada', budi);
    await expect(budi.omemo.decrypt({ now: budi.now, messages: [message], catchingUp: false }, refuse)).rejects.toThrow('full');
    expect(await budi.hear(message)).toBe('ada');
  });

  it('holds no key that was used to send, and each that may still be received, wherever it is interrupted', async () => {
    const random = seeded('crash');
    let [ayu, budi] = await two();
    const nonces = new Set<string>();
    const waiting: { message: Received; text: string }[] = [];
    const heard: string[] = [];
    const note = ({ sealed }: Encrypted): void => {
      for (const { prekey, data } of sealed.keys) {
        // The ratchet key and the counter name the message key: the same twice would be the same key twice.
        const { ratchet, counter } = parseMessage(prekey ? parseOpening(data).message : data);
        const name = `${toHex(ratchet)} ${counter}`;
        expect(nonces.has(name)).toBe(false);
        nonces.add(name);
      }
    };
    for (let n = 0; n < 80; n++) {
      const crash = below(random, 3) === 0;
      const back = below(random, 5) === 0;
      const [from, to] = back && heard.length > 0 ? [budi, ayu] : [ayu, budi];
      const devices = [await to.address()];
      const sent = await from.omemo.encrypt({ devices, text: `${n}` }, crash ? refuse : from.commit).catch(() => undefined);
      if (sent) {
        note(sent);
        const message = { ...sent.sealed, from: from.jid };
        if (to === ayu) expect(await to.hear(message)).toBe(`${n}`);
        else waiting.push({ message, text: `${n}` });
      }
      if (below(random, 3) === 0) {
        // Read, then gone before the commit: the next life reads the same from what is on disk.
        const batch = waiting.splice(0);
        await budi.omemo.decrypt({ now: budi.now, messages: batch.map((each) => each.message), catchingUp: false }, refuse).catch(() => undefined);
        [ayu, budi] = [onceMore(ayu), onceMore(budi)];
        expect((await budi.read(batch.map((each) => each.message))).map(said)).toEqual(batch.map((each) => each.text));
        heard.push(...batch.map((each) => each.text));
      }
    }
    expect(heard.length).toBeGreaterThan(20);
  });

  it('is guarded against a second tab', async () => {
    const [ayu, budi] = await two();
    const address = await budi.address();
    const other = new Device(ayu.jid, undefined, ayu.store);
    const results = await Promise.allSettled([ayu.encrypt([address], 'a'), other.encrypt([address], 'b')]);
    expect(results.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('is what the next operation reads, however many are asked for at once', async () => {
    const [ayu, budi] = await two();
    const sent = await Promise.all(Array.from({ length: 10 }, (_, n) => ayu.seal(`${n}`, budi)));
    expect((await budi.read(sent)).map(said)).toEqual(Array.from({ length: 10 }, (_, n) => `${n}`));
  });

  it('that is damaged is no session, and heals', async () => {
    const [ayu, budi] = await two();
    await budi.hear(await ayu.seal('1', budi));
    for (const [key, row] of budi.store.sessions) budi.store.sessions.set(key, { ...row, record: row.record.slice(0, -3) });
    const lost = await ayu.seal('2', budi);
    expect(await budi.hear(lost)).toBe('no-session');
    await budi.start(ayu, true);
    expect(await ayu.hear(await budi.seal(undefined, ayu))).toBe('key');
    expect(await budi.hear(await ayu.seal('3', budi))).toBe('3');
  });
});

describe('our own keys', () => {
  it('are made once: a hundred prekeys, an id that is free', async () => {
    const ayu = await Device.of('ayu@nyala.example', seeded('same'));
    const me = await ayu.me();
    expect(me.bundle.prekeys).toHaveLength(PREKEYS);
    expect(me.device).toBeGreaterThan(0);
    expect(me.device).toBeLessThan(2 ** 31);
    expect((await ayu.omemo.create({ now: ayu.now, taken: [] }, ayu.commit)).identity).toEqual(me.identity);
    const other = new Device('ayu@nyala.example', seeded('same'));
    expect((await other.omemo.create({ now: 0, taken: [me.device] }, other.commit)).device).not.toBe(me.device);
  });

  it('come back from a backup with another device id', async () => {
    const ayu = await Device.of('ayu@nyala.example');
    const restored = new Device('ayu@nyala.example');
    const identity = await ayu.omemo.exportIdentity();
    const me = await restored.omemo.create({ now: 0, taken: [(await ayu.me()).device], identity }, restored.commit);
    expect(me.identity).toEqual((await ayu.me()).identity);
  });

  it('are asked for in vain before they are made', async () => {
    const nobody = new Device('ayu@nyala.example', undefined, new MemoryStore());
    expect(await nobody.omemo.own()).toBeUndefined();
    await expect(nobody.encrypt([], 'x')).rejects.toMatchObject({ kind: 'no-identity' });
  });

  it('serve one session each, and are published no more', async () => {
    const [ayu, budi, citra] = await Promise.all(['ayu', 'budi', 'citra'].map((name) => Device.of(`${name}@nyala.example`)));
    if (!ayu || !budi || !citra) throw new Error();
    const id = await startWith(ayu, citra, 3);
    await startWith(budi, citra, 3);
    const [first, second] = [await ayu.seal('a', citra), await budi.seal('b', citra)];
    const { outcomes, republish } = await citra.omemo.decrypt({ now: citra.now, messages: [first], catchingUp: false }, citra.commit);
    expect([said(outcomes[0]), republish]).toEqual(['a', true]);
    expect((await citra.me()).bundle.prekeys.some((each) => each.id === id)).toBe(false);
    expect(await citra.hear(second)).toBe('no-session');
  });

  it('serve all who used the same one while we were away, until the archive was read', async () => {
    const [ayu, budi, citra] = await Promise.all(['ayu', 'budi', 'citra'].map((name) => Device.of(`${name}@nyala.example`)));
    if (!ayu || !budi || !citra) throw new Error();
    const id = await startWith(ayu, citra, 3);
    await startWith(budi, citra, 3);
    expect((await citra.read([await ayu.seal('a', citra)], true)).map(said)).toEqual(['a']);
    expect((await citra.me()).bundle.prekeys.some((each) => each.id === id)).toBe(false);
    expect((await citra.read([await budi.seal('b', citra)], true)).map(said)).toEqual(['b']);
    expect((await citra.omemo.upkeep({ now: citra.now }, citra.commit)).republish).toBe(true);
    const late = await Device.of('dewi@nyala.example');
    await late.omemo.start({ now: 0, bundles: [{ ...(await citra.address()), bundle: await withPrekey(citra, id, budi) }] }, late.commit);
    expect(await citra.hear(await late.seal('c', citra))).toBe('no-session');
  });

  it('are filled up when few are left', async () => {
    const citra = await Device.of('citra@nyala.example');
    const ayu = await Device.of('ayu@nyala.example');
    const used = (own: Own, count: number): Own => own.prekeys.slice(0, count).reduce((rest, { id }) => spend(rest, id, false), own);
    citra.store.own = writeOwn(used(readOwn(citra.store.own), PREKEYS - FEW_PREKEYS));
    await ayu.start(citra);
    expect((await citra.me()).bundle.prekeys).toHaveLength(FEW_PREKEYS);
    await citra.hear(await ayu.seal('x', citra));
    const { prekeys } = (await citra.me()).bundle;
    expect(prekeys).toHaveLength(PREKEYS);
    expect(new Set(prekeys.map((each) => each.id)).size).toBe(PREKEYS);
  });

  it('rotate weekly, and the old ones work for a month more', async () => {
    const [ayu, budi] = await two();
    const week = await ayu.seal('seminggu', budi);
    const signed = async (): Promise<number> => (await budi.me()).bundle.signedPrekey.id;
    const upkeep = (days: number): Promise<{ republish: boolean }> => budi.omemo.upkeep({ now: budi.now + days * DAY }, budi.commit);
    const first = await signed();
    expect((await upkeep(6)).republish).toBe(false);
    expect((await upkeep(8)).republish).toBe(true);
    expect(await signed()).toBe(first + 1);
    for (const days of [16, 24, 32]) await upkeep(days);
    const copy = onceMore(budi);
    expect(await copy.hear(week)).toBe('seminggu');
    await upkeep(40);
    expect(await budi.hear(week)).toBe('no-session');
  });
});

/** A bundle as somebody fetched it before that prekey was gone. */
async function withPrekey(device: Device, id: number, any: Device): Promise<Bundle> {
  const { bundle } = await device.me();
  const key = (await any.me()).bundle.prekeys[0]?.key ?? new Uint8Array();
  return { ...bundle, prekeys: [{ id, key }] };
}

describe('devices', () => {
  it('are trusted blindly, until one was verified', async () => {
    const [ayu, budi] = await two();
    const row = ayu.store.devices.get(`budi@nyala.example ${(await budi.me()).device}`);
    expect(row?.trust).toBe('blind');
    await ayu.omemo.decide({ ...(await budi.address()), identity: (await budi.me()).identity, trust: 'verified' }, ayu.commit);

    const phone = await Device.of('budi@nyala.example');
    const problems = await ayu.omemo.start({ now: 0, bundles: [{ ...(await phone.address()), bundle: (await phone.me()).bundle }] }, ayu.commit);
    expect(problems.map((each) => each.kind)).toEqual(['undecided']);
    const both = [await budi.address(), await phone.address()];
    expect((await ayu.omemo.ready(both)).map((each) => each.lacks)).toEqual([undefined, 'undecided']);
    const { reached, unreached } = await ayu.encrypt(both, 'hanya yang dikenal');
    expect([reached, unreached]).toEqual([[both[0]], [{ ...both[1], kind: 'undecided' }]]);

    await phone.start(ayu);
    const [outcome] = await ayu.read([await phone.seal('siapa ini?', ayu)]);
    expect(outcome).toMatchObject({ ok: true, text: 'siapa ini?', sender: { trust: 'undecided' } });
    await ayu.omemo.decide({ ...both[1] as Address, identity: (await phone.me()).identity, trust: 'blind' }, ayu.commit);
    expect((await ayu.omemo.ready(both)).map((each) => each.lacks)).toEqual([undefined, undefined]);
  });

  it.each(['blind', 'verified'] as const)('that change their key are shown, and stop sending only when they were verified (%s)', async (trust) => {
    const [ayu, budi] = await two();
    const address = await budi.address();
    const { identity } = await budi.me();
    const late = await sealedBack(ayu, budi);
    await ayu.omemo.decide({ ...address, identity, trust }, ayu.commit);

    const impostor = await Device.of(budi.jid);
    await impostor.start(ayu);
    const message = { ...(await impostor.seal('kunci baru', ayu)), sid: address.device };
    const [outcome] = await ayu.read([message]);
    const now = trust === 'verified' ? 'undecided' : 'blind';
    expect(outcome).toMatchObject({ ok: true, text: 'kunci baru', news: 'identity-changed', sender: { trust: now, changedFrom: identity } });
    expect((await ayu.omemo.ready([address]))[0]?.lacks).toBe(trust === 'verified' ? 'identity-changed' : undefined);
    expect((await ayu.encrypt([address], 'x')).reached).toHaveLength(trust === 'verified' ? 0 : 1);

    // What the true one sent before changes nothing back.
    expect((await ayu.read([late]))[0]).toMatchObject({ ok: true, text: 'dari dulu', sender: { identity, trust: 'undecided' } });
    expect((await ayu.omemo.ready([address]))[0]?.lacks).toBe(trust === 'verified' ? 'identity-changed' : undefined);
    await expect(ayu.omemo.decide({ ...address, identity, trust: 'verified' }, ayu.commit)).rejects.toMatchObject({ kind: 'identity-changed' });
  });

  it('added after a verified key was replaced are not trusted either', async () => {
    const [ayu, budi] = await two();
    const address = await budi.address();
    await ayu.omemo.decide({ ...address, identity: (await budi.me()).identity, trust: 'verified' }, ayu.commit);
    const [one, second] = [await Device.of(budi.jid), await Device.of(budi.jid)];
    const bundles = [{ ...address, bundle: (await one.me()).bundle }, { ...(await second.address()), bundle: (await second.me()).bundle }];
    const problems = await ayu.omemo.start({ now: 0, bundles, renew: true }, ayu.commit);
    expect(problems.map((each) => each.kind)).toEqual(['identity-changed', 'undecided']);
  });

  it('with a bundle that nobody signed, or nonsense, get no session; the others do', async () => {
    const [ayu, budi, citra] = await Promise.all(['ayu', 'budi', 'citra'].map((name) => Device.of(`${name}@nyala.example`)));
    if (!ayu || !budi || !citra) throw new Error();
    const { bundle } = await budi.me();
    const forged = { ...bundle, signedPrekey: { ...bundle.signedPrekey, key: bundle.prekeys[0]?.key ?? bundle.identity } };
    const bundles = [
      { jid: 'x@nyala.example', device: 1, bundle: forged },
      { jid: 'x@nyala.example', device: 2, bundle: { ...bundle, identity: bundle.identity.slice(1) } },
      { ...(await citra.address()), bundle: (await citra.me()).bundle },
    ];
    expect((await ayu.omemo.start({ now: 0, bundles }, ayu.commit)).map((each) => each.kind)).toEqual(['bad-signature', 'malformed']);
    expect((await ayu.omemo.ready(bundles)).map((each) => each.lacks)).toEqual(['no-session', 'no-session', undefined]);
  });

  it('are forgotten with their sessions', async () => {
    const [ayu, budi] = await two();
    await ayu.omemo.forget([await budi.address()], ayu.commit);
    expect([ayu.store.sessions.size, ayu.store.devices.size]).toEqual([0, 0]);
  });
});

async function sealedBack(ayu: Device, budi: Device): Promise<Received> {
  await budi.hear(await ayu.seal('halo', budi));
  expect(await ayu.hear(await budi.seal('ya', ayu))).toBe('ya');
  return budi.seal('dari dulu', ayu);
}
