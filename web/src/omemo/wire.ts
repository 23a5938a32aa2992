import { concat } from './bytes.ts';
import { decodeKey, encodeKey } from './curve.ts';
import { readFields, Writer, type FieldKind } from './protobuf.ts';
import { OmemoError } from './types.ts';

/** Version 3 of the Signal protocol, and 3 as the highest that is spoken. */
const VERSION = 0x33;
export const MAC_LENGTH = 8;
/** A sealed key is about 130 bytes; with the start of a session about 220. */
const MAX_LENGTH = 4096;

/** `WhisperMessage`: one message of a chain. */
export interface RatchetMessage {
  /** The sender's ratchet key, 32 bytes. */
  readonly ratchet: Uint8Array;
  readonly counter: number;
  readonly previous: number;
  readonly cipher: Uint8Array;
}

export interface ParsedMessage extends RatchetMessage {
  /** What the MAC is of, besides the identities. */
  readonly authenticated: Uint8Array;
  readonly mac: Uint8Array;
}

/** `PreKeyWhisperMessage`: the same with what the receiver needs to make the session (X3DH §3.3). */
export interface OpeningMessage {
  readonly registration: number;
  readonly prekey: number | undefined;
  readonly signedPrekey: number;
  readonly base: Uint8Array;
  readonly identity: Uint8Array;
  readonly message: Uint8Array;
}

const MESSAGE: ReadonlyMap<number, FieldKind> = new Map([[1, 'bytes'], [2, 'number'], [3, 'number'], [4, 'bytes']]);
const OPENING: ReadonlyMap<number, FieldKind> = new Map([[1, 'number'], [2, 'bytes'], [3, 'bytes'], [4, 'bytes'], [5, 'number'], [6, 'number']]);

/** Everything but the MAC. */
export function encodeMessage(message: RatchetMessage): Uint8Array {
  const fields = new Writer().bytes(1, encodeKey(message.ratchet)).number(2, message.counter).number(3, message.previous).bytes(4, message.cipher);
  return concat(Uint8Array.of(VERSION), fields.finish());
}

export function parseMessage(data: Uint8Array): ParsedMessage {
  const authenticated = data.slice(0, -MAC_LENGTH);
  const fields = readFields(body(authenticated), MESSAGE);
  return {
    ratchet: decodeKey(bytesAt(fields, 1)),
    counter: numberAt(fields, 2),
    previous: optional(fields, 3) ?? 0,
    cipher: bytesAt(fields, 4),
    authenticated,
    mac: data.slice(-MAC_LENGTH),
  };
}

export function encodeOpening(message: OpeningMessage): Uint8Array {
  const fields = new Writer();
  if (message.prekey !== undefined) fields.number(1, message.prekey);
  fields.bytes(2, encodeKey(message.base)).bytes(3, encodeKey(message.identity)).bytes(4, message.message);
  fields.number(5, message.registration).number(6, message.signedPrekey);
  return concat(Uint8Array.of(VERSION), fields.finish());
}

export function parseOpening(data: Uint8Array): OpeningMessage {
  const fields = readFields(body(data), OPENING);
  return {
    registration: optional(fields, 5) ?? 0,
    prekey: optional(fields, 1),
    signedPrekey: numberAt(fields, 6),
    base: decodeKey(bytesAt(fields, 2)),
    identity: decodeKey(bytesAt(fields, 3)),
    message: bytesAt(fields, 4),
  };
}

function body(data: Uint8Array): Uint8Array {
  if (data.length > MAX_LENGTH) throw new OmemoError('malformed', 'too long');
  // COMPAT(older senders): the low half is what they speak at best; what counts is the version of the message.
  if (((data[0] ?? 0) >> 4) !== 3) throw new OmemoError('malformed', `version ${data[0] ?? 0}`);
  return data.subarray(1);
}

function bytesAt(fields: Map<number, number | Uint8Array>, field: number): Uint8Array {
  const value = fields.get(field);
  if (!(value instanceof Uint8Array)) throw new OmemoError('malformed', `field ${field} is missing`);
  return value;
}

function numberAt(fields: Map<number, number | Uint8Array>, field: number): number {
  const value = fields.get(field);
  if (typeof value !== 'number') throw new OmemoError('malformed', `field ${field} is missing`);
  return value;
}

function optional(fields: Map<number, number | Uint8Array>, field: number): number | undefined {
  const value = fields.get(field);
  return typeof value === 'number' ? value : undefined;
}
