import { describe, expect, test } from 'vitest';
import { BACKOFF_LAST_MS, backoffMs } from '../../agent/alerts/backoff.ts';
import type { Notification } from '../../agent/alerts/notification.ts';
import { Notifier, type NotifierOptions } from '../../agent/alerts/notifier.ts';
import type { Outcome } from '../../agent/alerts/outcome.ts';
import { MAX_ALERT_QUEUE_BYTES, MAX_TARGET_QUEUE_BYTES, MAX_TARGET_QUEUE_COUNT } from '../../agent/limits.ts';
import { LogBook, until } from './support.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DOWN: Outcome = { kind: 'retry', cause: 'ECONNREFUSED' };

const firing = (message: string): Notification => ({ status: 'firing', message, atMs: 0 });

/** A notifier whose target answers as told; `tried` holds every try. */
class Bench {
  readonly log = new LogBook();
  readonly tried: string[] = [];
  readonly budget = { limitBytes: MAX_ALERT_QUEUE_BYTES, usedBytes: 0 };
  nowMs = 0;
  readonly notifier: Notifier;

  constructor(
    answer: (message: string, signal: AbortSignal) => Outcome | Promise<Outcome>,
    changes: Partial<NotifierOptions> = {},
  ) {
    this.notifier = new Notifier({
      send: async ({ message }, signal) => {
        this.tried.push(message);
        return answer(message, signal);
      },
      budget: this.budget,
      log: this.log,
      fields: { rule: 'r' },
      now: () => this.nowMs,
      random: () => 0,
      onChange: () => undefined,
      ...changes,
    });
  }

  get numbers(): Record<string, number> {
    const { sent, failed, dropped, queueCount } = this.notifier;
    return { sent, failed, dropped, queueCount };
  }
}

/** Never answers until it is aborted. */
function hang(_: string, signal: AbortSignal): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  signal.addEventListener('abort', () => resolve(DOWN));
  return promise;
}

test('in order, one at a time', async () => {
  let underWay = 0;
  const bench = new Bench(async () => {
    expect(++underWay).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    underWay--;
    return { kind: 'sent' };
  });
  for (const message of ['a', 'b', 'c']) bench.notifier.add(firing(message));
  await bench.notifier.drain();
  bench.notifier.add(firing('d'));
  await bench.notifier.drain();
  expect(bench.tried).toEqual(['a', 'b', 'c', 'd']);
  expect(bench.numbers).toEqual({ sent: 4, failed: 0, dropped: 0, queueCount: 0 });
  expect(bench.budget.usedBytes).toBe(0);
});

test('its trouble is told while it lasts', async () => {
  let down = true;
  const bench = new Bench(() => (down ? DOWN : { kind: 'sent' }));
  expect(bench.notifier.trouble).toBe('');
  bench.notifier.add(firing('a'));
  await until(() => bench.notifier.trouble === 'ECONNREFUSED');
  down = false;
  await bench.notifier.drain();
  expect(bench.notifier.trouble).toBe('');
});

test('a target that is down is tried again, and the others wait behind', async () => {
  let down = 3;
  const bench = new Bench(() => (down-- > 0 ? DOWN : { kind: 'sent' }));
  bench.notifier.add(firing('a'));
  bench.notifier.add(firing('b'));
  await bench.notifier.drain();
  expect(bench.tried).toEqual(['a', 'a', 'a', 'a', 'b']);
  expect(bench.notifier.retries).toBe(3);
  expect(bench.log.lines).toEqual([
    'warn an alert target cannot be reached: notifications wait, for a day at most, and are tried again; tetraship check tries the target too {"rule":"r","cause":"ECONNREFUSED","tries":1,"queued":2}',
  ]);
});

test('what is refused is lost at once, and said', async () => {
  const bench = new Bench((message) =>
    message === 'a' ? { kind: 'refused', cause: 'it answered 404' } : { kind: 'sent' },
  );
  for (const message of ['a', 'a', 'b']) bench.notifier.add(firing(message));
  await bench.notifier.drain();
  expect(bench.numbers).toEqual({ sent: 1, failed: 2, dropped: 0, queueCount: 0 });
  expect(bench.log.lines).toEqual([
    'error cannot notify an alert target: the notification is lost; correct the target in the rules, or what answers there {"rule":"r","cause":"it answered 404","tries":1,"queued":2}',
  ]);
  bench.nowMs = 60_000;
  bench.notifier.add(firing('a'));
  await bench.notifier.drain();
  expect(bench.log.lines[1]).toContain('"alsoSinceLastLine":1');
});

test('a notification that breaks the target does not block the queue for ever', async () => {
  const bench = new Bench((message) =>
    message === 'poison' ? { kind: 'retry', cause: 'it answered 500', suspect: true } : { kind: 'sent' },
  );
  bench.notifier.add(firing('poison'));
  bench.notifier.add(firing('b'));
  await bench.notifier.drain();
  expect(bench.tried).toEqual([...new Array(10).fill('poison'), 'b']);
  expect(bench.numbers).toEqual({ sent: 1, failed: 1, dropped: 0, queueCount: 0 });
});

test('after a day a notification is given up', async () => {
  const bench = new Bench(() => {
    if (bench.tried.length === 20) bench.nowMs = DAY_MS;
    return DOWN;
  });
  bench.notifier.add(firing('a'));
  await bench.notifier.drain();
  expect(bench.tried).toHaveLength(20);
  expect(bench.numbers).toEqual({ sent: 0, failed: 1, dropped: 0, queueCount: 0 });
});

test.each([
  [1, 1, 500],
  [2, 1, 1_000],
  [6, 1, 16_000],
  [7, 1, 30_000],
  [5_000, 1, 30_000],
  [3, 0.5, 1_000],
  [3, 0, 0],
])('after %d tries and a draw of %d the pause is %d ms', (tries, random, want) => {
  expect(backoffMs(tries, BACKOFF_LAST_MS, random)).toBe(want);
});

