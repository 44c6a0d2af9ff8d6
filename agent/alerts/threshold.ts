/**
 * `threshold` matches within `window`, in the time of the events, which need not come in its order.
 *
 *     kept     [t t  t    t t  t]          sorted; at most two windows long, fewer than 2 × threshold of them:
 *              └── window ──┘               a window with `threshold` in it fires and empties the list
 *
 * A match that is late by up to one window counts as if it had come in time; a later one cannot be judged any more
 * and is passed over.
 */

export type Verdict = 'counted' | 'reached' | 'too_late';

export interface ThresholdSpec {
  readonly ms: number;
  readonly threshold: number;
}

/** @param times sorted epoch milliseconds of matches; changed in place, emptied when the threshold is reached */
export function countMatch(times: number[], timeMs: number, { ms, threshold }: ThresholdSpec): Verdict {
  const newestMs = Math.max(times.at(-1) ?? timeMs, timeMs);
  if (timeMs < newestMs - 2 * ms) return 'too_late';
  const at = insert(times, timeMs);
  const oldest = times.findIndex((kept) => kept >= newestMs - 2 * ms);
  if (oldest > 0) times.splice(0, oldest);
  // Every run of `threshold` that the new match is part of.
  const place = at - Math.max(oldest, 0);
  for (let first = Math.max(0, place - threshold + 1); first <= place; first++) {
    const last = times[first + threshold - 1];
    if (last === undefined) break;
    if (last - (times[first] ?? 0) <= ms) {
      times.length = 0;
      return 'reached';
    }
  }
  return 'counted';
}

/** Behind equal ones; most matches are the newest. */
function insert(times: number[], timeMs: number): number {
  let at = times.length;
  while (at > 0 && (times[at - 1] ?? 0) > timeMs) at--;
  times.splice(at, 0, timeMs);
  return at;
}
