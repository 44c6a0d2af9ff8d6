/** A share of the thread's time, saved up to a bound: who has used it up waits. */

const SHARE = 0.05;
const MOST_MS = 50;

export class Budget {
  readonly #now: () => number;
  #savedMs: number;
  #atMs: number;

  /** @param now monotonic milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#savedMs = MOST_MS;
    this.#atMs = now();
  }

  /** Milliseconds that may be spent now; not above zero: none. */
  get leftMs(): number {
    const nowMs = this.#now();
    this.#savedMs = Math.min(MOST_MS, this.#savedMs + (nowMs - this.#atMs) * SHARE);
    this.#atMs = nowMs;
    return this.#savedMs;
  }

  /** Of work that began at `sinceMs`. */
  spend(sinceMs: number): void {
    this.#savedMs -= this.#now() - sinceMs;
  }
}
