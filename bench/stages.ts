/**
 * Where the CPU goes: each stage of the agent beside the bare operation that it cannot do without. The main
 * thread is divided by its profile, the other threads by Linux. Run by `make bench`, or alone; `--quick`, `--runs N`.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backlogRun, type Figures } from './backlog-run.ts';
import { type Corpus, corpus } from './corpus.ts';
import { type Profile, readProfile, STAGES, type Stage, summarizeProfile } from './cpu-profile.ts';
import { type FloorName, measureFloors } from './floors.ts';
import { MEGABYTES, quickOr, RUNS } from './length.ts';
import { formatSample, type Sample, summarize } from './measure.ts';
import { ReceiverProcess } from './receiver-process.ts';
import { record } from './results.ts';
import { ours } from './shipper.ts';

/** A profile slows the agent down: its shares are used, its times are not. */
const PROFILE_ARGS = ['--cpu-prof', '--cpu-prof-interval=500'];
const SHOWN_FUNCTIONS = 12;

const log = corpus(2, MEGABYTES);
await using receiver = await ReceiverProcess.start('--mode', 'fast');
const floors = await measureFloors(corpus(2, quickOr(25, 50)), RUNS);

/** Of the whole log and of next to nothing in turn: the difference is free of the start. */
const runs: Figures[] = [];
const starts: Figures[] = [];
const nothing = corpus(2, 1);
for (let i = 0; i < RUNS; i++) {
  runs.push(await backlogRun(receiver, ours(), log, 'zstd'));
  if (i < quickOr(3, RUNS)) starts.push(await backlogRun(receiver, ours(), nothing, 'zstd'));
}
const afterStart = summarize(
  starts.map(
    (start, i) =>
      (log.bytes - nothing.bytes) / 1e6 / ((runs[i]?.cpuSeconds ?? Number.NaN) - start.cpuSeconds),
  ),
);

/** CPU milliseconds per MB of input of each thread, from runs without a profile. */
function threadCosts(from: Corpus) {
  const cost = (seconds: (run: Figures) => number): Sample =>
    summarize(runs.map((run) => (seconds(run) * 1e3) / (from.bytes / 1e6)));
  return {
    main: cost(({ threads }) => threads['main'] ?? 0),
    pool: cost(({ threads }) => threads['thread pool'] ?? 0),
    v8: cost(({ threads }) => threads['V8'] ?? 0),
    all: cost(({ cpuSeconds }) => cpuSeconds),
  };
}

async function profile(from: Corpus): Promise<Profile> {
  const folder = mkdtempSync(join(tmpdir(), 'tetraship-profile-'));
  try {
    const nodeArgs = [...PROFILE_ARGS, `--cpu-prof-dir=${folder}`];
    await backlogRun(receiver, ours({ nodeArgs }), from, 'zstd', 'SIGTERM');
    return summarizeProfile(readProfile(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const threads = threadCosts(log);
const profiles: Profile[] = [];
for (let i = 0; i < quickOr(3, RUNS); i++) profiles.push(await profile(log));
const shareOf = (stage: Stage): number =>
  summarize(profiles.map(({ stages }) => stages.get(stage) ?? 0)).median;

const floorOf: Partial<Record<Stage, FloorName>> = {
  read: 'read',
  kernel: 'kernel',
  pack: 'zstd',
  send: 'post zstd',
};
const floorSum = (['kernel', 'zstd', 'post zstd'] as const).reduce(
  (sum, name) => sum + floors.cost[name].median,
  0,
);
const milliseconds = (value: number): string => value.toFixed(3);
const rows: string[][] = STAGES.map((stage) => {
  const cost = shareOf(stage) * threads.main.median;
  const floor = floorOf[stage];
  // The kernel's floor reads the log as well.
  const bare = floor && floors.cost[floor].median - (stage === 'kernel' ? floors.cost.read.median : 0);
  const [left, share] =
    bare === undefined ? ['', ''] : [milliseconds(bare), `${((100 * bare) / cost).toFixed(0)} %`];
  return [`${stage} (main thread)`, milliseconds(cost), left, share];
});
const pool = threads.pool.median;
rows.push(
  ['thread pool', milliseconds(pool), '', ''],
  ['compiler and collector (V8’s threads)', milliseconds(threads.v8.median), '', ''],
  [
    '**all**',
    `**${milliseconds(threads.all.median)}**`,
    `**${milliseconds(floorSum)}**`,
    `**${((100 * floorSum) / threads.all.median).toFixed(0)} %**`,
  ],
);

const perSecond = (cost: Sample): string =>
  formatSample({ median: 1e3 / cost.median, min: 1e3 / cost.max, max: 1e3 / cost.min });
record('floors', {
  title: 'Floors',
  about:
    `The bare operations, each alone in a warm process, in MB of input per CPU-second; rows are ${floors.expansion.toFixed(2)} times as long as their lines, ` +
    `and zstd at level 1 makes them ${floors.zstdRatio.toFixed(1)} times smaller. ${RUNS} runs in turn.`,
  header: ['operation', 'MB of input per CPU-second', 'CPU ms per MB of input'],
  rows: [
    ['read the log and count its newlines', 'read'] as const,
    ['read, validate and flatten it (the kernel alone)', 'kernel'] as const,
    ['copy the rows once', 'copy'] as const,
    ['compress the rows, zstd level 1', 'zstd'] as const,
    ['compress the rows, gzip level 1', 'gzip'] as const,
    ['post the rows, ready and compressed', 'post zstd'] as const,
    ['post the rows, ready and not compressed', 'post none'] as const,
  ].map(([what, name]) => [what, perSecond(floors.cost[name]), formatSample(floors.cost[name], 3)]),
  data: floors,
});
record('stages', {
  title: 'Where the CPU goes',
  about:
    `The whole agent with zstd over ${(log.bytes / 1e6).toFixed(0)} MB: CPU milliseconds per MB of input, medians of ${RUNS} runs; the main thread divided by ${profiles.length} profiles, the others as Linux accounts them. ` +
    `A floor is the same operation alone. The sum of the floors is ${(1e3 / floorSum).toFixed(0)} MB of input per CPU-second, the agent does ${(1e3 / threads.all.median).toFixed(0)}. ` +
    `The start is paid once in a process’s life, however long the log is: without it the agent does ${formatSample(afterStart)}.`,
  header: ['where', 'CPU ms per MB', 'floor', 'floor as share'],
  rows,
  notes: [
    'Functions of the main thread after the start, by share of its time:',
    ...(profiles[0]?.functions ?? [])
      .slice(0, SHOWN_FUNCTIONS)
      .map(({ name, share }) => `- ${(100 * share).toFixed(1)} % ${name}`),
  ],
  data: {
    threads,
    floorSumMs: floorSum,
    shareOfFloors: floorSum / threads.all.median,
    startCpuMs: summarize(starts.map(({ cpuSeconds }) => cpuSeconds * 1e3)),
    afterStart,
    shareOfFloorsAfterStart: (afterStart.median * floorSum) / 1e3,
    stages: Object.fromEntries(STAGES.map((stage) => [stage, shareOf(stage)])),
    functions: profiles.map(({ functions }) => functions.slice(0, SHOWN_FUNCTIONS)),
  },
});
