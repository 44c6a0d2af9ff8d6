/**
 * The agent beside the other shippers: the same log, the same receiver, in turn. The settings of each stand in
 * `bench/peers/`. Run by `make bench`, or alone; `--quick`, `--runs N`, `--megabytes N`.
 */

import { backlogRun, type Figures, interleave } from './backlog-run.ts';
import { corpus } from './corpus.ts';
import { MEGABYTES, QUICK, quickOr, RUNS } from './length.ts';
import { formatSample, pairs, summarize } from './measure.ts';
import { peers } from './peers.ts';
import { record } from './results.ts';
import { type Encoding, ours, type Shipper } from './shipper.ts';

interface Entry {
  readonly shipper: Shipper;
  readonly encoding: Encoding;
}

const log = corpus(2, MEGABYTES);
const us = ours();
const shippers = [us, ...peers(), ...(QUICK ? [] : peers(true))];
const encodings = quickOr<Encoding[]>(['zstd', 'gzip'], ['zstd', 'gzip', 'none']);
const entries: Entry[] = encodings.flatMap((encoding) =>
  // In a short run gzip is measured beside Vector alone: its goal is about that.
  shippers
    .slice(0, encoding === 'gzip' ? quickOr(2, shippers.length) : shippers.length)
    .map((shipper) => ({ shipper, encoding })),
);

/** A log of next to nothing right after the whole one: the difference is free of the start. */
const nothing = quickOr(undefined, corpus(2, 1));
const starts = new Map<Entry, Figures[]>(entries.map((entry) => [entry, []]));
const figures = await interleave(RUNS, entries, async (entry, receiver) => {
  const { shipper, encoding } = entry;
  const run = await backlogRun(receiver, shipper, log, encoding);
  if (nothing) starts.get(entry)?.push(await backlogRun(receiver, shipper, nothing, encoding));
  return run;
});

const perCpuSecond = (run: Figures): number => log.bytes / 1e6 / run.cpuSeconds;
/** MB per CPU-second of what comes after the start; empty in a quick run. */
const afterStart = (entry: Entry): number[] =>
  (starts.get(entry) ?? []).map((start, i) => {
    const run = figures.get(entry)?.[i];
    return (log.bytes - (nothing?.bytes ?? 0)) / 1e6 / ((run?.cpuSeconds ?? Number.NaN) - start.cpuSeconds);
  });
const runsOf = (shipper: Shipper, encoding: Encoding): readonly Figures[] => {
  const entry = entries.find((one) => one.shipper === shipper && one.encoding === encoding);
  return (entry && figures.get(entry)) ?? [];
};

record('peers', {
  title: 'Beside other shippers',
  about:
    `${log.lines.toLocaleString('en')} lines, ${(log.bytes / 1e6).toFixed(0)} MB, the same log to the same receiver, ${RUNS} runs of each in turn; the CPU time is all of the process, its start included. ` +
    'Each is set up as its users would ([configurations](peers/)); “times as much” is ours over theirs in MB per CPU-second, pair by pair. ' +
    'Vector flattens as we do; Fluent Bit cannot, so its first configuration is spared that work.',
  header: [
    'encoding',
    'shipper',
    'MB of input per CPU-second',
    'ours does times as much',
    'without its start',
    'MB/s',
    'peak resident MiB',
    'requests',
    'sent MB',
    'ratio',
    'rows',
  ],
  rows: entries.map((entry) => {
    const { shipper, encoding } = entry;
    const runs = runsOf(shipper, encoding);
    const of = (pick: (run: Figures) => number) => summarize(runs.map(pick));
    const ratio = pairs(runsOf(us, encoding).map(perCpuSecond), runs.map(perCpuSecond));
    return [
      encoding,
      shipper.name,
      formatSample(of(perCpuSecond)),
      shipper === us ? '' : formatSample(ratio, 1),
      nothing === undefined ? '' : formatSample(summarize(afterStart(entry))),
      formatSample(of((run) => log.bytes / 1e6 / run.wallSeconds)),
      formatSample(of((run) => run.peakMiB)),
      of((run) => run.requests).median.toFixed(0),
      (of((run) => run.sentBytes).median / 1e6).toFixed(1),
      of((run) => run.ratio).median.toFixed(1),
      of((run) => run.rows).median.toFixed(0),
    ];
  }),
  data: {
    inputBytes: log.bytes,
    lines: log.lines,
    entries: entries.map((entry) => ({
      ...{ shipper: entry.shipper.name, encoding: entry.encoding, afterStart: afterStart(entry) },
      timesAsMuch: pairs(
        runsOf(us, entry.encoding).map(perCpuSecond),
        runsOf(entry.shipper, entry.encoding).map(perCpuSecond),
      ),
      figures: runsOf(entry.shipper, entry.encoding),
    })),
  },
});
