// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { below, Device, said, seeded, shuffled } from './testing.ts';
import type { Received } from './types.ts';

const pair = async (): Promise<[Device, Device]> => Promise.all([Device.of('ayu@nyala.example'), Device.of('budi@nyala.example')]);

async function talking(): Promise<[Device, Device]> {
  const [ayu, budi] = await pair();
  await ayu.start(budi);
  await budi.hear(await ayu.seal('Halo', budi));
  await ayu.hear(await budi.seal('Halo juga', ayu));
  return [ayu, budi];
}

describe('a conversation', () => {
  it('is read on both sides, turn by turn', async () => {
    const [ayu, budi] = await talking();
    for (let n = 0; n < 40; n++) {
      const [from, to] = n % 3 === 0 ? [ayu, budi] : [budi, ayu];
      expect(await to.hear(await from.seal(`pesan ${n} 🔥`, to))).toBe(`pesan ${n} 🔥`);
    }
  });

  it('repeats how it was opened until there is an answer', async () => {
    const [ayu, budi] = await pair();
    await ayu.start(budi);
    const opening = [await ayu.seal('1', budi), await ayu.seal('2', budi), await ayu.seal('3', budi)];
    expect(opening.map((each) => each.keys[0]?.prekey)).toEqual([true, true, true]);
    for (const n of [2, 0, 1]) expect(await budi.hear(opening[n] as Received)).toBe(`${n + 1}`);
    expect(await ayu.hear(await budi.seal('ya', ayu))).toBe('ya');
    expect((await ayu.seal('4', budi)).keys[0]?.prekey).toBe(false);
    expect(await budi.hear(opening[1] as Received)).toBe('duplicate');
  });

  it('meets in one session when both start at once', async () => {
    const [ayu, budi] = await pair();
    await ayu.start(budi);
    await budi.start(ayu);
    const [a, b] = [await ayu.seal('a', budi), await budi.seal('b', ayu)];
    expect([await budi.hear(a), await ayu.hear(b)]).toEqual(['a', 'b']);
    const [a2, b2] = [await ayu.seal('a2', budi), await budi.seal('b2', ayu)];
    expect([await budi.hear(a2), await ayu.hear(b2)]).toEqual(['a2', 'b2']);
    for (const text of ['c', 'd', 'e']) {
      expect(await budi.hear(await ayu.seal(text, budi))).toBe(text);
      expect(await ayu.hear(await budi.seal(text, ayu))).toBe(text);
    }
    const keys = [await ayu.seal('f', budi), await budi.seal('g', ayu)].map((each) => each.keys[0]?.prekey);
    expect(keys).toEqual([false, false]);
  });

  it('reads what was sent in sessions from before a renewal', async () => {
    const [ayu, budi] = await talking();
    const late: Received[] = [];
    for (let n = 0; n < 5; n++) {
      late.push(await ayu.seal(`lama ${n}`, budi));
      await ayu.start(budi, true);
      expect(await budi.hear(await ayu.seal(`baru ${n}`, budi))).toBe(`baru ${n}`);
    }
    for (const [n, message] of late.entries()) expect(await budi.hear(message)).toBe(`lama ${n}`);
  });

  it('reaches every device, own others too', async () => {
    const [ayu, budi, laptop] = [await Device.of('ayu@nyala.example'), await Device.of('budi@nyala.example'), await Device.of('ayu@nyala.example')];
    await ayu.start(budi);
    await ayu.start(laptop);
    const message = await ayu.seal('semua', budi, laptop);
    expect([await budi.hear(message), await laptop.hear(message)]).toEqual(['semua', 'semua']);
  });

  it('transports a key and no text', async () => {
    const [ayu, budi] = await talking();
    const { sealed, transported } = await ayu.encrypt([await budi.address()]);
    expect(sealed.payload).toBeUndefined();
    expect((await budi.read([{ ...sealed, from: ayu.jid }]))[0]).toMatchObject({ ok: true, transported });
  });
});

