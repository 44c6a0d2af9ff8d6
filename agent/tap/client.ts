/** One reader of a tap: what it wants to see, how much it gets, and what passed unseen. */

import type { ServerResponse } from 'node:http';
import { KiB } from '../limits.ts';
import { MAX_TAPPED_ROW_BYTES, type Matcher } from './matcher.ts';

/** More than anybody reads. */
const ROWS_PER_SECOND = 500;
/** Waiting for a reader that is slow; what comes then is not kept. */
const MAX_WAITING_BYTES = 256 * KiB;

export class TapClient {
  readonly wants: 'rows' | 'alerts';
  /** Rows that passed and were not looked at, or not sent, since this was last told. */
  unseen: number;
  readonly #response: ServerResponse;
  #matcher: Matcher | undefined;
  #left: number;
  /** What stands before and after the row that is being matched. */
  #head: string;

  constructor(wants: 'rows' | 'alerts', response: ServerResponse) {
    this.wants = wants;
    this.unseen = 0;
    this.#response = response;
    this.#matcher = undefined;
    this.#left = ROWS_PER_SECOND;
    this.#head = '';
  }

  set matcher(matcher: Matcher) {
    this.#matcher = matcher;
  }

  get isAble(): boolean {
    return this.#left > 0 && this.#response.writableLength < MAX_WAITING_BYTES;
  }

  /**
   * A row on its way. True when a chunk was evaluated.
   * @param head JSON before the row; the row is a view
   */
  offer(row: Uint8Array, head: string): boolean {
    if (row.length > MAX_TAPPED_ROW_BYTES) {
      this.unseen++;
      return false;
    }
    this.#head = head;
    if (this.#matcher !== undefined) return this.#matcher.add(row);
    this.send(row);
    return false;
  }

  flush(): void {
    this.#matcher?.flush();
  }

  /** A row that is wanted. */
  send(row: Uint8Array): void {
    if (!this.isAble) {
      this.unseen++;
      return;
    }
    this.#left--;
    this.#response.write(`${this.#head}${Buffer.from(row.buffer, row.byteOffset, row.length).toString()}}\n`);
  }

  /** Once a second: the count of what passed unseen, and room for more. */
  tick(): void {
    this.#left = ROWS_PER_SECOND;
    if (this.#response.writableLength >= MAX_WAITING_BYTES) return;
    // Also without anything to tell: a reader that is gone shows by it.
    this.#response.write(`${JSON.stringify({ unseen: this.unseen })}\n`);
    this.unseen = 0;
  }

  end(): void {
    this.#response.destroy();
  }
}
