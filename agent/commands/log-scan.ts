/**
 * Logs through the kernel, as the agent would see their lines, but with nothing shipped: for the commands that ask
 * what rules would have done, or what columns there are.
 */

import { statSync } from 'node:fs';
import { messageOf, TetrashipError } from '../errors.ts';
import type { Kernel, KernelMatch, SealedSlot } from '../kernel/kernel.ts';
import { STATUS_MORE, STATUS_SLOT_FULL, STATUS_TOO_LONG } from '../kernel/kernel.ts';
import type { RejectReason } from '../kernel/types.ts';
import { READ_CHUNK_BYTES } from '../limits.ts';
import { LogBytes } from './log-bytes.ts';
import { Progress } from './progress.ts';
import { countOf, warn } from './say.ts';

const NEWLINE = 0x0a;

export interface ScanHandlers {
  /** Matches of one call in the order of the log; their views are valid until return. */
  readonly onMatches?: (matches: readonly KernelMatch[]) => void;
  /** Rows of a full slot; a view, valid until return. */
  readonly onRows?: (slot: SealedSlot) => void;
}

/** What one file was made of. */
export interface ScannedLog {
  readonly path: string;
  /** Uncompressed. */
  readonly bytes: number;
  readonly events: number;
  readonly rejected: ReadonlyMap<RejectReason, number>;
  /** Why it ended early, when it is compressed and damaged. */
  readonly damage: string | undefined;
}

/**
 * Reads files in the order given, with a bar for whoever watches.
 * @throws {TetrashipError} INTAKE when one is not there, before anything is read, or cannot be read
 */
export async function scanLogs(
  paths: readonly string[],
  kernel: Kernel,
  on: ScanHandlers,
): Promise<readonly ScannedLog[]> {
  const sizes = paths.map(sizeOf);
  const progress = new Progress(sizes.reduce((sum, size) => sum + size, 0));
  const scanned: ScannedLog[] = [];
  try {
    for (const [index, path] of paths.entries()) {
      scanned.push(await scanLog(path, kernel, on, (bytes) => progress.show(bytes)));
      progress.fileDone(sizes[index] ?? 0);
    }
  } finally {
    progress.end();
  }
  return scanned;
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    throw new TetrashipError('INTAKE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Bytes in order. */
export interface ByteSource {
  /** Fills as much of `into` as is at hand; 0 at the end. */
  read(into: Uint8Array): number | Promise<number>;
}

/** Takes everything that a source has; the last line needs no newline. */
export async function scanBytes(
  source: ByteSource,
  kernel: Kernel,
  on: ScanHandlers,
): Promise<Pick<ScannedLog, 'events' | 'rejected'>> {
  const scan = new Scan(kernel, on);
  await scan.run(source, () => undefined);
  return scan;
}

/** Reads one file to its end; states of conditions go on from the file before. */
async function scanLog(
  path: string,
  kernel: Kernel,
  on: ScanHandlers,
  onRead: (readBytes: number) => void,
): Promise<ScannedLog> {
  const log = new LogBytes(path);
  try {
    const scan = new Scan(kernel, on);
    await scan.run(log, () => onRead(log.readBytes));
    return { path, bytes: scan.position, events: scan.events, rejected: scan.rejected, damage: log.damage };
  } finally {
    log.close();
  }
}

/**
 * Says what else stood in the logs, on standard error.
 * @throws {TetrashipError} INTAKE when a log is damaged or holds no event: what was printed is not the whole answer
 */
export function complainAbout(logs: readonly ScannedLog[]): void {
  const faults: string[] = [];
  for (const { path, bytes, events, rejected, damage } of logs) {
    const bad = [...rejected.values()].reduce((sum, count) => sum + count, 0);
    const reasons = [...rejected].map(([reason, count]) => `${reason} ${count}`).join(', ');
    if (damage !== undefined) {
      const kept = `${countOf(events, 'event')} before that place ${events === 1 ? 'was' : 'were'} read`;
      faults.push(`${path} is damaged: ${damage}; ${kept}`);
    } else if (bytes === 0) warn(`${path} is empty`);
    else if (events === 0)
      faults.push(`no line of ${path} is an event (${reasons || 'blank'}): is it Tetragon's log?`);
    else if (bad > 0)
      warn(`${path}: ${countOf(bad, 'line')} ${bad === 1 ? 'is' : 'are'} no event (${reasons})`);
  }
  if (faults.length > 0) throw new TetrashipError('INTAKE', faults.join('\n'));
}

class Scan {
  position: number;
  events: number;
  readonly rejected: Map<RejectReason, number>;
  readonly #kernel: Kernel;
  readonly #on: ScanHandlers;
  /** `skipping`: in a line that is too long, until its end. */
  #state: 'lines' | 'skipping';

  constructor(kernel: Kernel, on: ScanHandlers) {
    this.position = 0;
    this.events = 0;
    this.rejected = new Map();
    this.#kernel = kernel;
    this.#on = on;
    this.#state = 'lines';
  }

  async run(source: ByteSource, onRead: () => void): Promise<void> {
    const { input } = this.#kernel;
    this.#kernel.openSlot(0);
    let held = 0;
    for (;;) {
      const room = Math.min(READ_CHUNK_BYTES, input.length - held);
      const read = await source.read(input.subarray(held, held + room));
      held = this.#take(held + read, read === 0);
      onRead();
      if (read === 0) break;
    }
    this.#endSlot();
  }

  /** Takes the complete lines among the first `length` bytes of the input; returns how many bytes stay there. */
  #take(length: number, final: boolean): number {
    const kernel = this.#kernel;
    while (length > 0) {
      if (this.#state === 'skipping') {
        const newline = kernel.input.subarray(0, length).indexOf(NEWLINE);
        if (newline >= 0) this.#state = 'lines';
        length = this.#drop(newline < 0 ? length : newline + 1, length);
        continue;
      }
      const status = kernel.process(length, this.position, final);
      this.#collect();
      length = this.#drop(kernel.consumedBytes, length);
      if (status === STATUS_SLOT_FULL) {
        this.#endSlot();
        kernel.openSlot(0);
      } else if (status === STATUS_TOO_LONG) {
        this.#reject('too_long');
        this.#state = 'skipping';
      } else if (status === STATUS_MORE) break;
    }
    return length;
  }

  #collect(): void {
    const kernel = this.#kernel;
    this.events += kernel.events;
    for (let i = 0; i < kernel.rejectCount; i++) this.#reject(kernel.reject(i).reason);
    const count = kernel.matchCount;
    if (count === 0 || this.#on.onMatches === undefined) return;
    this.#on.onMatches(Array.from({ length: count }, (_, i) => kernel.match(i)));
  }

  #reject(reason: RejectReason): void {
    this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1);
  }

  #endSlot(): void {
    const slot = this.#kernel.sealSlot();
    if (slot.rowCount > 0) this.#on.onRows?.(slot);
  }

  /** Moves what follows the first `count` bytes to the front. */
  #drop(count: number, length: number): number {
    this.position += count;
    if (count > 0 && count < length) this.#kernel.input.copyWithin(0, count, length);
    return length - count;
  }
}
