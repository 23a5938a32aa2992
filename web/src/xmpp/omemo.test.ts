import { describe, expect, it } from 'vitest';
import { below, Device, seeded } from '../omemo/testing.ts';
import { child, parse, serialize } from './dom.ts';
import { NS } from './ns.ts';
import { bundleNode, DEVICES_NODE, encrypted, encryptionHint, publishBundle, publishDevices, readBundle, readDevices, readEncrypted } from './omemo.ts';
import { configure, type PepItem } from './pubsub.ts';

/** What arrives of it. */
const wire = (element: Element): Element => parse(serialize(element)) ?? element;
const item = (xml: string, id = 'current'): PepItem => ({ id, payload: parse(xml) });
const list = (...ids: string[]): string => `<list xmlns='${NS.omemo}'>${ids.map((id) => `<device id='${id}'/>`).join('')}</list>`;
const published = (request: Element): { node: string | null; items: PepItem[]; access: string } => {
  const pubsub = child(wire(request), 'pubsub', NS.pubsub);
  const publish = child(pubsub, 'publish', NS.pubsub);
  const inner = child(publish, 'item', NS.pubsub);
  const access = [...(pubsub?.getElementsByTagNameNS(NS.form, 'field') ?? [])].find((field) => field.getAttribute('var') === 'pubsub#access_model');
  return { node: publish?.getAttribute('node') ?? null, items: [{ id: inner?.getAttribute('id') ?? undefined, payload: inner?.firstElementChild ?? undefined }], access: access?.textContent ?? '' };
};

describe('OMEMO on the wire', () => {
  it('writes and reads what is sealed', () => {
    const sealed = { sid: 5, iv: new Uint8Array(12).fill(1), keys: [{ rid: 7, prekey: true, data: new Uint8Array([1, 2]) }, { rid: 8, prekey: false, data: new Uint8Array([3]) }], payload: new Uint8Array([9]) };
    expect(readEncrypted(wire(encrypted(sealed)))).toEqual(sealed);
    const empty = { sid: sealed.sid, iv: sealed.iv, keys: sealed.keys };
    expect(readEncrypted(wire(encrypted(empty)))).toEqual(empty);
    expect(serialize(encryptionHint())).toContain(NS.omemo);
  });

  it('reads what Conversations and Gajim write', () => {
    const read = readEncrypted(parse(`<encrypted xmlns='${NS.omemo}'><header sid='27183'><key prekey='1' rid='31415'>AQ\n==</key><key rid='12321'>Ag==</key><iv>AQID</iv></header><payload>\n BAU=\n</payload></encrypted>`));
    expect(read).toEqual({ sid: 27183, iv: new Uint8Array([1, 2, 3]), keys: [{ rid: 31415, prekey: true, data: new Uint8Array([1]) }, { rid: 12321, prekey: false, data: new Uint8Array([2]) }], payload: new Uint8Array([4, 5]) });
  });

  it('publishes devices and bundles so that anybody may start a session', async () => {
    expect(published(publishDevices([5, 6]))).toMatchObject({ node: DEVICES_NODE, access: 'open' });
    expect(readDevices(published(publishDevices([5, 6])).items)).toEqual([5, 6]);
    const me = await (await Device.of('romeo@example.org', seeded('bundle'))).me();
    const made = published(publishBundle(me.device, me.bundle));
    expect(made).toMatchObject({ node: bundleNode(me.device), access: 'open' });
    expect(readBundle(made.items)).toEqual(me.bundle);
    expect(serialize(configure('n', { 'pubsub#access_model': 'open' }))).toContain(NS.nodeConfig);
  });

  it('prefers the item that is called current', () => {
    expect(readDevices([item(list('1')), item(list('2'), 'x')])).toEqual([1]);
    expect(readDevices([item(list('1'), 'x'), item(list('2'), 'y')])).toEqual([2]);
  });

  it('leaves out what makes no sense and keeps the rest', () => {
    expect(readDevices([item(list('0', '-1', '1', '1', '2147483648', '2147483647', 'x', ''))])).toEqual([1, 2147483647]);
    expect(readDevices([item(list(...Array.from({ length: 500 }, (_, n) => String(n + 1))))])).toHaveLength(100);
    expect(readDevices([])).toBeUndefined();
    expect(readDevices([item(`<list xmlns='urn:x'><device id='1'/></list>`)])).toBeUndefined();
    const broken = `<encrypted xmlns='${NS.omemo}'><header sid='1'><key rid='2'>%%</key><key rid='0'>AQ==</key><key rid='3'>AQ==</key><iv>AQ==</iv></header></encrypted>`;
    expect(readEncrypted(parse(broken))?.keys.map((key) => key.rid)).toEqual([3]);
  });

  it('refuses what is not whole', () => {
    for (const inner of ['', `<header><iv>AQ==</iv></header>`, `<header sid='1'/>`, `<header sid='1'><iv>AQ==</iv></header><payload/>`, `<header sid='1'><iv>AQ==</iv></header><payload>%</payload>`]) {
      expect(readEncrypted(parse(`<encrypted xmlns='${NS.omemo}'>${inner}</encrypted>`)), inner).toBeUndefined();
    }
    expect(readBundle([item(`<bundle xmlns='${NS.omemo}'/>`)])).toBeUndefined();
  });

  it('bounds what it reads', () => {
    const many = '<key rid="1">AQ==</key>'.repeat(2001);
    expect(readEncrypted(parse(`<encrypted xmlns='${NS.omemo}'><header sid='1'>${many}<iv>AQ==</iv></header></encrypted>`))).toBeUndefined();
    const long = 'A'.repeat(1_500_004);
    expect(readEncrypted(parse(`<encrypted xmlns='${NS.omemo}'><header sid='1'><iv>AQ==</iv></header><payload>${long}</payload></encrypted>`))).toBeUndefined();
  });

  it('never throws, whatever comes', async () => {
    const random = seeded('wire');
    const me = await (await Device.of('romeo@example.org', seeded('fuzz'))).me();
    const samples = [
      serialize(encrypted({ sid: 5, iv: random(12), keys: [{ rid: 7, prekey: true, data: random(60) }], payload: random(40) })),
      serialize(publishBundle(me.device, { ...me.bundle, prekeys: me.bundle.prekeys.slice(0, 3) }).getElementsByTagNameNS(NS.omemo, 'bundle')[0] as Element),
      list('1', '2'),
    ];
    let parsed = 0;
    for (let round = 0; round < 1500; round++) {
      const sample = samples[round % samples.length] ?? '';
      const at = below(random, sample.length);
      const noise = String.fromCharCode(...random(below(random, 4)).map((byte) => 32 + (byte % 95)));
      const element = parse(sample.slice(0, at) + noise + sample.slice(at + below(random, 6)));
      if (!element) continue;
      parsed++;
      readEncrypted(element);
      readBundle([{ id: undefined, payload: element }]);
      readDevices([{ id: undefined, payload: element }]);
    }
    expect(parsed).toBeGreaterThan(200);
  });
});
