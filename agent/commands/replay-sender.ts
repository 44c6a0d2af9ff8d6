/**
 * Sends rows and says of each what became of it: delivery's own way, with its retries and its search for the one
 * event that the server does not take. A server that takes nothing is waited for with patience, not for ever.
 */

import { Delivery, type DeliveryOptions, type SchemaAnswer } from '../delivery/delivery.ts';
import type { DeadLetter } from '../delivery/letter-format.ts';
import { messageOf } from '../errors.ts';
import { MAX_ROWS_PER_SLOT } from '../limits.ts';
import type { TrackedFile } from '../position.ts';

export type Sent =
  | { readonly kind: 'sent' }
  | { readonly kind: 'refused'; readonly status: number | null; readonly message: string }
  /** Nobody knows: the sending ended early. */
  | { readonly kind: 'unsent' };

export interface SenderOptions
  extends Omit<DeliveryOptions, 'deadLetters' | 'onSettled' | 'spool' | 'whenFull'> {
  /** A body is sent once it is this long. */
  readonly batchBytes: number;
  /** A server that takes nothing for this long ends the sending. */
  readonly patienceMs: number;
}

const LOOK_MS = 100;
/** A row's real place is with its letter; here it stands at its number, by which a refused one is known. */
const LETTERS: TrackedFile = {
  source: 'deadletters',
  path: 'deadletters',
  identity: { device: 0, inode: 0, firstLineHash: '' },
};

export class LetterSender {
  /** Why the sending ended early; `''` while it goes on. */
  ended: string;
  readonly #options: SenderOptions;
  readonly #delivery: Delivery;
  readonly #watch: NodeJS.Timeout;
  readonly #refused: Map<number, DeadLetter>;
  readonly #settled: Set<number>;
  #sequence: number;
  /** Rows decided, and when that changed last. */
  #decided: number;
  #progressMs: number;
  #wake: () => void;

  constructor(options: SenderOptions) {
    this.ended = '';
    this.#options = options;
    this.#refused = new Map();
    this.#settled = new Set();
    this.#sequence = 0;
    this.#decided = 0;
    this.#progressMs = 0;
    this.#wake = () => undefined;
    this.#delivery = new Delivery({
      ...options,
      whenFull: 'block',
      deadLetters: { append: (letter) => void this.#refused.set(letter.offset, letter), flush: () => true },
      onSettled: (sequence) => {
        this.#settled.add(sequence);
        this.#wake();
      },
    });
    this.#delivery.start();
    this.#watch = setInterval(() => this.#look(), LOOK_MS);
  }

  readSchema(): Promise<SchemaAnswer> {
    return this.#delivery.readSchema();
  }

  /** Ends the sending: what is not decided is unsent. */
  end(reason: string): void {
    if (this.ended === '') this.ended = reason;
    this.#wake();
  }

  /** One answer per row. One call at a time. */
  async send(rows: readonly Uint8Array[]): Promise<Sent[]> {
    this.#refused.clear();
    this.#settled.clear();
    this.#progressMs = performance.now();
    const lostBefore = this.#delivery.stats.rowsLost;
    const sequences = this.#accept(rows);
    const all = new Set(sequences);
    while (this.ended === '' && this.#settled.size < all.size) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    // An error of our own gave rows up: which ones is not known.
    const isSure = this.#delivery.stats.rowsLost === lostBefore;
    return sequences.map((sequence, number) => {
      const letter = this.#refused.get(number);
      if (letter !== undefined) return { kind: 'refused', status: letter.status, message: letter.message };
      return { kind: isSure && this.#settled.has(sequence) ? 'sent' : 'unsent' };
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#watch);
    await this.#delivery.stop(0);
  }

  /** Hands all rows to delivery; returns the number of each one's batch. */
  #accept(rows: readonly Uint8Array[]): number[] {
    const sequences: number[] = [];
    let first = 0;
    let bytes = 0;
    rows.forEach((row, i) => {
      sequences.push(this.#sequence + 1);
      bytes += row.length;
      const isFull = bytes >= this.#options.batchBytes || i + 1 - first >= MAX_ROWS_PER_SLOT;
      if (!isFull && i + 1 < rows.length) return;
      this.#hand(rows.slice(first, i + 1), first);
      first = i + 1;
      bytes = 0;
    });
    return sequences;
  }

  #hand(rows: readonly Uint8Array[], first: number): void {
    const ends = new Uint32Array(rows.length);
    const parts: Uint8Array[] = [];
    let at = 0;
    rows.forEach((row, i) => {
      parts.push(Buffer.from(i === 0 ? '[' : ','), row);
      at += 1 + row.length;
      ends[i] = at;
    });
    const offsets = Float64Array.from(rows, (_, i) => first + i);
    const spans = [{ firstRow: 0, file: LETTERS }];
    const batch = {
      sequence: ++this.#sequence,
      raw: Buffer.concat([...parts, Buffer.from(']')]),
      rows: { ends, offsets, lengths: new Uint32Array(rows.length), spans },
      rowCount: rows.length,
      sealedAtMs: Date.now(),
      lastEventTimeMs: Number.NaN,
    };
    this.#delivery.accept(batch).catch((error: unknown) => this.end(messageOf(error)));
  }

  #look(): void {
    const { state, reason, stats } = this.#delivery;
    const decided = stats.rowsDelivered + stats.rowsDeadLettered;
    if (decided !== this.#decided) {
      this.#decided = decided;
      this.#progressMs = performance.now();
    }
    if (state === 'refused' || state === 'held') this.end(reason);
    const isOut = performance.now() - this.#progressMs > this.#options.patienceMs;
    if (state === 'waiting' && isOut) this.end(reason);
  }
}
