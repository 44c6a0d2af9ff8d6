/**
 * The agent beside the other shippers: the same log, the same receiver, in turn. The settings of each stand in
 * `bench/peers/`. Run by `make bench`, or alone; `--quick`, `--runs N`, `--megabytes N`.
 */

import { backlogRun, type Figures, interleave } from './backlog-run.ts';
import { corpus } from './corpus.ts';
import { MEGABYTES, quickOr, RUNS } from './length.ts';
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
const shippers = [us, ...peers(), ...quickOr([], peers(true))];
const encodings = quickOr<Encoding[]>(['zstd', 'gzip'], ['zstd', 'gzip', 'none']);
const entries: Entry[] = encodings.flatMap((encoding) => shippers.map((shipper) => ({ shipper, encoding })));

const figures = await interleave(RUNS, entries, ({ shipper, encoding }) =>
  backlogRun(shipper, log, encoding),
);

const perCpuSecond = (run: Figures): number => log.bytes / 1e6 / run.cpuSeconds;
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
    'MB/s',
    'peak resident MiB',
    'requests',
    'sent MB',
    'ratio',
    'rows',
  ],
  rows: entries.map(({ shipper, encoding }) => {
    const runs = runsOf(shipper, encoding);
    const of = (pick: (run: Figures) => number) => summarize(runs.map(pick));
    const ratio = pairs(runsOf(us, encoding).map(perCpuSecond), runs.map(perCpuSecond));
    return [
      encoding,
      shipper.name,
      formatSample(of(perCpuSecond)),
      shipper === us ? '' : formatSample(ratio, 1),
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
    entries: entries.map(({ shipper, encoding }) => ({
      ...{ shipper: shipper.name, encoding },
      timesAsMuch: pairs(runsOf(us, encoding).map(perCpuSecond), runsOf(shipper, encoding).map(perCpuSecond)),
      figures: runsOf(shipper, encoding),
    })),
  },
});
