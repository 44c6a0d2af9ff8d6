/**
 * The last fifteen minutes of a few numbers, in rings of fixed size: what the plots of the status page show.
 *
 *     ring   | 7 8 9 | 3 4 5 6 |      180 samples, one every 5 s; NaN: not yet
 *                    ^ next: the oldest
 */

export const HISTORY_STEP_MS = 5000;
export const HISTORY_SAMPLES = 180;

export interface HistorySource {
  readonly name: string;
  /** A counter is shown as its rate per second, a gauge as it is. */
  readonly kind: 'counter' | 'gauge';
  readonly read: () => number;
}

export interface Series {
  readonly name: string;
  /** The oldest first; null before the start. */
  readonly values: readonly (number | null)[];
}

export class History {
  readonly #sources: readonly HistorySource[];
  readonly #rings: readonly Float64Array[];
  readonly #last: Float64Array;
  #lastMs: number;
  #next: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(sources: readonly HistorySource[]) {
    this.#sources = sources;
    this.#rings = sources.map(() => new Float64Array(HISTORY_SAMPLES).fill(Number.NaN));
    this.#last = new Float64Array(sources.length);
    this.#lastMs = Number.NaN;
    this.#next = 0;
    this.#timer = undefined;
  }

  /** Samples from now on; the timer does not keep the process alive. */
  start(): void {
    this.#mark(performance.now());
    this.#timer = setInterval(() => this.sample(performance.now()), HISTORY_STEP_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** @param nowMs monotonic */
  sample(nowMs: number): void {
    const seconds = (nowMs - this.#lastMs) / 1000;
    for (const [place, { kind, read }] of this.#sources.entries()) {
      const value = read();
      const ring = this.#rings[place];
      if (ring === undefined) continue;
      const grown = value - (this.#last[place] ?? 0);
      ring[this.#next] = kind === 'gauge' ? value : seconds > 0 ? Math.max(0, grown) / seconds : Number.NaN;
      this.#last[place] = value;
    }
    this.#lastMs = nowMs;
    this.#next = (this.#next + 1) % HISTORY_SAMPLES;
  }

  series(): readonly Series[] {
    return this.#sources.map(({ name }, place) => {
      const ring = this.#rings[place] ?? new Float64Array(0);
      const ordered = [...ring.subarray(this.#next), ...ring.subarray(0, this.#next)];
      return { name, values: ordered.map((value) => (Number.isFinite(value) ? value : null)) };
    });
  }

  #mark(nowMs: number): void {
    for (const [place, { read }] of this.#sources.entries()) this.#last[place] = read();
    this.#lastMs = nowMs;
  }
}
