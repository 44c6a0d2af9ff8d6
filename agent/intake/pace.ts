/** Does something when it is asked for, but never twice within an interval; each asking is followed by a doing. */

export class Pace {
  readonly #intervalMs: number;
  readonly #act: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer goes off. */
  #dueMs: number;
  #lastMs: number;

  constructor(intervalMs: number, act: () => void) {
    this.#intervalMs = intervalMs;
    this.#act = act;
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#lastMs = Number.NEGATIVE_INFINITY;
  }

  /** At once, if the last time was long enough ago. */
  soon(): void {
    this.#by(Math.max(performance.now(), this.#lastMs + this.#intervalMs));
  }

  /** Within an interval: leaves the next time to what is more urgent. */
  later(): void {
    this.#by(performance.now() + this.#intervalMs);
  }

  #by(dueMs: number): void {
    if (this.#dueMs <= dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => this.#go(), Math.max(0, dueMs - performance.now()));
  }

  #go(): void {
    this.stop();
    this.#lastMs = performance.now();
    this.#act();
  }

  /** What was asked for and not done is forgotten. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }
}
