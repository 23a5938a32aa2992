import { same } from './bytes.ts';
import type { Address, DeviceRow, Problem, Trust } from './types.ts';

/**
 * Blind trust before verification: a device is trusted when it is first seen, until one of that person's was verified; from then on
 * somebody decides about each new one, and about each that changes its key.
 */
export function meet(person: readonly DeviceRow[], address: Address, identity: Uint8Array, now: number): { row: DeviceRow; news?: 'new-device' | 'identity-changed' } {
  const before = person.find((each) => each.device === address.device);
  if (before && same(before.identity, identity)) return { row: before };
  // Undecided counts too: else whoever replaces the key of the one verified device could add a second device that is trusted.
  // And who was refused does not come back as trusted by changing the key.
  const strict = person.some((each) => each.trust === 'verified' || each.trust === 'undecided') || before?.trust === 'distrusted';
  const trust: Trust = strict ? 'undecided' : 'blind';
  const row: DeviceRow = { jid: address.jid, device: address.device, identity, trust, firstSeen: now };
  return before ? { row: { ...row, changedFrom: before.identity }, news: 'identity-changed' } : { row, news: 'new-device' };
}

/** What trust has against encrypting for a device. */
export function objection(row: DeviceRow): Problem['kind'] & ('identity-changed' | 'undecided' | 'distrusted') | undefined {
  if (row.trust === 'distrusted') return 'distrusted';
  if (row.trust !== 'undecided') return undefined;
  return row.changedFrom ? 'identity-changed' : 'undecided';
}
