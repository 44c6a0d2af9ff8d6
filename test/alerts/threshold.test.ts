import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countMatch } from '../../agent/alerts/threshold.ts';

const SPEC = { ms: 60_000, threshold: 3 };
const count = (...seconds: number[]): string[] => {
  const times: number[] = [];
  return seconds.map((second) => countMatch(times, second * 1000, SPEC));
};

test.each<[string, number[], string[]]>([
  ['three within a minute', [0, 30, 60], ['counted', 'counted', 'reached']],
  ['a minute and a second', [0, 30, 61], ['counted', 'counted', 'counted']],
  ['it begins anew', [0, 1, 2, 3, 4, 5], ['counted', 'counted', 'reached', 'counted', 'counted', 'reached']],
  ['at the same instant', [5, 5, 5], ['counted', 'counted', 'reached']],
  ['out of order', [60, 0, 30], ['counted', 'counted', 'reached']],
  ['a late one in the middle', [100, 130, 90], ['counted', 'counted', 'reached']],
  ['late ones among themselves', [160, 70, 75, 80], ['counted', 'counted', 'counted', 'reached']],
  ['too late', [200, 70, 75, 79], ['counted', 'too_late', 'too_late', 'too_late']],
  ['time runs on', [0, 1, 500, 501, 502], ['counted', 'counted', 'counted', 'counted', 'reached']],
])('%s', (_, seconds, want) => {
  expect(count(...seconds)).toEqual(want);
});

test('any order, against counting them all', () => {
  const matches = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 60 });
  const shape = fc.record({ ms: fc.integer({ min: 1, max: 80 }), threshold: fc.integer({ min: 1, max: 6 }) });
  fc.assert(
    fc.property(matches, shape, (events, spec) => {
      const times: number[] = [];
      let kept: number[] = [];
      for (const time of events) {
        const newest = Math.max(...kept, time);
        let want = 'counted';
        if (time < newest - 2 * spec.ms) {
          want = 'too_late';
        } else {
          kept = [...kept, time].filter((other) => other >= newest - 2 * spec.ms);
          const starts = kept.filter((start) => start <= time && time <= start + spec.ms);
          const full = starts.some(
            (start) =>
              kept.filter((other) => other >= start && other <= start + spec.ms).length >= spec.threshold,
          );
          if (full) {
            want = 'reached';
            kept = [];
          }
        }
        expect(countMatch(times, time, spec)).toBe(want);
        expect(times.length).toBeLessThan(2 * spec.threshold);
      }
    }),
    { numRuns: 2_000 },
  );
});
