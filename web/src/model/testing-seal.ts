import { OmemoClient } from '../omemo/client.ts';
import { Core } from '../omemo/core.ts';
import { answer } from '../omemo/rpc.ts';
import { Device } from '../omemo/testing.ts';
import type { Received } from '../omemo/types.ts';
import { attribute, child, childText, serialize } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { bundleNode, DEVICES_NODE, encrypted, publishBundle, publishDevices, readEncrypted } from '../xmpp/omemo.ts';
import type { OpenOmemo } from './sealing.ts';
import { JULIET, ROMEO, type ArchivingServer } from './testing.ts';

/** OMEMO without a worker, which gets copies as from afar. `broken` stands for a worker that does not come. */
export const openHere: OpenOmemo = (store) => {
  const core = new Core();
  return Promise.resolve(new OmemoClient(store, { run: async (call) => structuredClone(await answer(core, structuredClone(call))), close: () => undefined }));
};

const itemOf = (publication: Element): string => {
  const item = child(child(child(publication, 'pubsub', NS.pubsub), 'publish', NS.pubsub), 'item', NS.pubsub);
  return item ? serialize(item) : '';
};

/** What people have published, and their devices. */
export class Published {
  readonly #nodes = new Map<string, string>();
  /** Publications of the account that signs in here. */
  readonly published: string[] = [];

  constructor(server: ArchivingServer) {
    const before = server.answer;
    server.answer = (stanza) => this.#answer(stanza) ?? before(stanza, server);
  }

  /** Somebody's devices, and a list of them. */
  async add(...devices: Device[]): Promise<void> {
    const ids = [];
    for (const device of devices) {
      const me = await device.me();
      ids.push(me.device);
      this.#nodes.set(`${device.jid} ${bundleNode(me.device)}`, itemOf(publishBundle(me.device, me.bundle)));
    }
    this.#nodes.set(`${devices[0]?.jid} ${DEVICES_NODE}`, itemOf(publishDevices(ids)));
  }

  remove(jid: string): void {
    for (const key of [...this.#nodes.keys()]) if (key.startsWith(`${jid} `)) this.#nodes.delete(key);
  }

  has(jid: string, node: string): string | undefined {
    return this.#nodes.get(`${jid} ${node}`);
  }

  /** What those who are interested are told. */
  event(jid: string): string {
    const item = (this.has(jid, DEVICES_NODE) ?? '').replaceAll(`"${NS.pubsub}"`, `"${NS.pubsubEvent}"`);
    return `<message xmlns='${NS.client}' from='${jid}' to='${ROMEO}/web' type='headline'><event xmlns='${NS.pubsubEvent}'><items node='${DEVICES_NODE}'>${item}</items></event></message>`;
  }

  #answer(stanza: Element): string | undefined {
    const pubsub = child(stanza, 'pubsub', NS.pubsub);
    const publish = child(pubsub, 'publish', NS.pubsub);
    const node = attribute(publish, 'node') ?? attribute(child(pubsub, 'items', NS.pubsub), 'node') ?? '';
    if (!node.startsWith(NS.omemo)) return undefined;
    const jid = attribute(stanza, 'to') ?? ROMEO;
    if (publish) {
      this.published.push(node);
      this.#nodes.set(`${jid} ${node}`, itemOf(stanza));
      return undefined;
    }
    const item = this.has(jid, node);
    const from = jid === ROMEO ? '' : `from='${jid}'`;
    if (item === undefined) return `<iq xmlns='${NS.client}' type='error' id='%id%' ${from}><error type='cancel'><item-not-found xmlns='${NS.stanzaErrors}'/></error></iq>`;
    return `<iq xmlns='${NS.client}' type='result' id='%id%' ${from}><pubsub xmlns='${NS.pubsub}'><items node='${node}'>${item}</items></pubsub></iq>`;
  }
}

/** The device of the account that signs in here, as others see it. */
export function deviceOf(published: Published, other?: number): Promise<number> {
  const listed = [...(published.has(ROMEO, DEVICES_NODE) ?? '').matchAll(/device[^>]* id="(\d+)"/gu)].map((match) => Number(match[1]));
  return Promise.resolve(listed.find((id) => id !== other) ?? NaN);
}

export const inClear = (stanza: Element): string | undefined => childText(stanza, 'body', NS.client);

/** What a stanza of Romeo's says to a device. */
export async function heard(device: Device, stanza: Element, from = ROMEO): Promise<string> {
  const sealed = readEncrypted(child(stanza, 'encrypted', NS.omemo));
  return sealed ? device.hear({ ...sealed, from }) : 'not encrypted';
}

/** Juliet's words, encrypted, as a stanza's content. */
export const sealedBody = (message: Received, payload = ''): string =>
  `${serialize(encrypted(message))}<body>I sent you an OMEMO encrypted message</body><store xmlns='${NS.hints}'/>${payload}`;

export const fromDevice = (id: string, message: Received, payload = '', from = JULIET, to = ROMEO): string =>
  `<message xmlns='${NS.client}' type='chat' from='${from}/x' to='${to}' id='${id}'>${sealedBody(message, payload)}</message>`;