describe('what arrives', () => {
  it.each(Array.from({ length: 12 }, (_, n) => n))('is read once and only once, in any order, with loss and repetition (%i)', async (seed) => {
    const random = seeded(`order ${seed}`);
    const [ayu, budi] = seed % 2 === 0 ? await talking() : await pair();
    await ayu.start(budi);
    if (seed % 3 === 0) await budi.start(ayu);
    const under: { to: Device; text: string; message: Received }[] = [];
    let expected = 0;
    const read = new Set<string>();
    const deliver = async (which: typeof under): Promise<void> => {
      for (const { to, text, message } of which) {
        const outcome = await to.hear(message);
        expect([text, 'duplicate', 'no-session']).toContain(outcome);
        if (read.has(text)) expect(outcome).not.toBe(text);
        if (outcome === text) read.add(text);
      }
    };
    for (let n = 0; n < 60; n++) {
      const mine = below(random, 2) === 0;
      const [from, to] = mine ? [ayu, budi] : [budi, ayu];
      const { keys, ...rest } = await from.seal(`teks ${n}`, to);
      if (keys.length === 0) continue;
      const lost = below(random, 5) === 0;
      if (!lost) under.push({ to, text: `teks ${n}`, message: { ...rest, keys } });
      if (!lost) expected++;
      // Up to five turns late: what is older than the kept chains is lost, as it would be with Signal.
      if (below(random, 4) === 0) await deliver(shuffled(under.splice(0), random).flatMap((each) => (below(random, 4) === 0 ? [each, each] : [each])));
    }
    await deliver(shuffled(under, random));
    expect(read.size).toBe(expected);
  });

  it('may skip a thousand and no more', async () => {
    const [ayu, budi] = await talking();
    const messages: Received[] = [];
    for (let n = 0; n < 1002; n++) messages.push(await ayu.seal(`${n}`, budi));
    expect(await budi.hear(messages[1001] as Received)).toBe('skipped-too-many');
    expect(await budi.hear(messages[1000] as Received)).toBe('1000');
    expect(await budi.hear(messages[0] as Received)).toBe('0');
    expect(await budi.hear(messages[1001] as Received)).toBe('1001');
  });

  it('keeps 2000 keys of what was skipped, and drops the oldest', async () => {
    const [ayu, budi] = await talking();
    const all: Received[] = [];
    for (let n = 0; n < 2103; n++) all.push(await ayu.seal(`${n}`, budi));
    for (const n of [900, 1800, 2102]) expect(await budi.hear(all[n] as Received)).toBe(`${n}`);
    expect(await budi.hear(all[99] as Received)).toBe('duplicate');
    expect(await budi.hear(all[100] as Received)).toBe('100');
    expect(await budi.hear(all[2101] as Received)).toBe('2101');
    expect([...budi.store.sessions.values()][0]?.record.length).toBeLessThan(100_000);
  });

  it('leaves the key unused when the text was forged, for the true one', async () => {
    const [ayu, budi] = await talking();
    const message = await ayu.seal('benar', budi);
    const forged = { ...message, payload: message.payload?.map((byte) => byte ^ 1) ?? new Uint8Array() };
    expect(await budi.hear(forged)).toBe('bad-mac');
    expect(await budi.hear(message)).toBe('benar');
    expect(await budi.hear(message)).toBe('duplicate');
  });

  it('that fails spoils nothing beside it', async () => {
    const [ayu, budi] = await talking();
    const [one, two, three] = [await ayu.seal('1', budi), await ayu.seal('2', budi), await ayu.seal('3', budi)];
    const broken = { ...two, keys: two.keys.map((key) => ({ ...key, data: key.data.map((byte, at) => (at === key.data.length - 1 ? byte ^ 1 : byte)) })) };
    expect((await budi.read([one, broken, { ...two, keys: [] }, three, two])).map(said)).toEqual(['1', 'bad-mac', 'not-for-this-device', '3', '2']);
  });

  it('asks for an answer when a session was opened, and when one side was silent for long', async () => {
    const [ayu, budi] = await pair();
    await ayu.start(budi);
    const answers: number[] = [];
    for (let n = 0; n < 110; n++) {
      const [outcome] = await budi.read([await ayu.seal('x', budi)]);
      if (outcome?.ok && outcome.answer) answers.push(n);
    }
    expect(answers).toEqual([0, 53, 106]);
  });
});
