import { concat } from './bytes.ts';
import { OmemoError } from './types.ts';

/** How the core writes what is its own: numbers of four bytes, byte strings behind their length, lists behind their count. */
export class Pack {
  readonly #parts: Uint8Array[] = [];

  number(value: number): this {
    const part = new Uint8Array(4);
    new DataView(part.buffer).setUint32(0, value);
    this.#parts.push(part);
    return this;
  }

  /** Milliseconds do not fit a number. */
  time(value: number): this {
    return this.number(Math.floor(value / 1000));
  }

  bytes(value: Uint8Array): this {
    this.number(value.length).#parts.push(value);
    return this;
  }

  list<T>(values: readonly T[], write: (pack: Pack, value: T) => unknown): this {
    this.number(values.length);
    for (const value of values) write(this, value);
    return this;
  }

  maybe<T>(value: T | undefined, write: (pack: Pack, value: T) => unknown): this {
    return this.list(value === undefined ? [] : [value], write);
  }

  finish(): Uint8Array {
    return concat(...this.#parts);
  }
}

/** @throws failed when the store does not give back what it was given. */
export class Unpack {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  number(): number {
    if (this.#at + 4 > this.#view.byteLength) throw damaged();
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4);
  }

  time(): number {
    return this.number() * 1000;
  }

  bytes(): Uint8Array {
    const length = this.number();
    if (length > this.#view.byteLength - this.#at) throw damaged();
    const part = new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.#at, length).slice();
    this.#at += length;
    return part;
  }

  list<T>(read: (pack: Unpack) => T): T[] {
    const count = this.number();
    // Each takes four bytes at least.
    if (count * 4 > this.#view.byteLength - this.#at) throw damaged();
    return Array.from({ length: count }, () => read(this));
  }

  maybe<T>(read: (pack: Unpack) => T): T | undefined {
    return this.list(read)[0];
  }

  end(): void {
    if (this.#at !== this.#view.byteLength) throw damaged();
  }
}

function damaged(): OmemoError {
  return new OmemoError('failed', 'the stored record is damaged');
}
