/** The pause before the next try: full jitter, so that a thousand nodes do not come back at the same instant. */

export const BACKOFF_FIRST_MS = 500;
/** Long enough to be no burden to a target that is down, short enough for an alert to come soon after. */
export const BACKOFF_LAST_MS = 30_000;

/**
 * Between nothing and a bound that doubles with each try.
 *
 * @param tries so far, from 1
 * @param random from 0 to 1
 */
export function backoffMs(tries: number, longestMs: number, random: number): number {
  return random * Math.min(longestMs, BACKOFF_FIRST_MS * 2 ** (tries - 1));
}
