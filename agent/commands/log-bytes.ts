/**
 * The bytes of a finished log for the commands that read one: plain, gzip or zstd, told apart by their first bytes,
 * because backups get renamed. Unlike intake it follows nothing: what is there is read once, from the start.
 */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { messageOf, TetrashipError } from '../errors.ts';
import { KiB, READ_CHUNK_BYTES } from '../limits.ts';

/** Compressed bytes given at once: deflate expands to 1,032 times at most, so a bomb gives 16 MiB for it. */
const PIECE_BYTES = 16 * KiB;

/** Node's own 16 KiB would be a call for every few events. */
const OPTIONS = { chunkSize: READ_CHUNK_BYTES };

const MAGIC: readonly { readonly bytes: readonly number[]; readonly open: () => Transform }[] = [
  { bytes: [0x1f, 0x8b], open: () => createGunzip(OPTIONS) },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], open: () => createZstdDecompress(OPTIONS) },
];

export class LogBytes {
  /** On disk. */
  readonly sizeBytes: number;
  /** Of those, how many were read. */
  readBytes: number;
  readonly #path: string;
  readonly #fd: number;
  readonly #unpacker: Transform | undefined;
  /** Unpacked and not handed out yet. */
  readonly #waiting: Uint8Array[];
  /** Running ahead of `read`; it never fails. */
  #unpacking: Promise<void> | undefined;
  #state: 'reading' | 'ended';
  #damage: string | undefined;
  #wake: () => void;

  /** @throws {TetrashipError} INTAKE when the file cannot be opened */
  constructor(path: string) {
    this.#path = path;
    this.readBytes = 0;
    this.#waiting = [];
    this.#unpacking = undefined;
    this.#state = 'reading';
    this.#damage = undefined;
    this.#wake = () => undefined;
    try {
      this.#fd = openSync(path, 'r');
      const stat = fstatSync(this.#fd);
      if (stat.isDirectory()) throw new Error('it is a folder: name the files in it');
      this.sizeBytes = stat.isFile() ? stat.size : 0;
      this.#unpacker = stat.isFile() ? unpackerOf(this.#fd) : undefined;
    } catch (error) {
      throw this.#unreadable(error);
    }
    this.#unpacker?.on('data', (chunk: Uint8Array) => this.#waiting.push(chunk));
    this.#unpacker?.on('end', () => this.#end(undefined));
    this.#unpacker?.on('error', (error) => this.#end(error.message));
  }

  /** Why a compressed file ended early; what stands before that place has been read. */
  get damage(): string | undefined {
    return this.#damage;
  }

  /**
   * Fills as much of `into` as is at hand; 0 at the end.
   * @throws {TetrashipError} INTAKE when the system refuses
   */
  async read(into: Uint8Array): Promise<number> {
    if (this.#unpacker === undefined) return this.#readFile(into);
    while (this.#waiting.length === 0 && this.#state === 'reading') {
      await (this.#unpacking ?? this.#unpack(this.#unpacker));
      this.#unpacking = undefined;
    }
    const count = this.#takeWaiting(into);
    // The next piece is unpacked, by another thread, while the caller works on this one.
    if (this.#waiting.length === 0 && this.#state === 'reading')
      this.#unpacking ??= this.#unpack(this.#unpacker);
    return count;
  }

  #takeWaiting(into: Uint8Array): number {
    let count = 0;
    for (let chunk = this.#waiting[0]; chunk !== undefined && count < into.length; chunk = this.#waiting[0]) {
      const part = chunk.subarray(0, into.length - count);
      into.set(part, count);
      count += part.length;
      if (part.length === chunk.length) this.#waiting.shift();
      else this.#waiting[0] = chunk.subarray(part.length);
    }
    return count;
  }

  close(): void {
    this.#unpacker?.destroy();
    closeSync(this.#fd);
  }

  /** Gives the next piece; resolves when everything that it holds is unpacked, or nothing more will come. */
  #unpack(unpacker: Transform): Promise<void> {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    const length = this.#readFile(piece);
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (length > 0) unpacker.write(piece.subarray(0, length), () => resolve());
      else unpacker.end();
    });
  }

  #end(damage: string | undefined): void {
    this.#state = 'ended';
    this.#damage = damage;
    this.#wake();
  }

  #readFile(into: Uint8Array): number {
    try {
      const count = readSync(this.#fd, into, 0, into.length, null);
      this.readBytes += count;
      return count;
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  #unreadable(error: unknown): TetrashipError {
    return new TetrashipError('INTAKE', `cannot read ${this.#path}: ${messageOf(error)}`, { cause: error });
  }
}

function unpackerOf(fd: number): Transform | undefined {
  const head = Buffer.alloc(4);
  const length = readSync(fd, head, 0, head.length, 0);
  const found = MAGIC.find(
    ({ bytes }) => bytes.length <= length && bytes.every((byte, i) => head[i] === byte),
  );
  return found?.open();
}
