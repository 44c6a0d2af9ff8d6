/**
 * Which bytes of which logs are safe: the contiguous low-water mark over batches.
 *
 * Batches are sealed in order and settled (delivered, spooled durably, or dead-lettered) in any order. The mark
 * stands at the end of the last batch before which every batch is settled; the checkpoint never passes it.
 *
 *     sequence   1  2  3  4  5
 *     settled    x  x     x       -> the mark is where batch 2 ended; 4 waits for 3
 */

import { TetrashipError } from '../errors.ts';
import type { Position } from '../position.ts';

interface Entry {
  readonly positions: readonly Position[];
  settled: boolean;
}

export class Ledger {
  /** The mark has moved since `takeLowWater()` was last called. */
  dirty: boolean;
  /** Open entries, the oldest first; its length is bounded by what the outbox can hold. */
  readonly #open: Map<number, Entry>;
  readonly #lowWater: Map<string, Position>;
  #lastSealed: number;

  constructor() {
    this.dirty = false;
    this.#open = new Map();
    this.#lowWater = new Map();
    this.#lastSealed = 0;
  }

  /** Batches sealed and not yet behind the mark. */
  get openCount(): number {
    return this.#open.size;
  }

  /**
   * @param sequence greater than every one before
   * @param positions how far the batch reaches, per file it touched; of one lineage the last one counts
   * @throws {TetrashipError} when batches come out of order: a bug
   */
  sealed(sequence: number, positions: readonly Position[]): void {
    if (!(sequence > this.#lastSealed)) {
      throw new TetrashipError('DELIVERY', `cannot seal batch ${sequence} after batch ${this.#lastSealed}`);
    }
    this.#lastSealed = sequence;
    this.#open.set(sequence, { positions, settled: false });
  }

  /**
   * Settling a batch twice changes nothing.
   * @throws {TetrashipError} for a batch that was never sealed: a bug that would let the mark pass unsent bytes
   */
  settled(sequence: number): void {
    if (!(sequence <= this.#lastSealed)) {
      throw new TetrashipError('DELIVERY', `cannot settle batch ${sequence}: it was never sealed`);
    }
    const entry = this.#open.get(sequence);
    if (entry === undefined) return;
    entry.settled = true;
    // A Map keeps the order of insertion, which is the order of the sequence.
    for (const [oldest, { settled, positions }] of this.#open) {
      if (!settled) return;
      this.#open.delete(oldest);
      for (const position of positions) {
        this.#lowWater.set(position.file.source, position);
        this.dirty = true;
      }
    }
  }

  /** Per source, the place before which everything is safe. A live view. */
  lowWater(): ReadonlyMap<string, Position> {
    return this.#lowWater;
  }

  /** The same, for the writer of the checkpoint: clears `dirty`, so that a later move shows. */
  takeLowWater(): ReadonlyMap<string, Position> {
    this.dirty = false;
    return new Map(this.#lowWater);
  }
}
