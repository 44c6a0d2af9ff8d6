/** Bytes of the program as they grow; offsets are from its start, tables are aligned to eight bytes. */

import { TetrashipError } from '../errors.ts';

/** Texts are read sixteen bytes at a time. */
const PADDING = 64;

export class ProgramWriter {
  #buffer: Buffer;
  #length: number;
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#buffer = Buffer.alloc(4096);
    this.#length = 0;
    this.#capacity = capacity;
  }

  /** @throws {TetrashipError} RULES when the program would not fit */
  reserve(bytes: number): number {
    const at = Math.ceil(this.#length / 8) * 8;
    this.#length = at + bytes;
    if (this.#length + PADDING > this.#capacity) {
      throw new TetrashipError(
        'RULES',
        `cannot load the rules: together they take more than ${this.#capacity} bytes; use fewer, or shorter texts`,
      );
    }
    if (this.#length > this.#buffer.length) {
      const grown = Buffer.alloc(Math.max(this.#length, this.#buffer.length * 2));
      this.#buffer.copy(grown);
      this.#buffer = grown;
    }
    return at;
  }

  u8(at: number, value: number): void {
    this.#buffer.writeUInt8(value, at);
  }

  set(at: number, source: Uint8Array): void {
    this.#buffer.set(source, at);
  }

  u32(at: number, value: number): void {
    this.#buffer.writeUInt32LE(value, at);
  }

  u64(at: number, value: bigint): void {
    this.#buffer.writeBigUInt64LE(value, at);
  }

  f64(at: number, value: number): void {
    this.#buffer.writeDoubleLE(value, at);
  }

  bytes(source: Uint8Array): number {
    const at = this.reserve(source.length);
    this.#buffer.set(source, at);
    return at;
  }

  list(values: readonly number[]): number {
    const at = this.reserve(values.length * 4);
    values.forEach((value, i) => {
      this.u32(at + i * 4, value);
    });
    return at;
  }

  result(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }
}
