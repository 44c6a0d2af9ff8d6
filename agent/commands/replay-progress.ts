/** How far a replay is: a bar with rate and time left on a terminal, a line now and then elsewhere. */

import type { MetricSources } from '../ops/metric.ts';
import { printable } from '../ops/printable.ts';
import type { StageFacts } from '../status/facts.ts';
import { bytes, duration } from '../status/format.ts';
import { sumOf } from '../status/stage.ts';

const BAR_WIDTH = 24;
const TERMINAL_INTERVAL_MS = 250;
const PLAIN_INTERVAL_MS = 10_000;
/** The rate is that of about this time. */
const RATE_SECONDS = 5;
const FULL_SHARE = 100;

export interface ReplayTally {
  readonly rowsDelivered: number;
  readonly bytesRead: number;
  readonly deadLetters: number;
  readonly rowsLost: number;
  readonly lostFiles: number;
  readonly lostBytes: number;
  readonly seconds: number;
}

export class Progress {
  readonly #metrics: MetricSources;
  readonly #server: () => StageFacts['server'];
  readonly #isShown: boolean;
  readonly #onTerminal: boolean;
  #timer: NodeJS.Timeout | undefined;
  #totalBytes: number;
  #done: number;
  #rate: number;
  #atMs: number;

  constructor(metrics: MetricSources, server: () => StageFacts['server'], isShown: boolean) {
    this.#metrics = metrics;
    this.#server = server;
    this.#isShown = isShown;
    this.#onTerminal = process.stderr.isTTY;
    this.#timer = undefined;
    this.#totalBytes = 0;
    this.#done = 0;
    this.#rate = Number.NaN;
    this.#atMs = performance.now();
  }

  /** Before the first byte is read. */
  start(): void {
    this.#totalBytes = this.#metrics.lagBytes();
    if (!this.#isShown) return;
    const intervalMs = this.#onTerminal ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS;
    this.#timer = setInterval(() => this.#show(), intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    if (this.#timer !== undefined && this.#onTerminal) process.stderr.write('\r\u001b[K');
  }

  tally(seconds: number): ReplayTally {
    const m = this.#metrics;
    return {
      rowsDelivered: m.rowsDelivered(),
      bytesRead: m.readBytes(),
      deadLetters: sumOf(m.deadLetters()),
      rowsLost: sumOf(m.rowsLost()),
      lostFiles: m.lostFiles(),
      lostBytes: m.lostBytes(),
      seconds,
    };
  }

  #show(): void {
    const nowMs = performance.now();
    // A compressed file may turn out longer than it said. What is on its way counts as left.
    const total = Math.max(this.#totalBytes, this.#metrics.readBytes());
    const done = Math.max(0, total - this.#metrics.lagBytes());
    this.#measure(done, nowMs);
    const text = printable(this.line(done, total));
    process.stderr.write(this.#onTerminal ? `\r${text}\u001b[K` : `${text}\n`);
  }

  #measure(done: number, nowMs: number): void {
    const seconds = (nowMs - this.#atMs) / 1000;
    const rate = Math.max(0, done - this.#done) / seconds;
    const weight = Math.min(1, seconds / RATE_SECONDS);
    this.#rate = Number.isNaN(this.#rate) ? rate : this.#rate + weight * (rate - this.#rate);
    this.#done = done;
    this.#atMs = nowMs;
  }

  /** One line, for a terminal of 80 columns. */
  line(done: number, total: number): string {
    const share = total === 0 ? 0 : done / total;
    const filled = Math.round(share * BAR_WIDTH);
    const bar = `${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}`;
    const { state, reason } = this.#server();
    const head = `[${bar}] ${Math.floor(share * FULL_SHARE)} % of ${bytes(total)}`;
    if (state === 'waiting' || state === 'refused' || state === 'held')
      return `${head}, waits for the server: ${reason}`.slice(0, 79);
    const left = this.#rate > 0 ? `, ${duration((total - done) / this.#rate)} left` : '';
    return `${head}, ${bytes(this.#rate || 0)}/s${left}`;
  }
}
