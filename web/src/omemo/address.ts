import type { Address } from './types.ts';

/** One of each. */
export function distinct(devices: readonly Address[]): Address[] {
  return [...new Map(devices.map(({ jid, device }) => [keyOf({ jid, device }), { jid, device }])).values()];
}

export function keyOf({ jid, device }: Address): string {
  return `${device} ${jid}`;
}

/** COMPAT(older clients): the specification stops at 2^31 - 1, some use the bit above. What is no number is no key in a database either. */
export function isDevice(id: number): boolean {
  return Number.isInteger(id) && id > 0 && id <= 0xffff_ffff;
}
