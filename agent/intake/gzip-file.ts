/**
 * A compressed backup. Decompressed only while it is its turn to be read, through a bounded window; what was read of
 * the plain file before is decompressed again and dropped. A descriptor holds it, as it does a plain file.
 */

import fs from 'node:fs';
import { constants, createGunzip, type Gunzip, gunzipSync } from 'node:zlib';
import { KiB, MiB, READ_CHUNK_BYTES } from '../limits.ts';
import type { TrackedFile } from '../position.ts';
import { ByteWindow } from './byte-window.ts';
import { ContainerRecords } from './container-records.ts';
import {
  type FileFacts,
  factsOfDescriptor,
  type Inode,
  isSameInode,
  openLogIfPresent,
} from './file-facts.ts';
import { type FirstLine, firstLineOf } from './first-line.ts';
import type { HeldFile } from './held-file.ts';

const CLOSED = -1;
/** The trailer's last field: the uncompressed length modulo 2^32. */
const LENGTH_FIELD_BYTES = 4;
/** Of deflate. */
const MAX_EXPANSION = 1_032;
/** Compressed bytes given at once: a bomb gives 4 MiB for it. */
const PIECE_BYTES = 4 * KiB;
/** Compressed bytes tried for the first line, ever more; the first try stays in bounds whatever the file holds. */
const FIRST_TRIES_BYTES = [KiB, 8 * KiB, 64 * KiB, MiB];
const MAX_FIRST_OUTPUT_BYTES = 4 * MiB;

export class GzipFile implements HeldFile {
  readonly tracked: TrackedFile;
  offsetBytes: number;
  sizeBytes: number;
  /** Always: nobody writes into a compressed copy. */
  isFinal: boolean;
  atFinalEnd: boolean;
  /** The window is filled while others run. */
  readonly atEndForNow = false;
  readonly isTruncated = false;
  readonly records: ContainerRecords | undefined;
  readonly #onReadable: () => void;
  #fd: number;
  #damage: string | undefined;
  #window: ByteWindow | undefined;
  #gunzip: Gunzip | undefined;
  /** Compressed bytes given to be decompressed. */
  #packedOffset: number;
  #state: 'reading' | 'ended';
  #isBusy: boolean;

  private constructor(
    fd: number,
    sizeBytes: number,
    tracked: TrackedFile,
    line: FirstLine | undefined,
    onReadable: () => void,
  ) {
    this.tracked = tracked;
    this.offsetBytes = 0;
    this.sizeBytes = sizeBytes;
    this.isFinal = true;
    this.atFinalEnd = false;
    this.records = line?.isContainerRecord === true ? new ContainerRecords() : undefined;
    this.#onReadable = onReadable;
    this.#fd = fd;
    this.#damage = undefined;
    this.#window = undefined;
    this.#gunzip = undefined;
    this.#packedOffset = 0;
    this.#state = 'reading';
    this.#isBusy = false;
  }

  /** `undefined` when nothing is at the path; throws as `openLogIfPresent` does. */
  static openIfPresent(source: string, path: string, onReadable: () => void): GzipFile | undefined {
    return openLogIfPresent(path, (fd, { device, inode, sizeBytes }) => {
      const line = firstLineIn(fd, sizeBytes);
      const tracked = { source, path, identity: { device, inode, firstLineHash: line?.hash ?? '' } };
      return new GzipFile(fd, lengthFieldOf(fd, sizeBytes), tracked, line, onReadable);
    });
  }

  get inode(): Inode {
    return this.tracked.identity;
  }

  get isOpen(): boolean {
    return this.#fd !== CLOSED;
  }

  get waitingBytes(): number {
    return Math.max(0, this.sizeBytes - this.offsetBytes);
  }

  /** Its size on disk says nothing. */
  sawSize(): boolean {
    return false;
  }

