/**
 * What the kernel alone does on one core: GB of input per CPU-second, stage by stage and with rules, beside two
 * floors, and JavaScript heap bytes per event. Run by `make bench-kernel`; needs --expose-gc and a young generation
 * that holds the run. `--quick`, `--runs N`.
 */

import { closeSync, openSync, readSync } from 'node:fs';
import { loadConfig } from '../agent/config.ts';
import { Kernel, STATUS_SLOT_FULL } from '../agent/kernel/kernel.ts';
import { MiB, READ_CHUNK_BYTES } from '../agent/limits.ts';
import { kernelOptions } from '../agent/pipeline-options.ts';
import { corpusPath } from './corpus.ts';
import { heapGrowth } from './heap-growth.ts';
import { ruleMix } from './kernel-rules.ts';
import { kernelStages } from './kernel-stages.ts';
import { quickOr, RUNS } from './length.ts';
import { cpuSeconds, formatSample, pairs, type Sample, summarize } from './measure.ts';
import { record } from './results.ts';

const CORPUS_MEGABYTES = 64;
const WARMUPS = 2;
const EVENTS_FOR_HEAP = quickOr(200_000, 1_000_000);
const RULE_COUNTS = [2, 10, 100, 1_000, 10_000];

/** As the agent sets it up when nothing is configured. */
const OPTIONS = kernelOptions(loadConfig({ PARSEABLE_URL: 'http://127.0.0.1:8000' }));

const file = openSync(corpusPath(1, CORPUS_MEGABYTES), 'r');

interface Pass {
  readonly bytes: number;
  readonly events: number;
  readonly output: number;
  readonly matches: number;
}

/** Runs the whole corpus through `kernel`, reading it from the page cache as the agent does. */
function pass(kernel: Kernel): Pass {
  let position = 0;
  let events = 0;
  let output = 0;
  let matches = 0;
  kernel.openSlot(0);
  for (;;) {
    const length = readSync(file, kernel.input, 0, READ_CHUNK_BYTES, position);
    const status = kernel.process(length, position, false);
    const consumed = kernel.consumedBytes;
    if (consumed === 0 && status !== STATUS_SLOT_FULL) break;
    position += consumed;
    events += kernel.events;
    matches += kernel.matchCount;
    if (status === STATUS_SLOT_FULL) {
      output += kernel.slotLength;
      kernel.openSlot(0);
    }
  }
  return { bytes: position, events, output: output + kernel.slotLength, matches };
}

const stages = await kernelStages();
function passStage(take: (length: number) => number): void {
  let lines = 0;
  for (let position = 0; ; ) {
    const length = readSync(file, stages.input, 0, READ_CHUNK_BYTES, position);
    const whole = stages.wholeBytes(length);
    if (whole === 0) break;
    lines += take(length);
    position += whole;
  }
  if (lines !== once.events) throw new Error(`${lines} lines of ${once.events}`);
}

const chunk = Buffer.alloc(READ_CHUNK_BYTES);
/** Bare read and newline count: what no program that reads lines can go below. */
function readAndCount(): void {
  let lines = 0;
  for (let position = 0; ; ) {
    const length = readSync(file, chunk, 0, READ_CHUNK_BYTES, position);
    if (length === 0) break;
    for (let at = chunk.indexOf(10); at >= 0 && at < length; at = chunk.indexOf(10, at + 1)) lines++;
    position += length;
  }
  if (lines !== once.events) throw new Error(`${lines} lines of ${once.events}`);
}

/** As many bytes as the rows take, a slot at a time. */
function copyOutput(): void {
  for (let left = once.output; left > 0; left -= from.length)
    to.set(from.subarray(0, Math.min(left, from.length)));
}

const bare = await Kernel.create(OPTIONS);
const withId = await Kernel.create({ ...OPTIONS, eventId: { column: 'event_id', node: 'node-1' } });
const once = pass(bare);
const from = Buffer.alloc(OPTIONS.slotBytes, 1);
const to = Buffer.alloc(OPTIONS.slotBytes, 2);
const withRules = new Map<number, Kernel>();
const loading = new Map<number, number>();
for (const count of RULE_COUNTS) {
  const kernel = await Kernel.create(OPTIONS);
  const conditions = ruleMix(count);
  const before = process.cpuUsage();
  const prepared = await kernel.conditions.prepare(conditions);
  const { user, system } = process.cpuUsage(before);
  loading.set(count, (user + system) / 1e3);
  kernel.conditions.replace(prepared);
  withRules.set(count, kernel);
}

