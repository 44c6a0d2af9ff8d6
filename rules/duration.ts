/**
 * Durations as `humantime` reads them: whole numbers with units, added up (`10s`, `5m`, `1h 30m`, `1day`).
 * White space may stand anywhere; the units are case-sensitive because `m` is a minute and `M` a month.
 */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** humantime's year is the Julian one, its month a twelfth of it rounded to 30.44 days. */
const MONTH_MS = 30.44 * DAY_MS;
const YEAR_MS = 365.25 * DAY_MS;

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ...units(1e-6, 'nsec', 'ns'),
  ...units(1e-3, 'usec', 'us'),
  ...units(1, 'msec', 'ms'),
  ...units(SECOND_MS, 'seconds', 'second', 'sec', 'secs', 's'),
  ...units(MINUTE_MS, 'minutes', 'minute', 'min', 'mins', 'm'),
  ...units(HOUR_MS, 'hours', 'hour', 'hr', 'hrs', 'h'),
  ...units(DAY_MS, 'days', 'day', 'd'),
  ...units(7 * DAY_MS, 'weeks', 'week', 'wk', 'wks', 'w'),
  ...units(MONTH_MS, 'months', 'month', 'M'),
  ...units(YEAR_MS, 'years', 'year', 'yr', 'yrs', 'y'),
]);

/** Longer than any duration that makes sense, short enough that no pattern is slow on it. */
const MAX_CHARS = 64;
const ALL = /^\s*(?:\d+\s*[A-Za-z]+\s*)+$/;
const PART = /(\d+)\s*([A-Za-z]+)/g;

/**
 * @returns milliseconds, perhaps with a fraction
 * @throws {Error} saying in plain words what is wrong with the text
 */
export function parseDuration(text: string): number {
  if (text.length > MAX_CHARS || !ALL.test(text)) {
    throw new Error('a duration is whole numbers with units, such as 10s, 5m or 1h 30m');
  }
  let totalMs = 0;
  for (const [, digits = '', unit = ''] of text.matchAll(PART)) {
    const unitMs = UNIT_MS.get(unit);
    if (unitMs === undefined) {
      throw new Error(`"${unit}" is not a unit of time: use ms, s, m, h, d or w`);
    }
    totalMs += Number(digits) * unitMs;
  }
  return totalMs;
}

function units(milliseconds: number, ...names: string[]): [string, number][] {
  return names.map((name) => [name, milliseconds]);
}
