import { formatFingerprint, parseVerificationUri, verificationUri } from '../omemo/fingerprint.ts';
import type { DeviceRow, Trust } from '../omemo/types.ts';

/** A device as it is shown. */
export interface SealDevice {
  jid: string;
  device: number;
  fingerprint: string;
  identity: Uint8Array;
  trust: Trust;
  changed: boolean;
}

type Ask = (method: string, ...args: unknown[]) => Promise<unknown>;

/** What screens see and decide about devices. The leading tab does it. */
export class Seals {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = (method, ...args) => ask('seal', method, ...args);
  }

  async devices(jid: string): Promise<SealDevice[]> {
    const rows = ((await this.#ask('devices', jid)) ?? []) as DeviceRow[];
    return rows.map(({ device, identity, trust, changedFrom }) => ({ jid, device, identity, trust, fingerprint: formatFingerprint(identity), changed: changedFrom !== undefined }));
  }

  /** This device, and the address by which all of the account's are verified. */
  async own(): Promise<{ jid: string; device: number; fingerprint: string; uri: string } | undefined> {
    const me = (await this.#ask('own')) as { jid: string; device: number; identity: Uint8Array } | undefined;
    return me && { jid: me.jid, device: me.device, fingerprint: formatFingerprint(me.identity), uri: verificationUri(me.jid, [me]) };
  }

  async decide({ jid, device, identity }: Pick<SealDevice, 'jid' | 'device' | 'identity'>, trust: Exclude<Trust, 'undecided'>): Promise<void> {
    await this.#ask('decide', jid, device, identity, trust);
  }

  /** Verifies the devices that a link names, where their keys are what it says. @returns how many. */
  async verify(jid: string, link: string): Promise<number> {
    const named = parseVerificationUri(link.trim());
    if (named?.jid !== jid) return 0;
    const known = await this.devices(jid);
    const same = known.filter((each) => named.fingerprints.some(({ device, identity }) => device === each.device && formatFingerprint(identity) === each.fingerprint));
    for (const each of same) await this.decide(each, 'verified');
    return same.length;
  }

  async setPlain(jid: string, on: boolean): Promise<void> {
    await this.#ask('plain', jid, on);
  }
}
