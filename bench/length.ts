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

function positive(name: string, text: unknown): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`cannot bench with --${name} ${String(text)}: it takes a whole number above 0`);
}

export const QUICK = values.quick === true;
/** Of each contender, in turn with the others. */
export const RUNS = positive('runs', values.runs);
/** Of the log that lies ready; the start is part of each figure, and weighs more in a short log. */
export const MEGABYTES = positive('megabytes', values.megabytes ?? (QUICK ? 30 : 200));

/** One of two values, by the length. */
export function quickOr<T>(quick: T, full: T): T {
  return QUICK ? quick : full;
}
