/**
 * A compressed backup. Decompressed only while it is its turn to be read, through a bounded window; what was read of
 * the plain file before is decompressed again and dropped. A descriptor holds it, as it does a plain file.
 */

import fs from 'node:fs';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { KiB, MiB } from '../limits.ts';
import type { TrackedFile } from '../position.ts';
import { ContainerRecords } from './container-records.ts';
import { type FileFacts, factsOfDescriptor, type Inode, isAbsent, isSameInode } from './file-facts.ts';
import { type FirstLine, firstLineOf } from './first-line.ts';
import type { HeldFile } from './held-file.ts';
import { StreamWindow } from './stream-window.ts';

const CLOSED = -1;
/** The trailer's last field: the uncompressed length modulo 2^32. */
const LENGTH_FIELD_BYTES = 4;
/**
 * Compressed bytes tried for the first line, ever more. Deflate expands 1,032 times at most, so that the first try
 * stays in bounds whatever the file holds.
 */
const FIRST_TRIES_BYTES = [KiB, 8 * KiB, 64 * KiB, MiB];
const MAX_FIRST_OUTPUT_BYTES = 4 * MiB;

export class GzipFile implements HeldFile {
  readonly tracked: TrackedFile;
  offsetBytes: number;
  sizeBytes: number;
  /** Always: nobody writes into a compressed copy. */
  isFinal: boolean;
  atFinalEnd: boolean;
  readonly isTruncated = false;
  readonly records: ContainerRecords | undefined;
  #fd: number;
  #window: StreamWindow | undefined;
  #fault: Error | undefined;
  readonly #onReadable: () => void;

  private constructor(fd: number, tracked: TrackedFile, line: FirstLine | undefined, onReadable: () => void) {
    this.tracked = tracked;
    this.offsetBytes = 0;
    this.sizeBytes = lengthFieldOf(fd);
    this.isFinal = true;
    this.atFinalEnd = false;
    this.records = line?.isContainerRecord === true ? new ContainerRecords() : undefined;
    this.#fd = fd;
    this.#window = undefined;
    this.#fault = undefined;
    this.#onReadable = onReadable;
  }

  /** Throws the system's error; `undefined` when nothing is at the path. */
  static openIfPresent(source: string, path: string, onReadable: () => void): GzipFile | undefined {
    let fd = CLOSED;
    try {
      fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY);
      const { device, inode, isFile } = factsOfDescriptor(fd);
      if (!isFile) throw new Error('it is not a regular file');
      const line = firstLineIn(fd);
      const identity = { device, inode, firstLineHash: line?.hash ?? '' };
      return new GzipFile(fd, { source, path, identity }, line, onReadable);
    } catch (error) {
      if (fd !== CLOSED) fs.closeSync(fd);
      if (isAbsent(error)) return undefined;
      throw error;
    }
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

  /** 0 also while more is being decompressed: `onReadable` follows. Throws when the file is damaged. */
  read(into: Uint8Array): number {
    if (this.#fault !== undefined) throw this.#fault;
    this.#window ??= this.#open();
    const count = this.#window.read(into);
    this.atFinalEnd = this.#window.atEnd;
    this.sizeBytes = Math.max(this.sizeBytes, this.offsetBytes + count);
    return count;
  }

  #open(): StreamWindow {
    const input = fs.createReadStream('', { fd: this.#fd, autoClose: false, start: 0 });
    const output = createGunzip();
    const fail = (error: Error): void => {
      this.#fault = error;
      this.#onReadable();
    };
    input.once('error', (error) => output.destroy(error));
    return new StreamWindow(input.pipe(output), this.#onReadable, fail, this.offsetBytes);
  }

  consume(bytes: number): void {
    this.offsetBytes += bytes;
    this.#window?.consume(bytes);
  }

  /** A compressed copy is never cut in place. */
  startOver(): void {}

  reopen(): 'open' | 'gone' {
    const { source, path, identity } = this.tracked;
    const again = GzipFile.openIfPresent(source, path, this.#onReadable);
    if (again === undefined) return 'gone';
    if (!isSameInode(again.inode, identity) || again.tracked.identity.firstLineHash !== identity.firstLineHash) {
      again.close();
      return 'gone';
    }
    this.#fd = again.#fd;
    return 'open';
  }

  close(): void {
    this.#window?.close();
    this.#window = undefined;
    const fd = this.#fd;
    this.#fd = CLOSED;
    if (fd !== CLOSED) fs.closeSync(fd);
  }
}

function lengthFieldOf(fd: number): number {
  const { sizeBytes } = factsOfDescriptor(fd);
  if (sizeBytes < LENGTH_FIELD_BYTES) return 0;
  const field = Buffer.alloc(LENGTH_FIELD_BYTES);
  fs.readSync(fd, field, 0, LENGTH_FIELD_BYTES, sizeBytes - LENGTH_FIELD_BYTES);
  return field.readUInt32LE();
}

/** `undefined` when there is none, or the file is damaged: reading it will say so. */
function firstLineIn(fd: number): FirstLine | undefined {
  const { sizeBytes } = factsOfDescriptor(fd);
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
    return gunzipSync(packed, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_FIRST_OUTPUT_BYTES });
  } catch {
    // Damaged, or a bomb: it gets no identity, and reading it goes through the bounded window.
    return new Uint8Array(0);
  }
}
