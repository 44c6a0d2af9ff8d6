import { expect, test } from 'vitest';
import { fleetLoad } from '../../../bench/fleet/model.ts';

const QUIET = {
  ...{ nodes: 5000, bytesPerSecond: 20_000, flushIntervalS: 1, batchBytes: 2 ** 21 },
  ...{ retryMaxS: 30, concurrency: 4, expansion: 1.4, ratio: 9 },
};

test('a quiet fleet: a request a second and one connection each', () => {
  const load = fleetLoad(QUIET);
  expect(load.requestsPerSecond).toBe(5000);
  expect(load.connections).toBe(5000);
  expect(load.rowsMB).toBeCloseTo(140, 5);
  expect(load.sentMB).toBeCloseTo(140 / 9, 5);
});

test('a longer interval means fewer requests, until batches are full', () => {
  expect(fleetLoad({ ...QUIET, flushIntervalS: 5 }).requestsPerSecond).toBe(1000);
  const busy = fleetLoad({ ...QUIET, bytesPerSecond: 10e6, flushIntervalS: 5 });
  expect(busy.requestsPerSecond).toBeCloseTo((5000 * 14e6) / 2 ** 21, 5);
});

test('a server that returns meets the rate of tries, not the whole fleet', () => {
  const load = fleetLoad(QUIET);
  expect(load.triesPerSecondWhileDown).toBeCloseTo(5000 / 15, 5);
  expect(load.firstRequestsPerSecond).toBe(load.triesPerSecondWhileDown);
  expect(load.waitingBodies(60)).toBe(300_000);
});
