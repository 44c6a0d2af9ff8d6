/** At most so many notifications of one target in a minute; what is more is counted, and told in a sum. */

const MINUTE_MS = 60_000;

export class RateLimit {
  /** In this minute. */
  suppressed = 0;
  readonly #perMinute: number;
  #minuteEndMs = Number.NEGATIVE_INFINITY;
  #told = 0;

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Whether one more may be told. */
  take(nowMs: number): boolean {
    if (nowMs >= this.#minuteEndMs) {
      this.#minuteEndMs = nowMs + MINUTE_MS;
      this.#told = 0;
    }
    if (this.#told < this.#perMinute) {
      this.#told++;
      return true;
    }
    this.suppressed++;
    return false;
  }

  /** When there is a sum to tell; `undefined` while nothing is held back. */
  get sumDueMs(): number | undefined {
    return this.suppressed === 0 ? undefined : this.#minuteEndMs;
  }

  /** The sum; begins anew. */
  takeSum(): number {
    const sum = this.suppressed;
    this.suppressed = 0;
    return sum;
  }
}

/** `message` of the notification that sums up. */
export function summaryMessage(suppressed: number, perMinute: number): string {
  return `${suppressed} suppressed: more than ${perMinute} notifications in a minute`;
}
