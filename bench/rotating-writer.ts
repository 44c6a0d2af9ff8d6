/**
 * Writes a log as Tetragon's writer (lumberjack) does: one write(2) per line, and when the file is full: close,
 * rename to `<name>-<UTC milliseconds>.log`, create anew. Between the rename and the creation there is no file of
 * that name. Afterwards, not at once, old backups are deleted and, if asked for, the others are compressed:
 * `X.log.gz.tmp` is written, renamed to `X.log.gz`, and `X.log` unlinked, so that for a while both exist.
 */

import { closeSync, constants, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

/** Tetragon's defaults. */
const DEFAULT_MAX_BYTES = 10 * 1024 * 1024;
const DEFAULT_BACKUPS = 5;
const FILE_MODE = 0o600;

/** How long a burst at full speed may keep the event loop, and how often a slower writer wakes up. */
const BURST_MS = 5;

export interface RotatingWriterOptions {
  /** The active file; its name ends in `.log`. */
  readonly path: string;
  /** A line that would make the file longer than this goes to a new one; default 10 MiB. */
  readonly maxBytes?: number;
  /** Backups kept; default 5, 0 keeps all. */
  readonly backups?: number;
  readonly gzip?: boolean;
}

export class RotatingWriter {
  lines: number;
  bytes: number;
  rotations: number;
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #backups: number;
  readonly #gzip: boolean;
  #file: number;
  #fileBytes: number;
  /** The housekeeping that is under way; a rotation queues its own behind it. */
  #mill: Promise<void>;

  constructor(options: RotatingWriterOptions) {
    this.lines = 0;
    this.bytes = 0;
    this.rotations = 0;
    this.#path = options.path;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#backups = options.backups ?? DEFAULT_BACKUPS;
    this.#gzip = options.gzip ?? false;
    this.#file = openSync(this.#path, 'a', FILE_MODE);
    this.#fileBytes = fstatSync(this.#file).size;
    this.#mill = Promise.resolve();
  }

  /** One line, its line end included, in one write(2). */
  write(line: Buffer): void {
    if (this.#fileBytes + line.length > this.#maxBytes && this.#fileBytes > 0) this.rotate();
    const written = writeSync(this.#file, line);
    if (written !== line.length)
      throw new Error(`cannot write ${this.#path}: only ${written} bytes went out`);
    this.#fileBytes += line.length;
    this.bytes += line.length;
    this.lines++;
  }

  /** Two rotations within one millisecond give one backup name: the first backup is lost, as with lumberjack. */
  rotate(): void {
    closeSync(this.#file);
    renameSync(this.#path, backupPath(this.#path, new Date()));
    const { O_CREAT, O_TRUNC, O_WRONLY } = constants;
    this.#file = openSync(this.#path, O_CREAT | O_TRUNC | O_WRONLY, FILE_MODE);
    this.#fileBytes = 0;
    this.rotations++;
    this.#mill = this.#mill.then(() => this.#housekeep());
  }

  /**
   * Writes lines until the signal aborts or `next` gives none; `eventsPerSecond` 0 is as fast as it goes.
   * Missed time is made up for, as a kernel's events would not wait either; only while `mayWrite` says no, they do.
   */
  async run(
    next: () => string | undefined,
    eventsPerSecond: number,
    signal: AbortSignal,
    mayWrite: () => boolean = () => true,
  ): Promise<void> {
    const startMs = performance.now();
    const firstLine = this.lines;
    while (!signal.aborted) {
      const burstMs = performance.now();
      const due =
        eventsPerSecond === 0
          ? Number.POSITIVE_INFINITY
          : ((burstMs - startMs) * eventsPerSecond) / 1000 - (this.lines - firstLine);
      for (let i = 0; i < due && mayWrite() && performance.now() - burstMs < BURST_MS; i++) {
        const line = next();
        if (line === undefined) return;
        this.write(Buffer.from(line));
      }
      await new Promise<void>((resolve) => {
        if (eventsPerSecond === 0 && mayWrite()) setImmediate(resolve);
        else setTimeout(resolve, BURST_MS);
      });
    }
  }

  /** Waits for the housekeeping, then closes the active file. */
  async close(): Promise<void> {
    await this.#mill;
    closeSync(this.#file);
  }

  async #housekeep(): Promise<void> {
    const folder = dirname(this.#path);
    const prefix = `${basename(this.#path, '.log')}-`;
    const names = await readdir(folder);
    const isBackup = (name: string) => name.startsWith(prefix) && /\.log(\.gz)?$/.test(name);
    // A backup and its compressed copy count once.
    const stems = [...new Set(names.filter(isBackup).map((name) => name.replace(/\.gz$/, '')))].sort();
    const kept = this.#backups === 0 ? stems : stems.slice(-this.#backups);
    for (const stem of stems) {
      const path = join(folder, stem);
      if (!kept.includes(stem)) {
        await rm(path, { force: true });
        await rm(`${path}.gz`, { force: true });
      } else if (this.#gzip && names.includes(stem)) {
        await writeFile(`${path}.gz.tmp`, await compress(await readFile(path)), { mode: FILE_MODE });
        await rename(`${path}.gz.tmp`, `${path}.gz`);
        await rm(path);
      }
    }
  }
}

/** `tetragon-2006-01-02T15-04-05.000.log` beside the active file. */
export function backupPath(path: string, at: Date): string {
  const stamp = at.toISOString().slice(0, -1).replaceAll(':', '-');
  return join(dirname(path), `${basename(path, '.log')}-${stamp}.log`);
}
