/**
 * Dead letters: what could not be sent, one JSON object per line in `<folder>/*.ndjson`.
 *
 * Owns the folder's files. Promises: a letter is in the file's page cache when `append` returns, and on disk when
 * `flush` has returned (the checkpoint passes its bytes only then); all files together stay under the bound, the
 * oldest file goes first and is counted. Disk errors are counted and said, never thrown.
 * A new process begins a new file, so that a line torn by a crash stays the last of its file.
 */

import fs from 'node:fs';
import path from 'node:path';
import { messageOf } from '../errors.ts';
import { KiB, MiB } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { TrackedFile } from '../position.ts';

export interface DeadLetter {
  /** A reject reason of the kernel, or `refused`: the server's or the connection's fault, see `message`. */
  readonly reason: string;
  readonly file: string;
  /** Where the line stands, in uncompressed bytes. */
  readonly offset: number;
  readonly length: number;
  /** The server's status, `null` when there was no answer. */
  readonly status: number | null;
  readonly message: string;
  /** The line as it was read; written as `line`, or as `line_base64` when it is no UTF-8. */
  readonly line?: Uint8Array | undefined;
  /** The row as it was sent. */
  readonly row?: Uint8Array | undefined;
}

/** Reads a line back from its file; `undefined` when the file is gone or is another by now. */
export type LineReader = (
  file: TrackedFile,
  offsetBytes: number,
  lengthBytes: number,
) => Uint8Array | undefined;

export interface DeadLettersOptions {
  readonly folder: string;
  readonly node: string;
  /** Bound of all files together. */
  readonly maxBytes: number;
  readonly log: Logger;
}

interface LetterFile {
  readonly name: string;
  bytes: number;
}

/** Files in the folder at the bound: losing the oldest loses an eighth. */
const FILES_AT_BOUND = 8;
/** But files that can be read at once, whatever the bound. */
const MAX_FILE_BYTES = 16 * MiB;
const MIN_FILE_BYTES = 64 * KiB;
/** A broken disk is said this often. */
const COMPLAIN_EVERY_MS = 60_000;

/** Distinguishes files that this process begins within one millisecond. */
let filesBegun = 0;

const NEWLINE = 0x0a;

export class DeadLetters {
  readonly stats: {
    letters: number;
    /** Letters by reason. The reasons are ours: a bounded set. */
    byReason: Map<string, number>;
    bytes: number;
    /** Letters in files that were removed to stay under the bound. */
    removed: number;
    /** Letters that could not be written. */
    failed: number;
    diskErrors: number;
  };
  readonly #options: DeadLettersOptions;
  readonly #fileBytes: number;
  /** The oldest first; the last one may be open. */
  readonly #files: LetterFile[];
  #descriptor: number | undefined;
  #unsynced: boolean;
  #complainedMs: number;

  /** Never throws: a folder that cannot be used shows with the first letter. */
  constructor(options: DeadLettersOptions) {
    this.stats = { letters: 0, byReason: new Map(), bytes: 0, removed: 0, failed: 0, diskErrors: 0 };
    this.#options = options;
    const share = Math.floor(options.maxBytes / FILES_AT_BOUND);
    this.#fileBytes = Math.min(MAX_FILE_BYTES, Math.max(MIN_FILE_BYTES, share));
    this.#files = [];
    this.#descriptor = undefined;
    this.#unsynced = false;
    this.#complainedMs = Number.NEGATIVE_INFINITY;
    this.#scan();
  }

  /** Bytes of all files. */
  get usedBytes(): number {
    return this.stats.bytes;
  }