  facts(): FileFacts {
    return factsOfDescriptor(this.#fd);
  }

  get damage(): string | undefined {
    return this.#damage;
  }

  /** 0 also while more is being decompressed: `onReadable` follows. A damaged file ends where the damage begins. */
  read(into: Uint8Array): number {
    this.#window ??= this.#begin();
    this.#decompress(Math.max(into.length, READ_CHUNK_BYTES));
    const count = this.#window.read(into);
    this.atFinalEnd = this.#state === 'ended' && count === this.#window.waitingBytes;
    this.sizeBytes = Math.max(this.sizeBytes, this.offsetBytes + count);
    return count;
  }

  #begin(): ByteWindow {
    const window = new ByteWindow(this.offsetBytes);
    const gunzip = createGunzip();
    gunzip.on('data', (chunk: Uint8Array) => window.push(chunk));
    gunzip.on('end', () => this.#end(gunzip, undefined));
    gunzip.on('error', (error) => this.#end(gunzip, error.message));
    this.#gunzip = gunzip;
    this.#packedOffset = 0;
    this.#state = 'reading';
    this.#isBusy = false;
    return window;
  }

  /** Gives compressed bytes piece by piece, as long as fewer bytes than wanted are at hand. */
  #decompress(wantedBytes: number): void {
    const gunzip = this.#gunzip;
    if (gunzip === undefined || this.#isBusy || this.#state === 'ended') return;
    if ((this.#window?.waitingBytes ?? 0) >= wantedBytes) return;
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    const count = fs.readSync(this.#fd, piece, 0, PIECE_BYTES, this.#packedOffset);
    this.#packedOffset += count;
    this.#isBusy = true;
    if (count === 0) gunzip.end();
    else gunzip.write(piece.subarray(0, count), (error) => this.#decompressed(gunzip, error));
  }

  /** Goes on by itself up to a read's worth: a reader that waits is told once. */
  #decompressed(gunzip: Gunzip, error: Error | null | undefined): void {
    if (gunzip !== this.#gunzip || error) return;
    this.#isBusy = false;
    try {
      this.#decompress(READ_CHUNK_BYTES);
    } catch {
      // The next read meets the same failure, and says so.
    }
    if (!this.#isBusy) this.#onReadable();
  }

  #end(gunzip: Gunzip, damage: string | undefined): void {
    if (gunzip !== this.#gunzip) return;
    this.#state = 'ended';
    this.#damage ??= damage;
    this.#onReadable();
  }

  hasGrown(): boolean {
    return false;
  }

  peek(into: Uint8Array): number {
    return this.#window?.read(into) ?? 0;
  }

  consume(bytes: number): void {
    this.offsetBytes += bytes;
    this.#window?.consume(bytes);
  }

  /** A compressed copy is never cut in place. */
  startOver(): void {
    this.offsetBytes = 0;
  }

  /** Only active files begin at their end, and none of them is compressed. */
  skipToEnd(): void {
    this.offsetBytes = this.sizeBytes;
  }

  reopen(): 'open' | 'gone' {
    const { source, path, identity } = this.tracked;
    const again = GzipFile.openIfPresent(source, path, this.#onReadable);
    if (again === undefined) return 'gone';
    if (
      !isSameInode(again.inode, identity) ||
      again.tracked.identity.firstLineHash !== identity.firstLineHash
    ) {
      again.close();
      return 'gone';
    }
    this.#fd = again.#fd;
    return 'open';
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = CLOSED;
    this.#gunzip?.destroy();
    this.#gunzip = undefined;
    this.#window = undefined;
    if (fd !== CLOSED) fs.closeSync(fd);
  }
}

/** 0 when it cannot be true: the field of a file that was cut off is any four bytes. */
function lengthFieldOf(fd: number, sizeBytes: number): number {
  if (sizeBytes < LENGTH_FIELD_BYTES) return 0;
  const field = Buffer.alloc(LENGTH_FIELD_BYTES);
  fs.readSync(fd, field, 0, LENGTH_FIELD_BYTES, sizeBytes - LENGTH_FIELD_BYTES);
  const length = field.readUInt32LE();
  return length <= sizeBytes * MAX_EXPANSION ? length : 0;
}

/** `undefined` when there is none, or the file is damaged: reading it will say so. */
function firstLineIn(fd: number, sizeBytes: number): FirstLine | undefined {
  for (const most of FIRST_TRIES_BYTES) {
    const packed = Buffer.alloc(Math.min(most, sizeBytes));
    const count = fs.readSync(fd, packed, 0, packed.length, 0);
    const start = startOf(packed.subarray(0, count));
    const line = firstLineOf((at, limit) => start.subarray(at, at + limit));
    if (line !== undefined || packed.length === sizeBytes) return line;
  }
  return undefined;
}

/** As much as the beginning of a compressed file gives. */
function startOf(packed: Uint8Array): Uint8Array {
  try {
    return gunzipSync(packed, {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: MAX_FIRST_OUTPUT_BYTES,
    });
  } catch {
    // Damaged, or a bomb: it gets no identity, and reading it goes through the bounded window.
    return new Uint8Array(0);
  }
}
