import { OmemoError } from './types.ts';

/**
 * As much of Protocol Buffers as Signal's messages need, and strict: every length is checked against what is there, a field that is
 * known comes once, numbers fit 32 bits.
 */

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;
const MAX_FIELDS = 16;

export type FieldKind = 'number' | 'bytes';

const malformed = (detail: string): OmemoError => new OmemoError('malformed', detail);

export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** What a tag says: the field's number and how it is written. */
  tag(): { field: number; wire: number } {
    const tag = this.number();
    const field = tag >>> 3;
    if (field === 0) throw malformed('field 0');
    return { field, wire: tag & 7 };
  }

  number(): number {
    let value = 0;
    for (let shift = 0; shift < 5; shift++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** (7 * shift);
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    throw malformed('number');
  }

  bytes(): Uint8Array {
    return this.#take(this.number());
  }

  skip(wire: number): void {
    if (wire === LENGTH) this.bytes();
    else if (wire === FIXED32) this.#take(4);
    else if (wire === FIXED64) this.#take(8);
    else if (wire === VARINT) this.#skipVarint();
    else throw malformed('wire type');
  }

  #skipVarint(): void {
    for (let count = 0; count < 10; count++) if (this.#byte() < 0x80) return;
    throw malformed('number');
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw malformed('cut short');
    return byte;
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw malformed('cut short');
    const part = this.#bytes.slice(this.#at, this.#at + length);
    this.#at += length;
    return part;
  }
}

/** Reads a flat message; fields that are not known are skipped, as newer versions may have them. */
export function readFields(bytes: Uint8Array, known: ReadonlyMap<number, FieldKind>): Map<number, number | Uint8Array> {
  const reader = new Reader(bytes);
  const found = new Map<number, number | Uint8Array>();
  for (let count = 0; !reader.done; count++) {
    if (count === MAX_FIELDS) throw malformed('too many fields');
    const { field, wire } = reader.tag();
    const kind = known.get(field);
    if (!kind) {
      reader.skip(wire);
      continue;
    }
    if (wire !== (kind === 'number' ? VARINT : LENGTH) || found.has(field)) throw malformed(`field ${field}`);
    found.set(field, kind === 'number' ? reader.number() : reader.bytes());
  }
  return found;
}

export class Writer {
  readonly #parts: number[] = [];

  number(field: number, value: number): this {
    return this.#varint(field << 3 | VARINT).#varint(value);
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint(field << 3 | LENGTH).#varint(value.length);
    for (const byte of value) this.#parts.push(byte);
    return this;
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#parts);
  }

  #varint(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.#parts.push((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.#parts.push(rest);
    return this;
  }
}