  /** Writes one letter. Returns false when the disk did not take it: counted and said here. */
  append(letter: DeadLetter): boolean {
    const bytes = this.#render(letter);
    try {
      const current = this.#makeRoom(bytes.length);
      let at = 0;
      while (at < bytes.length) at += fs.writeSync(current, bytes, at);
      const file = this.#files.at(-1);
      if (file !== undefined) file.bytes += bytes.length;
      this.stats.bytes += bytes.length;
      this.stats.letters++;
      this.stats.byReason.set(letter.reason, (this.stats.byReason.get(letter.reason) ?? 0) + 1);
      this.#unsynced = true;
      return true;
    } catch (error) {
      this.stats.failed++;
      this.#takeBack();
      this.#complain('write a dead letter', error, {
        file: letter.file,
        offset: letter.offset,
        length: letter.length,
      });
      return false;
    }
  }

  /** Everything appended so far survives a power failure. Returns false when the disk refused. */
  flush(): boolean {
    if (!this.#unsynced || this.#descriptor === undefined) return true;
    try {
      fs.fsyncSync(this.#descriptor);
      this.#unsynced = false;
      return true;
    } catch (error) {
      // After a failed fsync the kernel may forget the pages: a further try on this descriptor proves nothing.
      this.#close();
      this.#complain('make dead letters durable', error, {});
      return false;
    }
  }

  close(): void {
    this.flush();
    this.#close();
  }

  #render(letter: DeadLetter): Buffer {
    const { line, row, reason, ...rest } = letter;
    const { node, maxBytes } = this.#options;
    const head = { time: new Date().toISOString(), reason, node, ...rest };
    const whole = Buffer.from(`${JSON.stringify({ ...head, ...lineFields(line), ...rowField(row) })}\n`);
    if (whole.length <= maxBytes) return whole;
    // Larger than all letters may be together: at least its place is kept.
    return Buffer.from(`${JSON.stringify({ ...head, omitted_bytes: whole.length })}\n`);
  }

  /** The descriptor to write `length` bytes to, with room for them under the bound. */
  #makeRoom(length: number): number {
    const current = this.#files.at(-1);
    if (current !== undefined && current.bytes > 0 && current.bytes + length > this.#fileBytes) {
      this.flush();
      this.#close();
    }
    while (this.stats.bytes + length > this.#options.maxBytes && this.#files.length > 0) this.#removeOldest();
    return this.#descriptor ?? this.#open();
  }

  #open(): number {
    const { folder } = this.#options;
    fs.mkdirSync(folder, { recursive: true });
    const name = `${new Date().toISOString().replaceAll(':', '-')}-${process.pid}-${filesBegun++}.ndjson`;
    const descriptor = fs.openSync(path.join(folder, name), 'ax', 0o600);
    this.#descriptor = descriptor;
    this.#files.push({ name, bytes: 0 });
    const parent = fs.openSync(folder, 'r');
    try {
      fs.fsyncSync(parent);
    } finally {
      fs.closeSync(parent);
    }
    return descriptor;
  }

  /** Removes what a failed write left, so that a full disk makes neither torn lines nor a file per letter. */
  #takeBack(): void {
    if (this.#descriptor === undefined) return;
    try {
      fs.ftruncateSync(this.#descriptor, this.#files.at(-1)?.bytes ?? 0);
    } catch (error) {
      this.#complain('take a torn dead letter back', error, {});
      this.#close();
    }
  }

  #removeOldest(): void {
    const oldest = this.#files.shift();
    if (oldest === undefined) return;
    if (this.#files.length === 0) this.#close();
    const file = path.join(this.#options.folder, oldest.name);
    this.stats.bytes -= oldest.bytes;
    try {
      const letters = countLetters(file);
      fs.unlinkSync(file);
      this.stats.removed += letters;
      this.#options.log.warn('dead letters are full: the oldest file is removed', { file, letters });
    } catch (error) {
      this.#complain('remove old dead letters', error, { file });
    }
  }

  #close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    this.#unsynced = false;
    if (descriptor === undefined) return;
    try {
      fs.closeSync(descriptor);
    } catch (error) {
      this.#complain('close a file of dead letters', error, {});
    }
  }

  /** Files of earlier runs count against the bound. */
  #scan(): void {
    const { folder } = this.#options;
    try {
      if (!fs.existsSync(folder)) return;
      const names = fs.readdirSync(folder).filter((name) => name.endsWith('.ndjson'));
      for (const name of names.sort()) {
        const { size } = fs.statSync(path.join(folder, name));
        this.#files.push({ name, bytes: size });
        this.stats.bytes += size;
      }
    } catch (error) {
      this.#complain('look into the folder of dead letters', error, { folder });
    }
  }

  #complain(what: string, error: unknown, fields: Record<string, unknown>): void {
    this.stats.diskErrors++;
    const now = performance.now();
    if (now - this.#complainedMs < COMPLAIN_EVERY_MS) return;
    this.#complainedMs = now;
    const { folder } = this.#options;
    const text = `cannot ${what}: ${messageOf(error)}; events that the server refuses are lost until the disk is well`;
    this.#options.log.error(text, { folder, failed: this.stats.failed, ...fields });
  }
}

function lineFields(line: Uint8Array | undefined): Record<string, string> {
  if (line === undefined) return {};
  try {
    return { line: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line) };
  } catch {
    return { line_base64: Buffer.from(line).toString('base64') };
  }
}

/** Text, not an object: its numbers and escapes are kept as they were sent. */
function rowField(row: Uint8Array | undefined): Record<string, string> {
  return row === undefined ? {} : { row: Buffer.from(row).toString('utf8') };
}

function countLetters(file: string): number {
  const bytes = fs.readFileSync(file);
  let letters = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) letters++;
  return letters;
}
