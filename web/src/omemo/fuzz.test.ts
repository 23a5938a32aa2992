// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { concat, type Random } from './bytes.ts';
import { Unpack } from './pack.ts';
import { Reader, Writer, readFields } from './protobuf.ts';
import { readRecord } from './record.ts';
import { readOwn } from './own.ts';
import { below, Device, said, seeded } from './testing.ts';
import { OmemoError, type Received } from './types.ts';
import { encodeMessage, parseMessage, parseOpening } from './wire.ts';

/** Changes, cuts, repeats or inserts some bytes. */
function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  let out: Uint8Array = bytes.slice();
  for (let times = 1 + below(random, 4); times > 0; times--) {
    const at = below(random, out.length + 1);
    const kind = below(random, 5);
    if (kind === 0) out = out.slice(0, at);
    else if (kind === 1) out = concat(out.subarray(0, at), random(below(random, 9)), out.subarray(at));
    else if (kind === 2) out = concat(out, out.subarray(at));
    else if (at < out.length) out[at] = kind === 3 ? (out[at] ?? 0) ^ (1 << below(random, 8)) : [0x00, 0x7f, 0x80, 0xff][below(random, 4)] ?? 0;
  }
  return out;
}

/** Only our kinds of errors, whatever is read. */
function expectOurs(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof OmemoError)) throw error;
  }
}

describe('protobuf', () => {
  it('reads what it writes', () => {
    const bytes = new Writer().number(1, 0xffff_ffff).bytes(2, Uint8Array.of(1, 2)).number(6, 300).finish();
    expect([...readFields(bytes, new Map([[1, 'number'], [2, 'bytes'], [6, 'number']]))]).toEqual([[1, 0xffff_ffff], [2, Uint8Array.of(1, 2)], [6, 300]]);
    expect([...readFields(bytes, new Map([[6, 'number']]))]).toEqual([[6, 300]]);
  });

  it.each([
    ['a field twice', [8, 1, 8, 1]],
    ['a number of 33 bits', [8, 0xff, 0xff, 0xff, 0xff, 0x1f]],
    ['a number without end', [8, 0x80, 0x80, 0x80, 0x80, 0x80, 0]],
    ['more bytes than there are', [18, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['a group', [11, 12]],
    ['field 0', [0, 0]],
    ['another kind of value', [10, 0]],
    ['an unknown number without end', [0x18, ...new Array<number>(11).fill(0x80)]],
    ['too many fields', new Array<number[]>(17).fill([0x18, 0]).flat()],
  ])('refuses %s', (_, bytes) => {
    expect(() => readFields(Uint8Array.from(bytes), new Map([[1, 'number'], [2, 'bytes']]))).toThrow(OmemoError);
  });

  it('gives back what it was given, and no view of it', () => {
    const bytes = Uint8Array.of(2, 5, 6);
    const part = new Reader(bytes).bytes();
    bytes.fill(0);
    expect(part).toEqual(Uint8Array.of(5, 6));
  });
});

describe('whatever bytes come', () => {
  it('are parsed or refused', () => {
    const random = seeded('parsers');
    const whole = concat(encodeMessage({ ratchet: random(32), counter: 7, previous: 3, cipher: random(48) }), random(8));
    for (let n = 0; n < 4000; n++) {
      const bytes = n % 2 === 0 ? mutated(whole, random) : concat(Uint8Array.of(0x33), random(below(random, 300)));
      for (const read of [parseMessage, parseOpening]) expectOurs(() => read(bytes));
    }
    for (const read of [parseMessage, parseOpening]) expect(() => read(new Uint8Array(5000).fill(0x33))).toThrow(OmemoError);
  });

  it('from a store are read or refused', async () => {
    const random = seeded('records');
    const [ayu, budi] = await Promise.all([Device.of('ayu@nyala.example'), Device.of('budi@nyala.example')]);
    await ayu.start(budi);
    const record = [...ayu.store.sessions.values()][0]?.record ?? new Uint8Array();
    for (let n = 0; n < 2000; n++) {
      expectOurs(() => readRecord(mutated(record, random)));
      expectOurs(() => readRecord(random(below(random, 60))));
    }
    for (let n = 0; n < 200; n++) expectOurs(() => readOwn(mutated(ayu.store.own ?? new Uint8Array(), random)));
    // A list says how long it is before anything of it is there.
    expect(() => new Unpack(Uint8Array.of(0xff, 0xff, 0xff, 0xff)).list((pack) => pack.number())).toThrow(OmemoError);
  });

  it('as a message are an outcome, and the true message is still read afterwards', async () => {
    const random = seeded('messages');
    const [ayu, budi] = await Promise.all([Device.of('ayu@nyala.example', seeded('ayu')), Device.of('budi@nyala.example', seeded('budi'))]);
    await ayu.start(budi);
    const opening = await ayu.seal('pembuka', budi);
    const mutate = (message: Received): Received => {
      const part = below(random, 4);
      return {
        ...message,
        iv: part === 0 ? mutated(message.iv, random) : message.iv,
        ...(message.payload ? { payload: part === 1 ? mutated(message.payload, random) : message.payload } : {}),
        keys: message.keys.map((key) => ({ ...key, prekey: below(random, 8) === 0 ? !key.prekey : key.prekey, data: part > 1 ? mutated(key.data, random) : key.data })),
      };
    };
    const attack = async (message: Received, text: string): Promise<void> => {
      const outcomes = await budi.read(Array.from({ length: 120 }, () => mutate(message)));
      for (const outcome of outcomes) {
        if (outcome.ok) expect(outcome.text).toBe(text);
        else expect(['malformed', 'bad-mac', 'no-session', 'duplicate', 'skipped-too-many', 'not-for-this-device']).toContain(outcome.kind);
      }
      expect([text, 'duplicate']).toContain(await budi.hear(message));
      expect(outcomes.filter((each) => each.ok).length).toBeLessThan(2);
    };
    await attack(opening, 'pembuka');
    expect(await ayu.hear(await budi.seal('ya', ayu))).toBe('ya');
    for (let n = 0; n < 3; n++) await attack(await ayu.seal(`pesan ${n}`, budi), `pesan ${n}`);
    expect(said((await budi.read([await ayu.seal('akhir', budi)]))[0])).toBe('akhir');
  });

  it('as a bundle start a session or are a problem', async () => {
    const random = seeded('bundles');
    const [ayu, budi] = await Promise.all([Device.of('ayu@nyala.example'), Device.of('budi@nyala.example')]);
    const { bundle } = await budi.me();
    const bundles = Array.from({ length: 150 }, (_, n) => {
      const part = below(random, 4);
      const change = (bytes: Uint8Array, which: number): Uint8Array => (part === which ? mutated(bytes, random) : bytes);
      const { id, key, signature } = bundle.signedPrekey;
      const prekeys = bundle.prekeys.map((each) => ({ id: part === 3 && below(random, 3) === 0 ? -1 : each.id, key: change(each.key, 3) }));
      return { jid: 'x@nyala.example', device: n + 1, bundle: { identity: change(bundle.identity, 0), prekeys, signedPrekey: { id, key: change(key, 1), signature: change(signature, 2) } } };
    });
    const problems = await ayu.omemo.start({ now: 0, bundles }, ayu.commit);
    expect(problems.length).toBeGreaterThan(50);
    for (const { kind } of problems) expect(['malformed', 'bad-signature']).toContain(kind);
  });
});