test('a pause is at least what the target asks for', async () => {
  const startMs = performance.now();
  const triedMs: number[] = [];
  const bench = new Bench(() => {
    triedMs.push(performance.now() - startMs);
    return triedMs.length < 3 ? { ...DOWN, afterMs: 60 } : { kind: 'sent' };
  });
  bench.notifier.add(firing('a'));
  await until(() => bench.notifier.sent === 1);
  expect(bench.notifier.sent).toBe(1);
  expect(triedMs.at(-1)).toBeGreaterThan(110);
});

describe('bounds', () => {
  test('count', async () => {
    const bench = new Bench(hang);
    for (let index = 0; index < MAX_TARGET_QUEUE_COUNT + 50; index++) bench.notifier.add(firing('x'));
    expect(bench.numbers).toEqual({ sent: 0, failed: 0, dropped: 50, queueCount: MAX_TARGET_QUEUE_COUNT });
    expect(bench.log.count('error the queue of an alert target is full')).toBe(1);
    await bench.notifier.stop();
  });

  test('bytes', async () => {
    const bench = new Bench(hang);
    const message = 'é'.repeat(4_000);
    for (let index = 0; index < 100; index++) bench.notifier.add(firing(message));
    expect(bench.notifier.queueCount).toBe(Math.floor(MAX_TARGET_QUEUE_BYTES / (8_000 + 128)));
    expect(bench.notifier.queueBytes).toBeLessThanOrEqual(MAX_TARGET_QUEUE_BYTES);
    expect(bench.notifier.queueCount + bench.notifier.dropped).toBe(100);
    await bench.notifier.stop();
  });

  test('bytes of all together', async () => {
    const one = new Bench(hang);
    const other = new Bench(hang, { budget: one.budget });
    one.budget.usedBytes = MAX_ALERT_QUEUE_BYTES - 300;
    for (let index = 0; index < 2; index++) {
      one.notifier.add(firing('x'));
      other.notifier.add(firing('x'));
    }
    expect([one.numbers, other.numbers]).toMatchObject([{ queueCount: 1 }, { queueCount: 1, dropped: 1 }]);
    expect(one.notifier.dropped).toBe(1);
    await Promise.all([one.notifier.stop(), other.notifier.stop()]);
  });
});

describe('the stop', () => {
  test('a request under way is ended, and what is queued is kept', async () => {
    const bench = new Bench(hang);
    for (const message of ['a', 'b']) bench.notifier.add(firing(message));
    await bench.notifier.stop();
    expect(bench.numbers).toEqual({ sent: 0, failed: 0, dropped: 0, queueCount: 2 });
    bench.notifier.add(firing('c'));
    expect(bench.notifier.dropped).toBe(1);
    expect(bench.notifier.queue.map(({ notification }) => notification.message)).toEqual(['a', 'b']);
  });

  test('a pause is ended', async () => {
    const bench = new Bench(() => ({ ...DOWN, afterMs: HOUR_MS }));
    bench.notifier.add(firing('a'));
    await until(() => bench.notifier.retries === 1);
    await bench.notifier.stop();
    expect(bench.numbers).toMatchObject({ dropped: 0, queueCount: 1 });
  });

  test('a drain tries at once what waits', async () => {
    let outcome: Outcome = { ...DOWN, afterMs: HOUR_MS };
    const bench = new Bench(() => outcome);
    bench.notifier.add(firing('a'));
    await until(() => bench.notifier.retries === 1);
    outcome = { kind: 'sent' };
    await bench.notifier.drain();
    expect(bench.numbers).toMatchObject({ sent: 1, queueCount: 0 });
  });
});

test('a target is broken after three failures in a row, and whole again with the first that passes', async () => {
  const seen: boolean[] = [];
  const bench: Bench = new Bench(() => {
    seen.push(bench.notifier.broken);
    return seen.length > 4 ? { kind: 'sent' } : DOWN;
  });
  bench.notifier.add(firing('a'));
  await bench.notifier.drain();
  expect([seen, bench.notifier.broken]).toEqual([[false, false, false, true, true], false]);
});

describe('handing over', () => {
  test('while a request is under way: it goes with the others if it fails, in order', async () => {
    const answers: ((outcome: Outcome) => void)[] = [];
    const old = new Bench(() => new Promise((resolve) => answers.push(resolve)));
    const next = new Bench(() => ({ kind: 'sent' }), { budget: old.budget });
    for (const message of ['a', 'b']) old.notifier.add(firing(message));
    old.notifier.handOver(next.notifier);
    old.notifier.add(firing('c'));
    await next.notifier.drain();
    expect([old.notifier.queueCount, next.tried]).toEqual([1, ['b', 'c']]);
    answers[0]?.(DOWN);
    await until(() => next.notifier.sent === 3);
    expect([old.tried, next.tried, old.notifier.queueCount]).toEqual([['a'], ['b', 'c', 'a'], 0]);
    expect(old.budget.usedBytes).toBe(0);
  });

  test('while it waits: at once, and nothing is tried twice', async () => {
    const old = new Bench(() => ({ ...DOWN, afterMs: HOUR_MS }));
    const next = new Bench(() => ({ kind: 'sent' }), { budget: old.budget });
    for (const message of ['a', 'b']) old.notifier.add(firing(message));
    await until(() => old.notifier.retries === 1);
    old.notifier.handOver(next.notifier);
    await until(() => next.notifier.sent === 2);
    expect([old.tried, next.tried]).toEqual([['a'], ['a', 'b']]);
    expect(old.budget.usedBytes).toBe(0);
  });
});
