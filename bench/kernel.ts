/**
 * What the kernel alone does on one core: MB of input per CPU-second, beside the floor, and JavaScript heap
 * bytes per event. Run by `make bench-kernel`; needs --expose-gc and a young generation that holds the run.
 */

import { closeSync, openSync, readSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../agent/config.ts';
import { Kernel, STATUS_SLOT_FULL } from '../agent/kernel/kernel.ts';
import type { Condition } from '../agent/kernel/types.ts';
import { MiB, READ_CHUNK_BYTES } from '../agent/limits.ts';
import { kernelOptions } from '../agent/pipeline-options.ts';
import { corpusPath } from './corpus.ts';
import { type Contender, formatSample, race } from './measure.ts';
import { record } from './results.ts';

const CORPUS_MEGABYTES = 64;
const RUNS = 7;
const EVENTS_FOR_HEAP = 1_000_000;

/** As the agent sets it up when nothing is configured. */
const OPTIONS = kernelOptions(loadConfig({ PARSEABLE_URL: 'http://127.0.0.1:8000' }));

/** The two rules of the walkthrough. */
const TWO_RULES: readonly Condition[] = ['/usr/bin/wget', '/usr/bin/curl'].map((value) => ({
  expression: { string: { column: 'process_exit_process_binary', operator: 'contains', value } },
}));

const file = openSync(corpusPath(1, CORPUS_MEGABYTES), 'r');

/** Runs the whole corpus through `kernel`, reading it from the page cache as the agent does. */
function pass(kernel: Kernel): { bytes: number; events: number; output: number } {
  let position = 0;
  let events = 0;
  let output = 0;
  kernel.openSlot(0);
  for (;;) {
    const length = readSync(file, kernel.input, 0, READ_CHUNK_BYTES, position);
    const status = kernel.process(length, position, false);
    const consumed = kernel.consumedBytes;
    if (consumed === 0 && status !== STATUS_SLOT_FULL) break;
    position += consumed;
    events += kernel.events;
    if (status === STATUS_SLOT_FULL) {
      output += kernel.slotLength;
      kernel.openSlot(0);
    }
  }
  return { bytes: position, events, output: output + kernel.slotLength };
}

const floorBuffer = Buffer.alloc(READ_CHUNK_BYTES);
/** Bare read and newline count: what no program that reads lines can go below. */
function floor(): void {
  let position = 0;
  let lines = 0;
  for (;;) {
    const length = readSync(file, floorBuffer, 0, READ_CHUNK_BYTES, position);
    if (length === 0) break;
    for (let at = floorBuffer.indexOf(10); at >= 0 && at < length; at = floorBuffer.indexOf(10, at + 1))
      lines++;
    position += length;
  }
  if (lines === 0) throw new Error('the corpus has no lines');
}

const bare = await Kernel.create(OPTIONS);
const withRules = await Kernel.create({ ...OPTIONS, conditions: TWO_RULES });
const once = pass(bare);
const contenders: Contender[] = [
  { name: 'floor: read and count newlines', bytes: once.bytes, run: floor },
  { name: 'read, validate, flatten', bytes: once.bytes, run: () => void pass(bare) },
  { name: 'read, validate, flatten, 2 rules', bytes: once.bytes, run: () => void pass(withRules) },
];
const speeds = race(contenders, RUNS);

/** Bytes by which the JavaScript heap grows while `work` runs; every one of them, because no collection may run. */
async function heapGrowth(work: () => void): Promise<number> {
  if (typeof globalThis.gc !== 'function') throw new Error('run with --expose-gc');
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  observer.observe({ entryTypes: ['gc'] });
  globalThis.gc();
  await sleep(0);
  collections = 0;
  const before = process.memoryUsage().heapUsed;
  work();
  const grown = process.memoryUsage().heapUsed - before;
  await sleep(0);
  observer.disconnect();
  if (collections > 0) throw new Error(`the collector ran ${collections} times: the figure would be wrong`);
  return grown;
}

// The same chunk again and again: what the kernel and its host side allocate, without the reading.
const chunkLength = readSync(file, withRules.input, 0, READ_CHUNK_BYTES, 0);
let events = 0;
function passChunks(wanted: number): void {
  events = 0;
  withRules.openSlot(0);
  while (events < wanted) {
    if (withRules.process(chunkLength, 0, false) === STATUS_SLOT_FULL) withRules.openSlot(0);
    events += withRules.events;
  }
}
passChunks(EVENTS_FOR_HEAP / 10); // compiled before it is measured
const idleGrowth = await heapGrowth(() => undefined);
const grown = (await heapGrowth(() => passChunks(EVENTS_FOR_HEAP))) - idleGrowth;
closeSync(file);

const best = speeds.get('floor: read and count newlines')?.median ?? Number.NaN;
record('kernel', {
  title: 'Kernel',
  about:
    `One core, ${(once.bytes / 1e6).toFixed(0)} MB of events of ${(once.bytes / once.events).toFixed(0)} bytes on average, read from the page cache in chunks of 256 KiB; ` +
    `rows are ${(once.output / once.bytes).toFixed(2)} times as long as their lines. ` +
    `Over ${events.toLocaleString('en')} events the JavaScript heap grew by ${grown} bytes, ${(grown / events).toFixed(4)} an event, and no collection ran; ` +
    `WebAssembly memory is fixed at ${(bare.memoryBytes / MiB).toFixed(0)} MiB of address space.`,
  header: ['work', 'MB of input per CPU-second', 'share of the floor'],
  rows: [...speeds].map(([name, sample]) => [name, formatSample(sample), (sample.median / best).toFixed(2)]),
  data: {
    speeds: Object.fromEntries(speeds),
    heapBytesPerEvent: grown / events,
    events,
    memoryBytes: bare.memoryBytes,
  },
});
