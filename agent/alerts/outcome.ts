/** What an answer of a target means: one pure function and its constants. */

export type Outcome =
  | { readonly kind: 'sent' }
  /** Nothing was said that more patience cannot mend. */
  | {
      readonly kind: 'retry';
      readonly cause: string;
      /** The target asks to be left alone for so long. */
      readonly afterMs?: number;
      /** Perhaps it is this notification that the target cannot bear: not to be tried for ever. */
      readonly suspect?: boolean;
    }
  /** The target understood and refuses, or is the wrong one. */
  | { readonly kind: 'refused'; readonly cause: string };

/** A target that asks for more than this is asked again all the same. */
const MAX_RETRY_AFTER_MS = 5 * 60 * 1000;

/** Too slow, too early, too many; behind a gateway nobody, nobody now, nobody in time. */
const NOT_THE_REQUESTS_FAULT: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);

/** @param retryAfter the header of that name, in seconds; a date is not honoured */
export function judge(status: number, retryAfter: string | undefined): Outcome {
  if (status >= 200 && status < 300) return { kind: 'sent' };
  const cause = `it answered ${status}`;
  if (NOT_THE_REQUESTS_FAULT.has(status)) {
    if (retryAfter === undefined || !/^\d{1,9}$/.test(retryAfter)) return { kind: 'retry', cause };
    return { kind: 'retry', cause, afterMs: Math.min(Number(retryAfter) * 1000, MAX_RETRY_AFTER_MS) };
  }
  if (status >= 500) return { kind: 'retry', cause, suspect: true };
  if (status >= 300 && status < 400) {
    return { kind: 'refused', cause: `${cause}, a redirect: put the final address into the rule` };
  }
  return { kind: 'refused', cause };
}
