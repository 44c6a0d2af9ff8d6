import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { backlogRun } from '../../bench/backlog-run.ts';
import type { Corpus } from '../../bench/corpus.ts';
import { measureFloors } from '../../bench/floors.ts';
import { writeCorpus } from '../../bench/generator.ts';
import { accounting, descriptors } from '../../bench/process-accounting.ts';
import { ReceiverProcess } from '../../bench/receiver-process.ts';
import { ReplayLines } from '../../bench/replay-lines.ts';
import { ours, type Shipper } from '../../bench/shipper.ts';

const MB = 1_000_000;
const folder = mkdtempSync(join(tmpdir(), 'tetraship-harness-'));
const path = join(folder, 'tetragon.log');
const lines = writeCorpus(path, 2 * MB, 1, 1);
const tiny: Corpus = { path, lines, bytes: readFileSync(path).length };
/** For tests that start programs, on a machine that may be busy. */
const PATIENCE_MS = 60_000;
afterAll(() => rmSync(folder, { recursive: true }));

/** As it runs from source: the tests need no dist/. */
const main = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));

test(
  'the agent over a tiny log: every row, its cost, its threads',
  async () => {
    await using receiver = await ReceiverProcess.start('--mode', 'fast');
    const run = await backlogRun(receiver, ours({ main }), tiny, 'zstd');
    expect(run.rows).toBe(tiny.lines);
    expect(run.cpuSeconds).toBeGreaterThan(0.05);
    expect(run.threads['main']).toBeGreaterThan(0);
    const threads = Object.values(run.threads).reduce((sum, seconds) => sum + seconds, 0);
    expect(threads).toBeCloseTo(run.cpuSeconds, 2);
    expect(run.peakMiB).toBeGreaterThan(30);
    expect(run.ratio).toBeGreaterThan(3);
  },
  PATIENCE_MS,
);

test(
  'a contender that ends by itself is a failure, and not a fast run',
  async () => {
    await using receiver = await ReceiverProcess.start('--mode', 'fast');
    const deserter: Shipper = {
      name: 'deserter',
      command: () => ({ program: process.execPath, args: ['-e', ''], env: {} }),
    };
    await expect(backlogRun(receiver, deserter, tiny, 'none')).rejects.toThrow('deserter has ended');
  },
  PATIENCE_MS,
);

test(
  'floors of a tiny log: each costs something, and the ratio is that of real logs',
  async () => {
    const floors = await measureFloors(tiny, 1);
    for (const [name, cost] of Object.entries(floors.cost)) expect(cost.median, name).toBeGreaterThan(0);
    expect(floors.expansion).toBeGreaterThan(1);
    expect(floors.zstdRatio).toBeGreaterThan(5);
  },
  PATIENCE_MS,
);

test('a process accounts for itself', () => {
  const before = accounting(process.pid);
  for (const end = performance.now() + 50; performance.now() < end; );
  const after = accounting(process.pid);
  expect(after.cpuSeconds).toBeGreaterThan(before.cpuSeconds);
  expect(after.residentMiB).toBeGreaterThan(10);
  expect(after.peakMiB).toBeGreaterThanOrEqual(after.residentMiB);
  expect(descriptors(process.pid)).toBeGreaterThan(2);
  expect(() => accounting(2 ** 30)).toThrow();
});

test('replayed lines are the log’s, under numbers that go on', () => {
  const replay = new ReplayLines(tiny);
  const text = Array.from({ length: lines + 2 }, () => replay.next());
  expect(text.slice(0, lines).join('')).toBe(readFileSync(path, 'utf8'));
  expect(text[lines]).toBe(text[0]?.replace('seq-0"', `seq-${lines}"`));
});

describe.each(['vector', 'vector-tuned', 'fluent-bit', 'fluent-bit-lift'])('bench/peers/%s.yaml', (name) => {
  const text = readFileSync(new URL(`../../bench/peers/${name}.yaml`, import.meta.url), 'utf8');

  test('begins with what it is, and uses only what the bench gives', () => {
    expect(text).toMatch(/^# /);
    const known = [
      'TETRAGON_LOG',
      'TETRAGON_LOGS',
      'PARSEABLE_URL',
      'RECEIVER_PORT',
      'STATE_DIR',
      'COMPRESSION',
    ];
    for (const [, variable] of text.matchAll(/\$\{(\w+)\}/g)) expect(known).toContain(variable);
  });
});
