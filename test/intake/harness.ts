/** A log that is written, rotated and broken with real files, and a reader that does what the pipeline does. */

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { HeldLimits } from '../../agent/intake/held-files.ts';
import type { ResumeState } from '../../agent/intake/history.ts';
import { Intake } from '../../agent/intake/intake.ts';
import type { Source } from '../../agent/intake/source.ts';
import type { Logger } from '../../agent/log.ts';
import type { Position } from '../../agent/position.ts';

export class RecordingLog implements Logger {
  readonly lines: string[] = [];
  debug(message: string): void {
    this.lines.push(`debug ${message}`);
  }
  info(message: string): void {
    this.lines.push(`info ${message}`);
  }
  warn(message: string): void {
    this.lines.push(`warn ${message}`);
  }
  error(message: string): void {
    this.lines.push(`error ${message}`);
  }
  /** How many messages hold the text. */
  count(text: string): number {
    return this.lines.filter((line) => line.includes(text)).length;
  }
}

export function temporaryFolder(): string {
  return fs.mkdtempSync(join(tmpdir(), 'tetraship-intake-'));
}

/** A writer that rotates as lumberjack does: rename to a name with the time, then create. */
export class Writer {
  readonly folder: string;
  readonly path: string;
  #clockMs = Date.UTC(2026, 0, 2, 15, 4, 5);

  constructor(folder: string, name = 'tetragon.log') {
    this.folder = folder;
    this.path = join(folder, name);
  }

  write(text: string): void {
    fs.appendFileSync(this.path, text);
  }

  /** Returns the backup's path. */
  rename(isSameMillisecond = false): string {
    if (!isSameMillisecond) this.#clockMs += 1;
    const time = new Date(this.#clockMs).toISOString().slice(0, -1).replaceAll(':', '-');
    const backup = join(this.folder, `tetragon-${time}.log`);
    fs.renameSync(this.path, backup);
    return backup;
  }

  create(): void {
    fs.closeSync(fs.openSync(this.path, 'w'));
  }

  rotate(isSameMillisecond = false): string {
    const backup = this.rename(isSameMillisecond);
    this.create();
    return backup;
  }

  /** As lumberjack does, in steps: the copy under a temporary name, its own name, the original away. */
  compress(backup: string, steps: { unlink: boolean } = { unlink: true }): string {
    const copy = `${backup}.gz`;
    fs.writeFileSync(`${copy}.tmp`, gzipSync(fs.readFileSync(backup)));
    fs.renameSync(`${copy}.tmp`, copy);
    if (steps.unlink) fs.unlinkSync(backup);
    return copy;
  }

  /** Plain ones, the oldest first. */
  backups(): string[] {
    return fs
      .readdirSync(this.folder)
      .filter((name) => name.startsWith('tetragon-') && name.endsWith('.log'))
      .sort()
      .map((name) => join(this.folder, name));
  }
}

const NEWLINE = 0x0a;
/** Longer than decompressing takes, and than a file without a name stays open for its writer. */
const QUIET_AFTER_MS = 500;
const LONG_AFTER_MS = 20_000;
/** Far more than a small file needs. */
const DECOMPRESS_TIMEOUT_MS = 10_000;

/** Reads as the pipeline does: whole lines, and the last piece only at a file's final end. */
export class Reader {
  readonly lines: string[] = [];
  readonly safe = new Map<string, Position>();
  readonly #buffer: Buffer;

  constructor(bufferBytes = 1 << 16) {
    this.#buffer = Buffer.alloc(bufferBytes);
  }

  readAll(intake: Intake): void {
    for (const source of intake.sources) while (this.readOnce(source));
  }

  /** As `readAll`, and waits for what is being decompressed. */
  async readAllCompressed(intake: Intake): Promise<void> {
    for (const startMs = performance.now(); performance.now() - startMs < DECOMPRESS_TIMEOUT_MS; ) {
      this.readAll(intake);
      const isWaiting = intake.sources.some(
        ({ file, atFinalEnd }) => file?.path.endsWith('.gz') && !atFinalEnd,
      );
      if (!isWaiting) return;
      await new Promise(setImmediate);
      // A plain file that is read on under the name of its copy ends when it has been quiet for long.
      if (performance.now() - startMs > QUIET_AFTER_MS) intake.look(performance.now() + LONG_AFTER_MS);
    }
    throw new Error('a compressed file has no end');
  }

  /** One read and what follows from it; `false` when there is nothing more for now. */
  readOnce(source: Source): boolean {
    const count = source.read(this.#buffer);
    const { file } = source;
    if (file === undefined) return false;
    const data = this.#buffer.subarray(0, count);
    const whole = data.lastIndexOf(NEWLINE) + 1;
    let end = source.atFinalEnd || (whole === 0 && count === this.#buffer.length) ? count : whole;
    if (end > whole && whole > 0 && !source.atFinalEnd) end = whole;
    if (end === 0) return count === 0 && source.atFinalEnd && source.advance();
    const text = data.toString('utf8', 0, end);
    this.lines.push(...text.split('\n').filter((line) => line !== ''));
    source.consume(end);
    this.safe.set(file.source, { file, offsetBytes: source.offsetBytes });
    return true;
  }
}

export interface Bench {
  readonly folder: string;
  readonly writer: Writer;
  readonly log: RecordingLog;
  readonly options: {
    readFrom?: 'beginning' | 'end';
    paths?: readonly string[];
    resume?: ResumeState | undefined;
    heldLimits?: HeldLimits;
    pollIntervalMs?: number;
  };
}

/** An hour between timers: only the test looks. */
const NEVER_MS = 3_600_000;

export function makeIntake(path: string, log: Logger, options: Bench['options'] = {}): Intake {
  return new Intake({
    paths: options.paths ?? [path],
    readFrom: options.readFrom ?? 'beginning',
    resume: options.resume,
    log,
    pollIntervalMs: options.pollIntervalMs ?? NEVER_MS,
    ...(options.heldLimits === undefined ? {} : { heldLimits: options.heldLimits }),
  });
}
