/** One timer for everything that is due; it does not keep the process alive. */

/** setTimeout takes no longer time than this. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class Clock {
  readonly #now: () => number;
  readonly #run: () => number;
  #timer: NodeJS.Timeout | undefined;
  #dueMs: number;

  /** @param run does what is due, and returns when the next is */
  constructor(now: () => number, run: () => number) {
    this.#now = now;
    this.#run = run;
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  /** `Infinity` for never. Cheap when nothing has changed. */
  arm(dueMs: number): void {
    if (dueMs === this.#dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    if (dueMs === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.min(Math.max(Math.ceil(dueMs - this.#now()), 0), MAX_TIMER_MS);
    this.#timer = setTimeout(() => {
      this.#dueMs = Number.POSITIVE_INFINITY;
      this.arm(this.#run());
    }, waitMs);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
