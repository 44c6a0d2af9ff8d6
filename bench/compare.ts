/**
 * Two builds of the agent, or one with two settings, over the same log in turn: whether a change was worth it.
 *
 *     node bench/compare.ts --vs /other/dist/agent/main.js
 *     node bench/compare.ts --vs-set TETRASHIP_BATCH_BYTES=4MiB --encodings zstd --runs 9
 *     node bench/compare.ts --vs-node --max-semi-space-size=1
 */

import { parseArgs } from 'node:util';
import { backlogRun, type Figures, interleave } from './backlog-run.ts';
import { corpus } from './corpus.ts';
import { formatSample, pairs, summarize } from './measure.ts';
import { plainTable } from './results-page.ts';
import { ENCODINGS, OUR_MAIN, ours } from './shipper.ts';

const { values } = parseArgs({
  options: {
    agent: { type: 'string', default: OUR_MAIN },
    vs: { type: 'string', default: OUR_MAIN },
    set: { type: 'string', multiple: true, default: [] },
    'vs-set': { type: 'string', multiple: true, default: [] },
    node: { type: 'string', multiple: true, default: [] },
    'vs-node': { type: 'string', multiple: true, default: [] },
    encodings: { type: 'string', default: 'zstd' },
    runs: { type: 'string', default: '5' },
    megabytes: { type: 'string', default: '100' },
  },
});

const settings = (list: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    list.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
  );
const contenders = [
  ours({ name: 'agent', main: values.agent, nodeArgs: values.node, settings: settings(values.set) }),
  ours({ name: 'vs', main: values.vs, nodeArgs: values['vs-node'], settings: settings(values['vs-set']) }),
];
const log = corpus(2, Number(values.megabytes));
const megabytes = log.bytes / 1e6;

const MEASURES: readonly (readonly [string, number, (run: Figures) => number])[] = [
  ['MB of input per CPU-second', 0, (run) => megabytes / run.cpuSeconds],
  ['CPU seconds', 3, (run) => run.cpuSeconds],
  ['… of the main thread', 3, (run) => run.threads['main'] ?? 0],
  ['… of the thread pool', 3, (run) => run.threads['thread pool'] ?? 0],
  ['… of V8’s helpers', 3, (run) => run.threads['V8'] ?? 0],
  ['peak resident MiB', 1, (run) => run.peakMiB],
  ['wall seconds', 2, (run) => run.wallSeconds],
  ['sent MB', 2, (run) => run.sentBytes / 1e6],
  ['requests', 0, (run) => run.requests],
];

const encodings = ENCODINGS.filter((name) => values.encodings.split(',').includes(name));
if (encodings.length === 0)
  throw new Error(`cannot compare: --encodings takes some of ${ENCODINGS.join(',')}`);
for (const encoding of encodings) {
  const figures = await interleave(Number(values.runs), contenders, (shipper, receiver) =>
    backlogRun(receiver, shipper, log, encoding),
  );
  const [agent = [], vs = []] = [...figures.values()];
  console.log(`\n${encoding}, ${megabytes.toFixed(0)} MB, ${values.runs} interleaved runs\n`);
  console.log(
    plainTable(
      ['', 'agent', 'vs', 'agent : vs, pair by pair'],
      MEASURES.map(([name, digits, pick]) => {
        const [left, right] = [agent.map(pick), vs.map(pick)];
        return [
          name,
          formatSample(summarize(left), digits),
          formatSample(summarize(right), digits),
          formatSample(pairs(left, right), 3),
        ];
      }),
    ),
  );
}
