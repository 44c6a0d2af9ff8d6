/** One agent of the fleet: the real delivery, fed with small batches as a quiet node would. */

import { Delivery } from '../../agent/delivery/delivery.ts';
import type { Logger } from '../../agent/log.ts';
import { batchOf, Letters, row } from '../../test/delivery/fixtures.ts';

const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const ROWS_PER_BATCH = 3;
/** Keys of one node: its batches in one simulation are far fewer. */
export const KEYS_PER_NODE = 10_000;
const OUTBOX_BYTES = 8 * 1024 * 1024;

export interface NodeOptions {
  readonly index: number;
  readonly url: string;
  readonly flushIntervalMs: number;
  readonly retryMaxMs: number;
  readonly concurrency: number;
}

export class SimulatedNode {
  /** Sent or waiting. */
  rows: number;
  /** Epoch milliseconds of the first acknowledgement since `forget()`; NaN when there was none. */
  backAtMs: number;
  readonly delivery: Delivery;
  readonly #options: NodeOptions;
  #sequence: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: NodeOptions) {
    this.rows = 0;
    this.backAtMs = Number.NaN;
    this.#options = options;
    this.#sequence = 0;
    this.#timer = undefined;
    this.delivery = new Delivery({
      urls: [options.url],
      stream: 'fleet',
      credentials: () => ({ username: 'admin', password: 'admin' }),
      // What is measured are requests and pauses; two hundred compressors would only cost memory.
      compression: 'none',
      concurrency: options.concurrency,
      requestTimeoutMs: 30_000,
      retryMaxMs: options.retryMaxMs,
      outboxBytes: OUTBOX_BYTES,
      whenFull: 'block',
      deadLetters: new Letters(),
      log: SILENT,
      onSettled: () => {
        if (Number.isNaN(this.backAtMs)) this.backAtMs = Date.now();
      },
    });
  }

  /** Tries that found no server, and answers of any kind. */
  get requests(): number {
    return [...this.delivery.stats.requests.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Batches begin anywhere within an interval, as each node's first line does. */
  start(): void {
    this.delivery.start();
    const firstMs = Math.random() * this.#options.flushIntervalMs;
    this.#timer = setTimeout(() => {
      this.#ship();
      this.#timer = setInterval(() => this.#ship(), this.#options.flushIntervalMs);
    }, firstMs);
  }

  forget(): void {
    this.backAtMs = Number.NaN;
  }

  /** No more batches; what waits is still sent. */
  quiet(): void {
    clearTimeout(this.#timer);
  }

  async stop(): Promise<void> {
    this.quiet();
    await this.delivery.stop(0);
  }

  #ship(): void {
    const first = this.#options.index * KEYS_PER_NODE + this.rows;
    const rows = Array.from({ length: ROWS_PER_BATCH }, (_, i) => row(first + i));
    this.rows += ROWS_PER_BATCH;
    // Rejects only when stopped, and then nobody waits for it.
    this.delivery.accept(batchOf(++this.#sequence, rows)).catch(() => undefined);
  }
}
