/**
 * The ring of batch slots in kernel memory.
 *
 *     free ──open──► filling ──seal (full, or flush interval over)──► leaving ──body encoded──► free
 *
 * Owns which slot is where, and what each batch covers: the file of each row, and how far every source had
 * been consumed when it was sealed. Promises that batches are numbered in the order of their bytes. With no
 * slot free `tryOpen` says so, and the caller reads no further: that is the back-pressure.
 */

import type { RowTable } from '../delivery/body.ts';
import type { Position, TrackedFile } from '../position.ts';
import type { Kernel } from './kernel.ts';

export interface SealedBatch {
  readonly sequence: number;
  /** `[row,row]`, a view of kernel memory that is valid until `release(slot)`. */
  readonly raw: Uint8Array;
  /** `raw` as a zstd frame, while it is valid; undefined: it must be compressed by other means. */
  readonly zstd: () => Uint8Array | undefined;
  readonly rowCount: number;
  readonly rows: RowTable;
  readonly sealedAtMs: number;
  readonly lastEventTimeMs: number;
  /** How far each source that was touched is covered by this batch and those before it. */
  readonly positions: readonly Position[];
  readonly slot: number;
}

export interface BatcherOptions {
  readonly slotCount: number;
  readonly flushIntervalMs: number;
  /** Takes a batch over; also one without rows, whose bytes were all rejects, blanks or filtered. */
  readonly onSealed: (batch: SealedBatch) => void;
}

const TIME_COLUMN = Buffer.from('"time":"');
/** Longest RFC 3339 time with nine decimals and an offset. */
const TIME_LENGTH = 35;

export class Batcher {
  readonly #kernel: Kernel;
  readonly #options: BatcherOptions;
  readonly #free: number[];
  readonly #positions: Map<string, Position>;
  #spans: { firstRow: number; file: TrackedFile }[];
  #filling: number;
  #sequence: number;
  #flushTimer: NodeJS.Timeout | undefined;

  constructor(kernel: Kernel, options: BatcherOptions) {
    this.#kernel = kernel;
    this.#options = options;
    this.#free = Array.from({ length: options.slotCount }, (_, slot) => slot);
    this.#positions = new Map();
    this.#spans = [];
    this.#filling = -1;
    this.#sequence = 0;
    this.#flushTimer = undefined;
  }

  /** Makes sure that a slot is open; false when none is free. */
  tryOpen(): boolean {
    if (this.#filling >= 0) return true;
    const slot = this.#free.shift();
    if (slot === undefined) return false;
    this.#filling = slot;
    this.#kernel.openSlot(slot);
    return true;
  }

  /** Says from which file the rows of the next call come. */
  rowsFrom(file: TrackedFile): void {
    if (this.#spans.at(-1)?.file === file) return;
    const firstRow = this.#kernel.slotRows;
    if (this.#spans.at(-1)?.firstRow === firstRow) this.#spans.pop();
    this.#spans.push({ firstRow, file });
  }

  /** Says how far a source is consumed; starts the flush interval. */
  covered(position: Position): void {
    this.#positions.set(position.file.source, position);
    this.#flushTimer ??= setTimeout(() => this.seal(), this.#options.flushIntervalMs);
  }

  /** Ends the batch, if anything was consumed since the last one. */
  seal(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    if (this.#filling < 0 || this.#positions.size === 0) return;
    const { raw, zstd, rowCount, ends, offsets, lengths } = this.#kernel.sealSlot();
    const batch: SealedBatch = {
      sequence: ++this.#sequence,
      raw,
      zstd,
      rowCount,
      rows: { ends, offsets, lengths, spans: this.#spans },
      sealedAtMs: Date.now(),
      lastEventTimeMs: lastEventTime(raw),
      positions: [...this.#positions.values()],
      slot: this.#filling,
    };
    this.#filling = -1;
    this.#spans = [];
    this.#positions.clear();
    this.#options.onSealed(batch);
  }

  /** The body of the batch in this slot exists elsewhere now. */
  release(slot: number): void {
    this.#free.push(slot);
  }

  /** Whether bytes have been consumed that no sealed batch covers. */
  get pending(): boolean {
    return this.#positions.size > 0;
  }
}

/** `time` of the last row that has one, epoch milliseconds, or NaN. Looked for once a batch, not per event. */
function lastEventTime(raw: Uint8Array): number {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.length);
  const at = bytes.lastIndexOf(TIME_COLUMN);
  if (at < 0) return Number.NaN;
  const start = at + TIME_COLUMN.length;
  const text = bytes.toString('latin1', start, start + TIME_LENGTH + 1);
  return Date.parse(text.slice(0, text.indexOf('"')));
}
