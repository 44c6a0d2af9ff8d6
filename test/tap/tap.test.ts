import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Budget } from '../../agent/tap/budget.ts';
import { MAX_TAPS, TapHub, type Watcher } from '../../agent/tap/hub.ts';
import { parse } from '../../rules/parse.ts';

/** What of a response the hub uses; `waiting` bytes are those that the reader has not taken. */
class FakeResponse extends EventEmitter {
  lines: string[] = [];
  writableLength = 0;
  destroyed = false;
  writeHead(): this {
    return this;
  }
  flushHeaders(): void {}
  write(text: string): boolean {
    this.lines.push(...text.trimEnd().split('\n'));
    return true;
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

let watcher: Watcher | undefined;
let hub: TapHub;
beforeEach(() => {
  hub = new TapHub((next) => {
    watcher = next;
  });
});
afterEach(() => hub.stop());

async function open(wants: 'rows' | 'alerts', expression?: string): Promise<FakeResponse> {
  const response = new FakeResponse();
  const like: unknown = response;
  const isAdded = await hub.tryAdd(
    like as ServerResponse,
    wants,
    expression === undefined ? undefined : parse(expression),
  );
  expect(isAdded).toBe(true);
  return response;
}

function batchOf(rows: readonly string[]): [Uint8Array, number[]] {
  const ends: number[] = [];
  let at = 1;
  for (const row of rows) {
    at += Buffer.byteLength(row);
    ends.push(at);
    at++;
  }
  return [Buffer.from(`[${rows.join(',')}]`), ends];
}

test('without a reader nothing is watched, with the first it is, with the last it ends', async () => {
  expect(watcher).toBe(undefined);
  const one = await open('rows');
  const two = await open('rows');
  expect(watcher).toBe(hub);
  one.destroy();
  expect(watcher).toBe(hub);
  two.destroy();
  expect(watcher).toBe(undefined);
});

test('rows come as they are, digit for digit, and as the rule language chooses', async () => {
  const rows = ['{"a":1.50,"b":"x"}', '{"a":9007199254740993}', '{"b":"größe"}'];
  const all = await open('rows');
  const some = await open('rows', 'b ~ "^gr" or a > 100');
  watcher?.rows(...batchOf(rows));
  expect(all.lines).toEqual(rows.map((row) => `{"row":${row}}`));
  expect(some.lines).toEqual(rows.slice(1).map((row) => `{"row":${row}}`));
});

test('rows in many chunks, and one that is longer than is looked at', async () => {
  const rows = Array.from({ length: 2000 }, (_, i) => `{"n":${i},"t":"${'x'.repeat(300)}"}`);
  rows.splice(1000, 0, `{"n":5000,"t":"${'y'.repeat(1024 * 1024)}"}`);
  const response = await open('rows', 'n = 0 or n = 999 or n = 1999 or n = 5000');
  for (let tries = 0; tries < 50 && response.lines.length < 3; tries++) {
    response.lines = [];
    watcher?.rows(...batchOf(rows));
    await new Promise((resolve) => setTimeout(resolve, 100)); // the budget fills again
  }
  expect(response.lines.map((line) => /"n":(\d+)/.exec(line)?.[1])).toEqual(['0', '999', '1999']);
});

test('alerts name their rule', async () => {
  const response = await open('alerts', 'pod = "a"');
  watcher?.alert('odd "name"', 'match', Buffer.from('{"pod":"a"}'));
  watcher?.alert('r', 'firing', Buffer.from('{"pod":"b"}'));
  watcher?.rows(...batchOf(['{"pod":"a"}']));
  expect(response.lines).toEqual(['{"rule":"odd \\"name\\"","kind":"match","row":{"pod":"a"}}']);
});

describe('nobody is slowed', () => {
  test('more than anybody reads is counted, not sent', async () => {
    const response = await open('rows');
    watcher?.rows(...batchOf(Array.from({ length: 5000 }, (_, i) => `{"n":${i}}`)));
    expect(response.lines).toHaveLength(500);
    await expect.poll(() => response.lines.at(-1), { timeout: 4000 }).toBe('{"unseen":4500}');
  });
  test('a reader that does not take its rows gets none, and nothing piles up', async () => {
    const response = await open('rows');
    response.writableLength = 1 << 20;
    for (let i = 0; i < 100; i++) watcher?.rows(...batchOf(['{"a":1}']));
    expect(response.lines).toEqual([]);
    response.writableLength = 0;
    await expect.poll(() => response.lines.at(-1), { timeout: 4000 }).toBe('{"unseen":100}');
  });
  test('a twentieth of the time, saved up to a bound', () => {
    let nowMs = 0;
    const budget = new Budget(() => nowMs);
    expect(budget.leftMs).toBe(50);
    nowMs = 80;
    budget.spend(0);
    expect(budget.leftMs).toBeCloseTo(-26);
    nowMs += 600;
    expect(budget.leftMs).toBeCloseTo(4);
    nowMs += 1e9;
    expect(budget.leftMs).toBe(50);
  });
  test('a fault of a tap ends that tap, and nothing else', async () => {
    const broken = await open('rows');
    const well = await open('rows');
    broken.write = () => {
      throw new Error('broken');
    };
    watcher?.rows(...batchOf(['{"a":1}']));
    watcher?.rows(...batchOf(['{"a":2}']));
    expect(broken.destroyed).toBe(true);
    expect(well.lines).toEqual(['{"row":{"a":1}}', '{"row":{"a":2}}']);
  });
  test('only so many taps at once', async () => {
    for (let i = 0; i < MAX_TAPS; i++) await open('rows');
    const like: unknown = new FakeResponse();
    expect(await hub.tryAdd(like as ServerResponse, 'rows', undefined)).toBe(false);
  });
});
