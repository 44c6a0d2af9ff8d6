import { expect, test } from 'vitest';
import { parseDuration } from '../../rules/duration.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

test.each<[string, number]>([
  ['10s', 10 * SECOND],
  ['5m', 300 * SECOND],
  ['1h 30m', 1.5 * HOUR],
  ['1h30m', 1.5 * HOUR],
  ['1day', DAY],
  ['2 days 3 hours', 2 * DAY + 3 * HOUR],
  ['3m 20s', 200 * SECOND],
  ['100ms', 100],
  ['1500 msec', 1500],
  ['1us', 0.001],
  ['7nsec', 0.000007],
  ['1week', 7 * DAY],
  ['1w', 7 * DAY],
  ['1M', 30.44 * DAY],
  ['1month', 30.44 * DAY],
  ['1y', 365.25 * DAY],
  ['2years', 730.5 * DAY],
  [' 15 min ', 900 * SECOND],
  ['1hr 2sec', HOUR + 2 * SECOND],
  ['0s', 0],
])('%j is %d ms', (text, want) => {
  expect(parseDuration(text)).toBeCloseTo(want, 9);
});

test.each([
  ['', 'whole numbers with units'],
  ['10', 'whole numbers with units'],
  ['s', 'whole numbers with units'],
  ['-5s', 'whole numbers with units'],
  ['1.5h', 'whole numbers with units'],
  ['1h and 5m', 'whole numbers with units'],
  ['10 parsec', '"parsec" is not a unit of time'],
  ['10S', '"S" is not a unit of time'],
  [`${'1s '.repeat(10_000)}!`, 'whole numbers with units'],
])('%j is refused', (text, want) => {
  expect(() => parseDuration(text)).toThrow(want);
});
