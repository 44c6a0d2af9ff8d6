/** Counts rows by a key column whose values are `seq-N`: what is missing and what came twice, one byte per key. */

/** Keys beyond this are hostile or a mistake: 64 Mi rows are an hour at 18,000 a second. */
const MAX_KEY = 64 * 1024 * 1024;

const FIRST_CAPACITY = 1 << 16;
const SATURATED = 255;

export class KeyCounts {
  /** Different keys seen. */
  unique: number;
  /** Rows whose key had been seen before. */
  duplicates: number;
  /** Rows without a key, or with one that is not `seq-N`. */
  unkeyed: number;
  /** Epoch milliseconds that keys added from now on arrive at; only with `arrivals`. */
  nowMs: number;
  #counts: Uint8Array;
  /** By key: when it first came. Empty unless asked for. */
  #arrivals: Float64Array;

  constructor(arrivals = false) {
    this.unique = 0;
    this.duplicates = 0;
    this.unkeyed = 0;
    this.nowMs = Number.NaN;
    this.#counts = new Uint8Array(FIRST_CAPACITY);
    this.#arrivals = new Float64Array(arrivals ? FIRST_CAPACITY : 0);
  }

  addValue(value: unknown): void {
    const digits =
      typeof value === 'string' && value.startsWith('seq-') ? Number(value.slice(4)) : Number.NaN;
    this.add(digits);
  }

  /** `key` is N of `seq-N`; NaN counts as a row without a key. */
  add(key: number): void {
    if (!Number.isInteger(key) || key < 0 || key >= MAX_KEY) {
      this.unkeyed++;
      return;
    }
    if (key >= this.#counts.length) this.#grow(key);
    const seen = this.#counts[key] ?? 0;
    if (seen === 0) {
      this.unique++;
      if (this.#arrivals.length > 0) this.#arrivals[key] = this.nowMs;
    } else this.duplicates++;
    if (seen < SATURATED) this.#counts[key] = seen + 1;
  }

  /** Times that `seq-<key>` came. */
  count(key: number): number {
    return this.#counts[key] ?? 0;
  }

  /** Epoch milliseconds by key from 0 on, 0 where none came; what follows the last that came is left out. */
  arrivals(): Float64Array {
    return this.#arrivals.subarray(0, this.#arrivals.findLastIndex((atMs) => atMs > 0) + 1);
  }

  /** Keys in [first, end) that never came, at most `limit` of them. */
  missing(first: number, end: number, limit: number): number[] {
    const found: number[] = [];
    for (let key = first; key < end && found.length < limit; key++) {
      if (this.count(key) === 0) found.push(key);
    }
    return found;
  }

  #grow(key: number): void {
    const larger = new Uint8Array(Math.max(this.#counts.length * 2, key + 1));
    larger.set(this.#counts);
    this.#counts = larger;
    if (this.#arrivals.length === 0) return;
    const longer = new Float64Array(larger.length);
    longer.set(this.#arrivals);
    this.#arrivals = longer;
  }
}

const MARK = Buffer.from('"cluster_name":"');
const SEQ = Buffer.from('seq-');

/**
 * Counts the rows of a flat compact body by their `cluster_name` without parsing it, so that a bench measures
 * the agent and not its receiver. Returns the number of rows.
 */
export function countKeys(body: Buffer, counts: KeyCounts): number {
  let rows = 0;
  let at = body.indexOf(MARK);
  while (at !== -1) {
    rows++;
    let digit = at + MARK.length;
    let key = Number.NaN;
    if (body.subarray(digit, digit + SEQ.length).equals(SEQ)) {
      digit += SEQ.length;
      key = 0;
      for (let code = body[digit] ?? 0; code >= 0x30 && code <= 0x39; code = body[++digit] ?? 0) {
        key = key * 10 + (code - 0x30);
      }
    }
    counts.add(key);
    at = body.indexOf(MARK, digit);
  }
  return rows;
}
