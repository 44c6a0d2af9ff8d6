/**
 * When a passing fault stops being one: the body itself is to blame.
 *
 * An outage must never look like poison. So a failure counts only if the server was seen to be well since the last
 * one: another body was stored meanwhile. Where every body there is has failed, none can show that; then the
 * server's own word is enough to cut a body in two, which costs nothing if it was wrong, and for a single event
 * only if something was stored since its batch came under suspicion.
 */

import type { Job } from './outbox.ts';
import type { Outcome } from './retry.ts';

/**
 * What two failures must have in common to count together. The words of a 500 are compared; the many ways in
 * which a connection breaks are not told apart, since one cause shows as several.
 */
export function strikeWords(outcome: Outcome): string {
  return outcome.kind === 'answer' && outcome.status === 500 ? `500 ${outcome.text}` : 'cut';
}

/**
 * Whether the server's word that it is well may stand in for a body that passes.
 * @param jobs all that there are
 * @param passes bodies stored so far
 */
export function isWordEnough(job: Job, jobs: readonly Job[], passes: number): boolean {
  if (job.body.rowCount > 1) return jobs.every((other) => other.strikes > 0);
  return (
    passes > job.batch.suspectPasses && jobs.every((other) => other.strikes > 0 && other.body.rowCount === 1)
  );
}

/**
 * Counts a failure against the job, and says whether that was one too many.
 * @param limit failures of this kind before the body is blamed
 * @param passes bodies stored so far
 * @param serverIsWell by its own word
 */
export function strike(
  job: Job,
  limit: number,
  words: string,
  passes: number,
  serverIsWell: boolean,
): boolean {
  if (words !== job.strikeText) {
    job.strikeText = words;
    job.strikes = 0;
  } else if (passes === job.strikePasses && !serverIsWell) {
    return false;
  }
  job.strikes++;
  job.strikePasses = passes;
  job.batch.suspectPasses = Math.min(job.batch.suspectPasses, passes);
  return job.strikes >= limit;
}
