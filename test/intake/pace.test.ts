/** How often a checkpoint is written. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Pace } from '../../agent/intake/pace.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => {
  vi.useRealTimers();
});

test('at once, then once an interval while it is asked for all the time, and once after the last asking', () => {
  const times: number[] = [];
  const startMs = performance.now();
  const pace = new Pace(1_000, () => times.push(performance.now() - startMs));
  for (let ms = 0; ms < 3_500; ms += 10) {
    pace.soon();
    pace.later();
    vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(10_000);
  expect(times).toEqual([0, 1_000, 2_000, 3_000, 4_000]);
});

test('later gives way to soon, and comes by itself after an interval', () => {
  let count = 0;
  const pace = new Pace(1_000, () => count++);
  pace.later();
  vi.advanceTimersByTime(999);
  expect(count).toBe(0);
  pace.soon();
  vi.advanceTimersByTime(0);
  expect(count).toBe(1);
  pace.later();
  vi.advanceTimersByTime(1_000);
  expect(count).toBe(2);
  pace.soon();
  pace.stop();
  vi.advanceTimersByTime(10_000);
  expect(count).toBe(2);
});
