/**
 * What one try of one body means: a pure function from what came back to what to do, and the pause before the
 * next try. No clock, no state: both are the caller's.
 *
 * The server answers for a whole request, and its status is a weak signal: some faults of one event come as a
 * 500, some as a cut connection. Such an outcome is retried, with a number of strikes after which the body
 * itself is to blame if other bodies passed meanwhile.
 */

import type { Encoding } from './body.ts';

/** What a try gave. `text` is cut, and written by whoever answered: never trusted, only shown. */
export type Outcome =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string; readonly retryAfterMs: number }
  /** No answer: `code` is a system or undici code, or `TIMEOUT`. */
  | { readonly kind: 'fault'; readonly code: string; readonly message: string };

export type Action =
  /** Stored: the body can go. */
  | 'done'
  /** A passing fault. */
  | 'retry'
  /** The body holds an event that the server will never take. */
  | 'reject'
  /** Too large for this server: send it in halves. */
  | 'split'
  /** Perhaps it is the encoding: try this body in the next simpler one. */
  | 'reencode'
  /** The credentials are not accepted: hold everything. */
  | 'refused'
  /** No fault of any body, and none that passes by itself (wrong address, dataset full): hold everything. */
  | 'held';

export interface Decision {
  readonly action: Action;
  /** For `retry`: failures of this kind after which the body is blamed, if others pass meanwhile. */
  readonly strikes: number;
}

/** A 500 with the same words three times while others pass is the body's fault. */
const STRIKES_SAME_500 = 3;
/** A cut connection has more innocent causes than an answer, so it takes two more. */
const STRIKES_CUT = 5;

const DONE: Decision = { action: 'done', strikes: 0 };
const REJECT: Decision = { action: 'reject', strikes: 0 };
const SPLIT: Decision = { action: 'split', strikes: 0 };
const REENCODE: Decision = { action: 'reencode', strikes: 0 };
const REFUSED: Decision = { action: 'refused', strikes: 0 };
const HELD: Decision = { action: 'held', strikes: 0 };
const RETRY: Decision = { action: 'retry', strikes: Number.POSITIVE_INFINITY };
const RETRY_SAME_500: Decision = { action: 'retry', strikes: STRIKES_SAME_500 };
const RETRY_CUT: Decision = { action: 'retry', strikes: STRIKES_CUT };

/** The connection stood and broke while this body was on it, or the answer never came. */
const CUT_CODES: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'TIMEOUT']);

/** The dataset has reached the server's bound of columns: every body is refused alike. */
const DATASET_FULL = /^Total number of fields \d+ exceeds the permissible limit/;

/** The body broke off, or its encoding did not unpack: the server has seen no row of it. */
const UNREADABLE = /^Error that occur during reading payload/;

/**
 * Words about the encoding. Every body begins with `[{` and is one line, so that a parser which gives up at its
 * first byte did not see JSON: it was handed the compressed bytes.
 */
const ABOUT_ENCODING =
  /content[- ]?encoding|damaged encoding|unsupported (?:encoding|compression)|decompress|\bline 1 column [01]\b/i;

/**
 * @param encoding what the body was sent in
 * @param proven whether a body in this encoding was ever stored: until then a 400 may be about the encoding
 */
export function decide(outcome: Outcome, encoding: Encoding, proven: boolean): Decision {
  if (outcome.kind === 'fault') return CUT_CODES.has(outcome.code) ? RETRY_CUT : RETRY;
  const { status, text } = outcome;
  switch (status) {
    case 200:
      // The server's 200 is empty; one with words comes from something else that stands at this address.
      return text.trim() === '' ? DONE : HELD;
    case 400:
      if (DATASET_FULL.test(text)) return HELD;
      if (UNREADABLE.test(text)) return proven || encoding === 'none' ? RETRY_CUT : REENCODE;
      // Servers without zstd ignore the header and parse the compressed bytes: any words are possible then.
      if (encoding === 'zstd' && !proven) return REENCODE;
      return encoding !== 'none' && ABOUT_ENCODING.test(text) ? REENCODE : REJECT;
    case 401:
    case 403:
      return REFUSED;
    case 413:
      return SPLIT;
    case 415:
      return encoding === 'none' ? HELD : REENCODE;
    case 422:
      return REJECT;
    case 408:
    case 425:
    case 429:
    case 503:
      return RETRY;
    case 500:
      return RETRY_SAME_500;
    case 502:
    case 504:
      // A proxy's word for a cut connection behind it.
      return RETRY_CUT;
    case 501:
    case 505:
      return HELD;
    default:
      return status > 505 ? RETRY : HELD;
  }
}

/** An outcome for people. */
export function describe(outcome: Outcome): string {
  if (outcome.kind === 'fault') return `${outcome.message} (${outcome.code})`;
  const text = outcome.text.trim();
  return text === '' ? `status ${outcome.status}` : `status ${outcome.status}: ${text}`;
}

/** Next simpler encoding to try. */
export function simpler(encoding: Encoding): Encoding {
  return encoding === 'zstd' ? 'gzip' : 'none';
}

/** Full jitter over this, doubled per failure: the first retry comes soon, a thousand agents do not come at once. */
const FIRST_PAUSE_MS = 250;

/**
 * Pause before the next try, in milliseconds, never above `maxMs`.
 * @param failures in a row, from 1
 * @param retryAfterMs the server's wish, NaN when it had none: never earlier, and a little spread after it
 * @param random in [0, 1)
 */
export function pauseMs(failures: number, retryAfterMs: number, maxMs: number, random: number): number {
  if (retryAfterMs >= 0) return Math.min(maxMs, retryAfterMs + random * FIRST_PAUSE_MS);
  return random * Math.min(maxMs, FIRST_PAUSE_MS * 2 ** Math.max(0, failures - 1));
}

/** `Retry-After` in milliseconds: seconds or an HTTP date; NaN when absent or not understood. */
export function retryAfterMs(value: string | undefined, nowMs: number): number {
  if (value === undefined) return Number.NaN;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // An HTTP date begins with a weekday's letter; Date.parse would take `-5` for a year.
  return /^[A-Za-z]/.test(text) ? Math.max(0, Date.parse(text) - nowMs) : Number.NaN;
}
