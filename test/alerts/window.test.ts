import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WindowMode, WindowOwner, WindowSpec } from '../../agent/alerts/window.ts';
import { Windows } from '../../agent/alerts/windows.ts';

const ROOM = { maxWindows: 10_000, maxBytes: Number.POSITIVE_INFINITY };
const spec = (mode: WindowMode, intervalMs = 10_000, times = 5): WindowSpec => ({ mode, intervalMs, times });

/** Windows of one instance on a clock; every call becomes `second message[ closing]`. */
class Harness {
  readonly calls: string[] = [];
  readonly windows: Windows<WindowOwner>;
  readonly #owner: WindowOwner;
  #nowMs = 0;

  constructor(only: WindowSpec, limits = ROOM) {
    this.windows = new Windows(limits);
    this.#owner = { window: only };
  }

  /** Lets the time pass, calling as a timer would. */
  at(second: number): this {
    while (this.windows.nextDueMs <= second * 1000) this.#collect(this.windows.nextDueMs);
    this.#nowMs = second * 1000;
    return this;
  }

  fire(message = 'm'): this {
    if (this.windows.fire(this.#owner, message, message, this.#nowMs) !== undefined)
      this.calls.push(`${this.#nowMs / 1000} ${message}`);
    return this;
  }

  resolve(): this {
    this.windows.resolve(this.#owner);
    return this;
  }

  /** A timer that comes too late. */
  late(second: number): this {
    this.#nowMs = second * 1000;
    this.#collect(this.#nowMs);
    return this;
  }

  #collect(nowMs: number): void {
    for (const { window, kind } of this.windows.collect(nowMs)) {
      this.calls.push(`${nowMs / 1000} ${window.message}${kind === 'closing' ? ' closing' : ''}`);
    }
  }
}

describe('a column rule', () => {
  test('calls at 0, 10, 20, 30 and 40 s, then closes with a word, once', () => {
    const run = new Harness(spec('state')).fire().at(1000);
    expect(run.calls).toEqual(['0 m', '10 m', '20 m', '30 m', '40 m', '50 m closing']);
    expect(run.windows.nextDueMs).toBe(Number.POSITIVE_INFINITY);
  });

  test('stays silent after the word until it resolves', () => {
    const run = new Harness(spec('state')).fire().at(60).fire().at(1000);
    expect(run.calls).toHaveLength(6);
    run.resolve().fire();
    expect(run.calls.at(-1)).toBe('1000 m');
    expect(run.at(1010).calls.at(-1)).toBe('1010 m');
  });

  test('a resolve closes', () => {
    const run = new Harness(spec('state')).fire().at(15).resolve().at(100);
    expect(run.calls).toEqual(['0 m', '10 m']);
    expect(run.windows.count).toBe(0);
  });

  test('a resolve in the last interval spares the word', () => {
    expect(new Harness(spec('state')).fire().at(45).resolve().at(100).calls).toHaveLength(5);
  });

  test('once', () => {
    expect(new Harness(spec('state', 10_000, 1)).fire().at(100).calls).toEqual(['0 m', '10 m closing']);
  });

  test('endlessly', () => {
    const run = new Harness(spec('state', 10_000, Number.POSITIVE_INFINITY)).fire().at(10_000);
    expect(run.calls).toHaveLength(1_001);
    expect(run.resolve().at(20_000).calls).toHaveLength(1_001);
  });
});

describe('a composite rule', () => {
  test('calls at 0, 10, 20, 30 and 40 s, ends without a word, and fires anew', () => {
    const run = new Harness(spec('event')).fire().at(49.999).fire().at(50).fire().at(55);
    expect(run.calls).toEqual(['0 m', '10 m', '20 m', '30 m', '40 m', '50 m']);
  });

  test('another message is another window', () => {
    const run = new Harness(spec('event', 10_000, 2)).fire('pod a').at(3).fire('pod b').fire('pod a').at(100);
    expect(run.calls).toEqual(['0 pod a', '3 pod b', '10 pod a', '13 pod b']);
  });

  test('lateness does not add up, and missed calls are not made up for', () => {
    const run = new Harness(spec('event')).fire().late(12).at(20).late(47).at(200);
    expect(run.calls).toEqual(['0 m', '12 m', '20 m', '47 m', '57 m']);
  });
});

describe('a composite rule on alertmanager', () => {
  const pulse = (times = Number.POSITIVE_INFINITY): Harness => new Harness(spec('pulse', 10_000, times));

  test('lapses without further matches', () => {
    const run = pulse().fire().at(100);
    expect(run.calls).toEqual(['0 m']);
    expect(run.windows.count).toBe(0);
  });

  test('each match prolongs it', () => {
    expect(pulse().fire().at(5).fire().at(14).fire().at(23.9).fire().at(100).calls).toEqual([
      '0 m',
      '5 m',
      '14 m',
      '23.9 m',
    ]);
  });

  test('a flood of matches is told once a second, and its last match is told', () => {
    const run = pulse();
    for (let tenth = 0; tenth <= 34; tenth++) run.at(tenth / 10).fire();
    expect(run.at(100).calls).toEqual(['0 m', '1 m', '2 m', '3 m', '4 m']);
  });

  test('with a number of times it calls by itself as well', () => {
    const run = pulse(3).fire().at(14).fire().at(100);
    expect(run.calls).toEqual(['0 m', '10 m', '14 m', '20 m']);
    expect(run.windows.count).toBe(0);
  });
});

describe('bounds', () => {
  test('the window that was fired longest ago is closed, and counted', () => {
    const run = new Harness(spec('event'), { ...ROOM, maxWindows: 2 });
    run.fire('a').at(1).fire('b').at(2).fire('a').at(3).fire('c');
    expect([run.windows.count, run.windows.evicted]).toEqual([2, 1]);
    expect(run.at(12).calls).toEqual(['0 a', '1 b', '3 c', '10 a']); // b would have called at 11
    expect(run.fire('b').calls.at(-1)).toBe('12 b');
  });

  test('bytes', () => {
    const run = new Harness(spec('event'), { ...ROOM, maxBytes: 10_000 });
    for (let index = 0; index < 1_000; index++) run.fire(`${index} ${'x'.repeat(1_000)}`);
    expect(run.windows.count).toBe(4);
    expect(run.windows.bytes).toBeLessThanOrEqual(10_000);
    run.at(60);
    expect([run.windows.count, run.windows.bytes, run.windows.evicted]).toEqual([0, 0, 996]);
  });

  test('100,000 messages', () => {
    const run = new Harness(spec('event'));
    for (let index = 0; index < 100_000; index++) run.fire(`pod ${index}`);
    expect([run.windows.count, run.windows.evicted]).toEqual([10_000, 90_000]);
    expect(run.at(10).calls).toHaveLength(110_000);
  });
});

/**
 * The rules of windows once more, the simplest way: all calls are computed from the history of one instance and
 * message, one millisecond after the other. (Pulses have their own tests.)
 */
function model({ mode, intervalMs, times }: WindowSpec, actions: readonly Action[], endMs: number): string[] {
  const calls: string[] = [];
  for (const key of ['0 a', '0 b', '1 a']) {
    let openedMs = -1;
    for (let ms = 0; ms <= endMs; ms++) {
      const age = ms - openedMs;
      if (openedMs >= 0 && age > 0 && age % intervalMs === 0) {
        if (age / intervalMs < times) calls.push(`${ms} ${key} repeat`);
        else if (mode === 'event') openedMs = -1;
        else if (age / intervalMs === times) calls.push(`${ms} ${key} closing`);
      }
      for (const action of actions.filter((action) => action.atMs === ms)) {
        if (action.message === undefined && key.startsWith(`${action.instance} `)) openedMs = -1;
        if (`${action.instance} ${action.message}` === key && openedMs < 0) {
          openedMs = ms;
          calls.push(`${ms} ${key} first`);
        }
      }
    }
  }
  return calls.sort();
}

/** A firing, or without a message a resolve. */
interface Action {
  readonly atMs: number;
  readonly instance: number;
  readonly message: string | undefined;
}

test('random actions against a model', () => {
  const action = fc.record({
    atMs: fc.nat(200),
    instance: fc.constantFrom(0, 1),
    message: fc.constantFrom('a', 'a', 'b', undefined),
  });
  const shape = fc.record({
    mode: fc.constantFrom<WindowMode>('state', 'event'),
    intervalMs: fc.integer({ min: 1, max: 30 }),
    times: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(Number.POSITIVE_INFINITY)),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 30 }), shape, (unsorted, only) => {
      const actions = unsorted
        .map((action) =>
          action.instance === 1 && action.message === 'b' ? { ...action, message: 'a' } : action,
        )
        .sort((one, other) => one.atMs - other.atMs);
      const owners = [{ window: only }, { window: only }];
      const windows = new Windows<WindowOwner>(ROOM);
      const calls: string[] = [];
      for (let ms = 0; ms <= 300; ms++) {
        if (windows.nextDueMs <= ms) {
          for (const { window, kind } of windows.collect(ms))
            calls.push(`${ms} ${owners.indexOf(window.owner)} ${window.message} ${kind}`);
        }
        for (const { instance, message } of actions.filter(({ atMs }) => atMs === ms)) {
          const owner = owners[instance] ?? { window: only };
          if (message === undefined) windows.resolve(owner);
          else if (windows.fire(owner, message, message, ms) !== undefined)
            calls.push(`${ms} ${instance} ${message} first`);
        }
      }
      expect(calls.sort()).toEqual(model(only, actions, 300));
    }),
    { numRuns: 500 },
  );
});
