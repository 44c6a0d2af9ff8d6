/**
 * A page that anybody may ask for: making it again waits until four times of what it cost have passed, and who
 * asks meanwhile gets the last one. However often it is asked for, it takes at most a fifth of the thread.
 */

const PAUSES = 4;
/** A page is never older than this. */
const OLDEST_MS = 2000;

export class Thrifty<T> {
  readonly #make: () => T | Promise<T>;
  readonly #now: () => number;
  #made: Promise<T> | undefined;
  #freshUntilMs: number;

  /** @param now monotonic milliseconds */
  constructor(make: () => T | Promise<T>, now: () => number = () => performance.now()) {
    this.#make = make;
    this.#now = now;
    this.#made = undefined;
    this.#freshUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** Rejects with the maker's error, which is not kept. */
  get(): Promise<T> {
    if (this.#made !== undefined && this.#now() < this.#freshUntilMs) return this.#made;
    this.#freshUntilMs = Number.POSITIVE_INFINITY; // while it is being made
    this.#made = this.#fresh();
    return this.#made;
  }

  async #fresh(): Promise<T> {
    const startMs = this.#now();
    try {
      const page = await this.#make();
      const endMs = this.#now();
      this.#freshUntilMs = endMs + Math.min(OLDEST_MS, PAUSES * (endMs - startMs));
      return page;
    } catch (error) {
      this.#freshUntilMs = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }
}