const NAMES = {
  read: 'floor: read and count newlines',
  copy: 'floor: copy the rows (memcpy)',
  flatten: 'read, validate, flatten',
};
const rulesName = (count: number): string => `${count.toLocaleString('en')} rules`;
const contenders: readonly (readonly [name: string, run: () => void])[] = [
  [NAMES.read, readAndCount],
  [NAMES.copy, copyOutput],
  ['read, split', () => passStage(stages.splitLines)],
  ['read, validate', () => passStage(stages.validateLines)],
  [NAMES.flatten, () => void pass(bare)],
  ['… and an event id', () => void pass(withId)],
  ...[...withRules].map(([count, kernel]) => [`… and ${rulesName(count)}`, () => void pass(kernel)] as const),
];
const speeds = new Map<string, number[]>(contenders.map(([name]) => [name, []]));
for (let run = -WARMUPS; run < RUNS; run++) {
  for (const [name, work] of contenders) {
    const speed = once.bytes / 1e9 / cpuSeconds(work);
    if (run >= 0) speeds.get(name)?.push(speed);
  }
}
const speedsOf = (name: string): number[] => speeds.get(name) ?? [];
const ofRules = (count: number): Sample => summarize(speedsOf(`… and ${rulesName(count)}`));
const slowdown = pairs(speedsOf(`… and ${rulesName(2)}`), speedsOf(`… and ${rulesName(100)}`));

// The same chunk again and again: what the kernel and its host side allocate, without the reading.
const kernel = withRules.get(100) ?? bare;
const chunkLength = readSync(file, kernel.input, 0, READ_CHUNK_BYTES, 0);
let events = 0;
function passChunks(wanted: number): void {
  events = 0;
  kernel.openSlot(0);
  while (events < wanted) {
    if (kernel.process(chunkLength, 0, false) === STATUS_SLOT_FULL) kernel.openSlot(0);
    events += kernel.events;
  }
}
passChunks(EVENTS_FOR_HEAP / 10); // compiled before it is measured
const idleGrowth = await heapGrowth(() => undefined);
const grown = (await heapGrowth(() => passChunks(EVENTS_FOR_HEAP))) - idleGrowth;
closeSync(file);

record('kernel', {
  title: 'Kernel',
  about:
    `One core, ${(once.bytes / 1e6).toFixed(0)} MB of events of ${(once.bytes / once.events).toFixed(0)} bytes on average, read from the page cache in chunks of 256 KiB; ` +
    `rows are ${(once.output / once.bytes).toFixed(2)} times as long as their lines. ` +
    `A hundred rules cost ${formatSample(slowdown, 3)} times what two cost. ` +
    `Loading rules takes ${[...loading].map(([count, ms]) => `${ms.toFixed(0)} ms for ${count.toLocaleString('en')}`).join(', ')}. ` +
    `With 100 rules, over ${events.toLocaleString('en')} events the JavaScript heap grew by ${grown} bytes, ${(grown / events).toFixed(4)} an event, and no collection ran; ` +
    `WebAssembly memory is fixed at ${(bare.memoryBytes / MiB).toFixed(0)} MiB of address space.`,
  header: ['work', 'GB of input per CPU-second'],
  rows: contenders.map(([name]) => [name, formatSample(summarize(speedsOf(name)), 2)]),
  data: {
    speeds: Object.fromEntries(contenders.map(([name]) => [name, summarize(speedsOf(name))])),
    gigabytesPerSecond: Object.fromEntries(
      RULE_COUNTS.map((count) => [`${count} rules`, ofRules(count).median]),
    ),
    hundredRulesToTwo: slowdown,
    loadingMs: Object.fromEntries(loading),
    heapBytesPerEvent: grown / events,
    events,
    memoryBytes: bare.memoryBytes,
  },
});
