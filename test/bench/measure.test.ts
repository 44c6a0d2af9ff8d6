import { expect, test } from 'vitest';
import { pairs, quantile, summarize } from '../../bench/measure.ts';
import { trend } from '../../bench/trend.ts';

test('a sample is its median, lowest and highest', () => {
  expect(summarize([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
  expect(summarize([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 });
  expect(summarize([]).median).toBeNaN();
});

test('ratios are taken neighbour by neighbour: a machine that slows down changes none', () => {
  const slowdown = [1, 2, 5];
  const left = slowdown.map((factor) => 30 * factor);
  const right = slowdown.map((factor) => 10 * factor);
  expect(pairs(left, right)).toEqual({ median: 3, min: 3, max: 3 });
});

test('quantiles of sorted values', () => {
  const values = Array.from({ length: 100 }, (_, i) => i);
  expect([0, 0.5, 0.99, 1].map((share) => quantile(values, share))).toEqual([0, 50, 99, 99]);
  expect(quantile([], 0.5)).toBeNaN();
});

test('a trend is the slope of a line through samples, and how sure it is', () => {
  const line = [0, 1, 2, 3].map((at) => [at, 5 + 2 * at] as const);
  expect(trend(line)).toEqual({ slope: 2, error: 0 });
  const noisy = trend([0, 1, 2, 3].map((at) => [at, at % 2] as const));
  expect(noisy.error).toBeGreaterThan(Math.abs(noisy.slope));
  expect(trend([[0, 1]]).slope).toBeNaN();
});
