/**
 * The files of dead letters: written at the end of the newest, bounded together, the oldest removed first.
 *
 * Owns the folder's files. Promises: after `write` has thrown, nothing of that letter is in a file; what was written
 * before the last `sync` that returned survives a power failure, name of the file included.
 * A new process begins a new file, so that a line torn by a crash stays the last of its file.
 */

import fs from 'node:fs';
import path from 'node:path';
import { KiB, MiB } from '../limits.ts';

interface LetterFile {
  readonly name: string;
  bytes: number;
  /** Of these, on disk for certain. */
  durableBytes: number;
}

export interface LetterDiskOptions {
  readonly folder: string;
  /** Bound of all files together. */
  readonly maxBytes: number;
  readonly onRemoved: (file: string, letters: number) => void;
  /** Trouble that costs no letter. */
  readonly onTrouble: (what: string, error: unknown) => void;
}

/** Files in the folder at the bound: losing the oldest loses an eighth. */
const FILES_AT_BOUND = 8;
/** But files that can be read at once, whatever the bound. */
const MAX_FILE_BYTES = 16 * MiB;
const MIN_FILE_BYTES = 64 * KiB;

/** Distinguishes files that this process begins within one millisecond. */
let filesBegun = 0;

const NEWLINE = 0x0a;

export class LetterDisk {
  /** Bytes of all files. */
  usedBytes: number;
  /** Grows when what was written since the last `sync` is not to be relied on any more: it must be written again. */
  breaks: number;
  readonly #options: LetterDiskOptions;
  readonly #fileBytes: number;
  /** The oldest first; the last one may be open. */
  readonly #files: LetterFile[];
  #descriptor: number | undefined;
  /** The name of the open file may not survive a power failure. */
  #isNew: boolean;

  /** Never throws: a folder that cannot be used shows with the first letter. */
  constructor(options: LetterDiskOptions) {
    this.usedBytes = 0;
    this.breaks = 0;
    this.#options = options;
    const share = Math.floor(options.maxBytes / FILES_AT_BOUND);
    this.#fileBytes = Math.min(MAX_FILE_BYTES, Math.max(MIN_FILE_BYTES, share));
    this.#files = [];
    this.#descriptor = undefined;
    this.#isNew = false;
    this.#scan();
  }

  /** Appends a letter; it is in the page cache when this returns. Throws what the disk said. */
  write(bytes: Uint8Array): void {
    const current = this.#makeRoom(bytes.length);
    const file = this.#files.at(-1);
    try {
      let at = 0;
      while (at < bytes.length) at += fs.writeSync(current, bytes, at);
    } catch (error) {
      // A full disk must leave neither torn lines nor a file per letter.
      this.#cut(file?.bytes ?? 0);
      throw error;
    }
    if (file !== undefined) file.bytes += bytes.length;
    this.usedBytes += bytes.length;
  }

  /** Throws what the disk said; that is a break. */
  sync(): void {
    const file = this.#files.at(-1);
    if (this.#descriptor === undefined || file === undefined) return;
    try {
      fs.fsyncSync(this.#descriptor);
      if (this.#isNew) syncFolder(this.#options.folder);
    } catch (error) {
      // After a failed fsync the kernel may forget the pages: a further try on this descriptor would prove nothing.
      this.usedBytes -= file.bytes - file.durableBytes;
      file.bytes = file.durableBytes;
      this.breaks++;
      this.#cut(file.bytes);
      this.close();
      throw error;
    }
    this.#isNew = false;
    file.durableBytes = file.bytes;
  }

  close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor === undefined) return;
    this.#attempt('close a file of dead letters', () => fs.closeSync(descriptor));
  }

  /** The descriptor to write `length` bytes to, with room for them under the bound. */
  #makeRoom(length: number): number {
    const current = this.#files.at(-1);
    if (current !== undefined && current.bytes > 0 && current.bytes + length > this.#fileBytes) {
      this.sync();
      this.close();
    }
    while (this.usedBytes + length > this.#options.maxBytes && this.#files.length > 0) this.#removeOldest();
    return this.#descriptor ?? this.#open();
  }

  #open(): number {
    const { folder } = this.#options;
    fs.mkdirSync(folder, { recursive: true });
    const name = `${new Date().toISOString().replaceAll(':', '-')}-${process.pid}-${filesBegun++}.ndjson`;
    const descriptor = fs.openSync(path.join(folder, name), 'ax', 0o600);
    this.#descriptor = descriptor;
    this.#isNew = true;
    this.#files.push({ name, bytes: 0, durableBytes: 0 });
    return descriptor;
  }

  /** Takes back what stands beyond `length` in the open file; where that fails, the file is left as it is. */
  #cut(length: number): void {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) return;
    if (this.#attempt('take a torn dead letter back', () => fs.ftruncateSync(descriptor, length))) return;
    this.breaks++;
    this.close();
  }

  #removeOldest(): void {
    const oldest = this.#files.shift();
    if (oldest === undefined) return;
    if (this.#files.length === 0) this.close();
    const file = path.join(this.#options.folder, oldest.name);
    this.usedBytes -= oldest.bytes;
    this.#attempt('remove old dead letters', () => {
      const letters = countLetters(file);
      fs.unlinkSync(file);
      this.#options.onRemoved(file, letters);
    });
  }

  /** Files of earlier runs count against the bound. */
  #scan(): void {
    const { folder } = this.#options;
    this.#attempt('look into the folder of dead letters', () => {
      if (!fs.existsSync(folder)) return;
      const names = fs.readdirSync(folder).filter((name) => name.endsWith('.ndjson'));
      for (const name of names.sort()) {
        const { size } = fs.statSync(path.join(folder, name));
        this.#files.push({ name, bytes: size, durableBytes: size });
        this.usedBytes += size;
      }
    });
  }

  #attempt(what: string, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#options.onTrouble(what, error);
      return false;
    }
  }
}

function syncFolder(folder: string): void {
  const descriptor = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

function countLetters(file: string): number {
  const bytes = fs.readFileSync(file);
  let letters = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) letters++;
  return letters;
}
