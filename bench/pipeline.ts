/**
 * What the whole agent costs: a log on disk, the agent as it runs in production (`dist/`), the receiver in a
 * process of its own. CPU and memory are Linux's accounting of the agent's process, its start included.
 * Run by `make bench`, or alone; `--quick`, `--runs N`, `--megabytes N`.
 */

import { backlogRun, type Figures, interleave } from './backlog-run.ts';
import { type Corpus, corpus } from './corpus.ts';
import type { SizeKB } from './generator.ts';
import { MEGABYTES, QUICK, RUNS } from './length.ts';
import { formatSample, summarize } from './measure.ts';
import { record } from './results.ts';
import type { SectionName } from './results-page.ts';
import { ENCODINGS, type Encoding, ours } from './shipper.ts';

interface Variant {
  readonly name: string;
  readonly encoding: Encoding;
  readonly log: Corpus;
  readonly settings: Readonly<Record<string, string>>;
}

const log = corpus(2, MEGABYTES);
const standard = { encoding: 'zstd' as Encoding, log, settings: {} };

/** Of each log: by the number of its lines, what a line costs can be told from what a byte costs. */
const SIZED_MB = 100;
const SIZES: readonly SizeKB[] = [0.3, 1, 2.3, 8];
const sized = (QUICK ? [] : SIZES).map((size) => ({
  ...standard,
  name: `${size} KB an event`,
  log: corpus(2, SIZED_MB, size),
}));
const batches = ['256KiB', '512KiB', '1MiB', '2MiB', '4MiB'].map((size) => ({
  ...standard,
  name: `batches of ${size}`,
  settings: { TETRASHIP_BATCH_BYTES: size, TETRASHIP_OUTBOX_BYTES: '16MiB' },
}));
const connections = ['1', '2', '4', '8'].map((count) => ({
  ...standard,
  name: `${count} connections`,
  settings: { TETRASHIP_CONCURRENCY: count },
}));

const HEADER = [
  'what',
  'MB of input per CPU-second',
  'MB/s',
  'CPU of main thread : thread pool : V8',
  'peak resident MiB',
  'requests',
  'sent MB',
  'ratio',
  'rows',
];

async function measure(key: SectionName, title: string, about: string, variants: readonly Variant[]) {
  const figures = await interleave(RUNS, variants, ({ encoding, log: from, settings }, receiver) =>
    backlogRun(receiver, ours({ settings }), from, encoding),
  );
  record(key, {
    title,
    about: `${about} ${RUNS} interleaved runs.`,
    header: HEADER,
    rows: variants.map((variant) => row(variant, figures.get(variant) ?? [])),
    data: {
      variants: variants.map((variant) => ({
        ...{ name: variant.name, inputBytes: variant.log.bytes, lines: variant.log.lines },
        figures: figures.get(variant) ?? [],
      })),
    },
  });
}

function row({ name, log: { bytes } }: Variant, runs: readonly Figures[]): string[] {
  const megabytes = bytes / 1e6;
  const of = (pick: (run: Figures) => number) => summarize(runs.map(pick));
  const share = (thread: string): string =>
    `${(100 * of((run) => (run.threads[thread] ?? 0) / run.cpuSeconds).median).toFixed(0)} %`;
  return [
    name,
    formatSample(of((run) => megabytes / run.cpuSeconds)),
    formatSample(of((run) => megabytes / run.wallSeconds)),
    ['main', 'thread pool', 'V8'].map(share).join(' : '),
    formatSample(of((run) => run.peakMiB)),
    of((run) => run.requests).median.toFixed(0),
    (of((run) => run.sentBytes).median / 1e6).toFixed(1),
    of((run) => run.ratio).median.toFixed(1),
    of((run) => run.rows).median.toFixed(0),
  ];
}

await measure(
  'pipeline',
  'Whole agent',
  `${log.lines.toLocaleString('en')} lines, ${(log.bytes / 1e6).toFixed(0)} MB, from a file through the agent as it runs in production, with two rules in force, to a receiver in another process.`,
  ENCODINGS.map((encoding) => ({ ...standard, name: encoding, encoding })),
);
if (!QUICK) {
  await measure(
    'sizes',
    'Whole agent by the size of an event',
    `Generated logs of ${SIZED_MB} MB, zstd.`,
    sized,
  );
  await measure('batches', 'Whole agent by the size of a batch', 'The same log, zstd.', batches);
  await measure('connections', 'Whole agent by connections', 'The same log, zstd.', connections);
}
