/** The events of the demo: a generator that stamps the present time, and a log that rotates every few MB. */

import { Generator } from './generator.ts';
import { RotatingWriter } from './rotating-writer.ts';

/** Small files, so that rotation is seen; together the 60 MB that Tetragon keeps by default. */
const ROTATE_BYTES = 4 * 1024 * 1024;
const BACKUPS = 15;
/** Half of that. */
const MAX_AHEAD_BYTES = 30 * 1024 * 1024;

/** Two alerts within the first half second, or within a quarter of a shorter demo. */
const ALERT_EVERY_SECONDS = 0.25;
const ALERTS_PER_RUN = 8;
/** Without a rate: still rare. */
const ALERT_EVERY_EVENTS = 2000;

export interface TrafficOptions {
  readonly logPath: string;
  /** Events per second; 0: as fast as it goes. */
  readonly rate: number;
  /** Length of the run; may be Infinity. */
  readonly seconds: number;
}

export class Traffic {
  readonly writer: RotatingWriter;
  /** Epoch milliseconds at which the first line that must raise each alert was written. */
  readonly firstWrittenMs: Map<string, number>;
  readonly #generator: Generator;
  readonly #rate: number;
  readonly #alertEvery: number;

  constructor({ logPath, rate, seconds }: TrafficOptions) {
    const perAlert = rate * Math.min(ALERT_EVERY_SECONDS, seconds / ALERTS_PER_RUN);
    this.writer = new RotatingWriter({ path: logPath, maxBytes: ROTATE_BYTES, backups: BACKUPS });
    this.firstWrittenMs = new Map();
    this.#alertEvery = rate === 0 ? ALERT_EVERY_EVENTS : Math.max(1, Math.floor(perAlert));
    this.#generator = new Generator({ seed: Date.now(), live: true, wgetEvery: this.#alertEvery });
    this.#rate = rate;
  }

  /**
   * Writes until the signal aborts, then closes the log. Without a rate the writer stays close enough to the
   * `arrived()` events for rotation to delete nothing unread: it shows what the agent can take.
   */
  async run(signal: AbortSignal, arrived: () => number): Promise<void> {
    const { writer } = this;
    const near = () =>
      (writer.lines - arrived()) * (writer.bytes / Math.max(1, writer.lines)) < MAX_AHEAD_BYTES;
    await writer.run(() => this.#next(), this.#rate, signal, this.#rate === 0 ? near : undefined);
    await this.writer.close();
  }

  #next(): string {
    const { sequence } = this.#generator;
    const line = this.#generator.next();
    const every = this.#alertEvery;
    // The generator's n-th event is wget's, its 2n-th curl's.
    if (sequence === every - 1) this.firstWrittenMs.set('wget_command', Date.now());
    if (sequence === 2 * every - 1) this.firstWrittenMs.set('curl_command', Date.now());
    return line;
  }
}
