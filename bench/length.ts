/** How long a bench runs: full, or with `--quick` short enough that all of them end within two minutes. */

import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    runs: { type: 'string', default: '5' },
    megabytes: { type: 'string' },
  },
  strict: false,
});

export const QUICK = values.quick === true;
/** Of each contender, in turn with the others. */
export const RUNS = Number(values.runs);
/** Of the log that lies ready; the start is part of each figure, and weighs more in a short log. */
export const MEGABYTES = Number(values.megabytes ?? (QUICK ? 30 : 200));

/** One of two values, by the length. */
export function quickOr<T>(quick: T, full: T): T {
  return QUICK ? quick : full;
}
