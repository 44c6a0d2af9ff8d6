import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Generator, type SizeKB, writeCorpus } from '../../bench/generator.ts';
import { parseStrict } from '../receiver/strict-json.ts';

const MB = 1_000_000;
/** What a batch holds, and what zstd therefore sees at once. */
const BATCH_BYTES = 2 * 1024 * 1024;

const KINDS = [
  'process_exec',
  'process_exit',
  'process_kprobe',
  'process_lsm',
  'process_throttle',
  'process_tracepoint',
];

function linesOf(generator: Generator, bytes: number): string[] {
  return generator.chunk(bytes).toString('utf8').trimEnd().split('\n');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(line: string): Record<string, unknown> {
  const result = parseStrict(Buffer.from(line));
  if (!result.ok) throw new Error(`${result.reason}: ${line}`);
  if (!isObject(result.value)) throw new Error(`not an object: ${line}`);
  return result.value;
}

/** The value at a path of keys, or `undefined`. */
function at(value: unknown, ...keys: string[]): unknown {
  return keys.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
}

describe.each<SizeKB>([0.3, 1, 2.3, 8])('events of %s KB', (size) => {
  test('average size, compression ratio and speed', () => {
    const generator = new Generator({ seed: 7, size });
    linesOf(generator, MB);
    const first = generator.sequence;
    const start = process.cpuUsage();
    const bytes = generator.chunk(16 * MB).length;
    const { user, system } = process.cpuUsage(start);
    const speed = bytes / (user + system);
    const average = bytes / (generator.sequence - first);
    const batch = generator.chunk(BATCH_BYTES);
    const level = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
    const ratio = batch.length / zstdCompressSync(batch, level).length;
    console.log(
      `${size} KB: average ${average.toFixed(0)} bytes, zstd 1 ratio ${ratio.toFixed(1)}, ${speed.toFixed(0)} MB per CPU-second`,
    );
    expect(average / (size * 1000)).toBeGreaterThan(0.85);
    expect(average / (size * 1000)).toBeLessThan(1.15);
    expect(ratio).toBeGreaterThan(5);
    expect(ratio).toBeLessThan(12);
    // MB per CPU-second. A shared machine may be busy: the promise is 100 on an idle core.
    expect(speed).toBeGreaterThan(15);
  });

  test('every line is one strict JSON object of a known kind, numbered in order', () => {
    const generator = new Generator({ seed: 3, size, first: 5 });
    const kinds = new Set<string>();
    for (const [i, line] of linesOf(generator, 400_000).entries()) {
      const event = parse(line);
      const [kind = '', ...others] = Object.keys(event);
      kinds.add(kind);
      expect(others).toEqual(['node_name', 'time', 'cluster_name']);
      expect(event).toMatchObject({ cluster_name: `seq-${5 + i}`, node_name: 'node-1' });
      expect(line).not.toMatch(/[@#]\{/);
      expect(line.endsWith(`"cluster_name":"seq-${5 + i}"}`)).toBe(true);
    }
    expect([...kinds].sort()).toEqual(size === 0.3 ? KINDS.slice(0, 2) : KINDS);
  });
});

test('the same options give the same bytes, another seed gives others', () => {
  const make = (seed: number) => new Generator({ seed, wgetEvery: 10 }).chunk(100_000);
  expect(make(1).equals(make(1))).toBe(true);
  expect(make(1).equals(make(2))).toBe(false);
});

test('spaces stand after colons and commas only, and mean nothing', () => {
  const [spaced = ''] = linesOf(new Generator({ seed: 1, spaces: true }), 1);
  const [compact = ''] = linesOf(new Generator({ seed: 1 }), 1);
  expect(spaced).toMatch(/^\{"process_\w+": \{"process": \{"exec_id": "/);
  expect(parse(spaced)).toEqual(parse(compact));
  expect(spaced.length).toBeGreaterThan(compact.length);
});

test('every n-th event is the walkthrough’s: wget and curl in turn, in nginx-pod', () => {
  const events = linesOf(new Generator({ seed: 1, wgetEvery: 10 }), 100_000).map(parse);
  expect(events.length).toBeGreaterThan(39);
  for (const [i, event] of events.entries()) {
    const process = at(event, 'process_exit', 'process');
    const due = i % 10 === 9;
    expect(at(process, 'pod', 'name') === 'nginx-pod').toBe(due);
    if (due) expect(at(process, 'binary')).toBe(i % 20 === 9 ? '/usr/bin/wget' : '/usr/bin/curl');
    else expect(String(at(process, 'binary'))).not.toMatch(/^\/usr\/bin\/(wget|curl)/);
  }
});

test('times go up, with nanoseconds; a live generator uses the clock', () => {
  const events = linesOf(new Generator({ seed: 1, startMs: Date.UTC(2026, 0, 1) }), 100_000).map(parse);
  expect(String(at(events[0], 'time'))).toMatch(/^2026-01-01T00:00:00\.000\d{6}Z$/);
  expect(String(at(events[30], 'time'))).toMatch(/^2026-01-01T00:00:00\.003\d{6}Z$/);
  const [live = ''] = linesOf(new Generator({ seed: 1, live: true }), 1);
  expect(Math.abs(Date.parse(String(at(parse(live), 'time'))) - Date.now())).toBeLessThan(5000);
});

test('a corpus is a file of about the size asked for', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tetraship-corpus-'));
  try {
    const path = join(folder, 'corpus.log');
    const events = writeCorpus(path, 3 * MB, 1, 1);
    expect(Math.abs(statSync(path).size - 3 * MB)).toBeLessThan(10_000);
    const text = readFileSync(path, 'utf8');
    expect(text.endsWith(`"cluster_name":"seq-${events - 1}"}\n`)).toBe(true);
    expect(text.split('\n').length - 1).toBe(events);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
