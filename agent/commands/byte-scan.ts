/** Bytes through the kernel, as the agent would see their lines, but with nothing shipped. */

import type { Kernel, KernelMatch, SealedSlot } from '../kernel/kernel.ts';
import { STATUS_MORE, STATUS_SLOT_FULL, STATUS_TOO_LONG } from '../kernel/kernel.ts';
import type { RejectReason } from '../kernel/types.ts';
import { READ_CHUNK_BYTES } from '../limits.ts';

const NEWLINE = 0x0a;

export interface ScanHandlers {
  /** Matches of one call in the order of the log; their views are valid until return. */
  readonly onMatches?: (matches: readonly KernelMatch[]) => void;
  /** Rows of a full slot; a view, valid until return. */
  readonly onRows?: (slot: SealedSlot) => void;
  /** After each read. */
  readonly onRead?: () => void;
}

/** Bytes in order. */
export interface ByteSource {
  /** Fills as much of `into` as is at hand; 0 at the end. */
  read(into: Uint8Array): number | Promise<number>;
}

/** What the bytes were made of. */
export interface Scanned {
  readonly bytes: number;
  readonly events: number;
  readonly rejected: ReadonlyMap<RejectReason, number>;
}

/** Takes everything that a source has; the last line needs no newline. States of conditions go on from before. */
export async function scanBytes(source: ByteSource, kernel: Kernel, on: ScanHandlers): Promise<Scanned> {
  const scan = new Scan(kernel, on);
  await scan.run(source);
  return scan;
}

class Scan implements Scanned {
  bytes: number;
  events: number;
  readonly rejected: Map<RejectReason, number>;
  readonly #kernel: Kernel;
  readonly #on: ScanHandlers;
  /** `skipping`: in a line that is too long, until its end. */
  #state: 'lines' | 'skipping';

  constructor(kernel: Kernel, on: ScanHandlers) {
    this.bytes = 0;
    this.events = 0;
    this.rejected = new Map();
    this.#kernel = kernel;
    this.#on = on;
    this.#state = 'lines';
  }

  async run(source: ByteSource): Promise<void> {
    const { input } = this.#kernel;
    this.#kernel.openSlot(0);
    let held = 0;
    for (;;) {
      const room = Math.min(READ_CHUNK_BYTES, input.length - held);
      const read = await source.read(input.subarray(held, held + room));
      held = this.#take(held + read, read === 0);
      this.#on.onRead?.();
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
      const status = kernel.process(length, this.bytes, final);
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
    this.bytes += count;
    if (count > 0 && count < length) this.#kernel.input.copyWithin(0, count, length);
    return length - count;
  }
}
