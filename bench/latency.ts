/**
 * From a line written to its webhook received, at a thousand events a second of which every tenth fires, through the
 * agent as it runs in production; beside it the floor of latency-floor.ts, in turn. Run by `make bench`, or alone.
 */

import { appendFileSync, closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { corpus } from './corpus.ts';
import { quickOr } from './length.ts';
import { formatSample, pairs, quantile, summarize } from './measure.ts';
import { ReceiverProcess } from './receiver-process.ts';
import { ReplayLines } from './replay-lines.ts';
import { record } from './results.ts';
import { ours, RunningShipper, type Shipper } from './shipper.ts';

const EVENTS_PER_SECOND = 1000;
const FIRES_EVERY = 10;
const ROUNDS = quickOr(1, 5);
/** Connections are open and code is compiled after this. */
const WARM_MS = quickOr(1000, 5000);
const RUN_MS = quickOr(2000, 15_000);
/** For those under way at the end. */
const LATE_MS = 1000;
const MARKER = 'latency-pod-';

const folder = mkdtempSync(join(tmpdir(), 'tetraship-latency-'));
const lines = new ReplayLines(corpus(3, 20));
const writtenMs = new Map<string, number>();
const tookMs = new Map<string, number>();

/** What comes, by the pod it names; in this process, so that both times are of one clock. */
const webhook = createServer((request, response) => {
  const atMs = performance.now();
  let body = '';
  request.on('data', (data) => {
    body += data;
  });
  request.on('end', () => {
    response.end();
    const pod = /latency-pod-\d+/.exec(body)?.[0] ?? '';
    const startMs = writtenMs.get(pod);
    if (startMs !== undefined && !tookMs.has(pod)) tookMs.set(pod, atMs - startMs);
  });
});
await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
const bound = webhook.address();
const address = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}/hook`;

const rules = join(folder, 'rules.json');
writeFileSync(
  rules,
  JSON.stringify({
    version: 'v1',
    alerts: [
      {
        name: 'latency',
        message: '{process_exec_process_pod_name}',
        rule: { type: 'composite', config: `process_exec_process_pod_name =% "${MARKER}"` },
        targets: [{ type: 'webhook', endpoint: address, repeat: { interval: '1h', times: 1 } }],
      },
    ],
  }),
);
const floor: Shipper = {
  name: 'read and POST',
  command: ({ log }) => ({
    program: process.execPath,
    args: [fileURLToPath(new URL('latency-floor.ts', import.meta.url)), log, MARKER, address],
    env: {},
  }),
};
const agent = ours({ settings: { TETRASHIP_RULES: rules } });

let number = 0;
/** Every millisecond what is due, each line by a write of its own, as Tetragon writes. */
async function write(log: string, milliseconds: number): Promise<void> {
  const file = openSync(log, 'a');
  const startMs = performance.now();
  let written = 0;
  for (let elapsedMs = 0; elapsedMs < milliseconds; elapsedMs = performance.now() - startMs) {
    for (; written < (elapsedMs * EVENTS_PER_SECOND) / 1000; written++) {
      if (written % FIRES_EVERY === 0) {
        const pod = `${MARKER}${number++}`;
        const event = { process_exec: { process: { binary: '/usr/bin/wget', pod: { name: pod } } } };
        writeSync(file, `${JSON.stringify(event)}\n`);
        writtenMs.set(pod, performance.now());
      } else {
        writeSync(file, lines.next());
      }
    }
    await sleep(1);
  }
  closeSync(file);
}

interface Round {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  readonly lost: number;
}

async function round(shipper: Shipper, url: string, name: string): Promise<Round> {
  const log = join(folder, `${name}.log`);
  appendFileSync(log, lines.next());
  const place = { log, url, encoding: 'zstd' as const, folder: join(folder, name) };
  await using _running = new RunningShipper(shipper, place);
  await write(log, WARM_MS);
  await sleep(LATE_MS);
  writtenMs.clear();
  tookMs.clear();
  await write(log, RUN_MS);
  await sleep(LATE_MS);
  const sorted = [...tookMs.values()].sort((a, b) => a - b);
  const lost = writtenMs.size - sorted.length;
  return {
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    longest: sorted.at(-1) ?? Number.NaN,
    lost,
  };
}

const rounds = new Map<string, Round[]>([agent, floor].map(({ name }) => [name, []]));
{
  await using server = await ReceiverProcess.start('--mode', 'fast');
  for (let index = 0; index < ROUNDS; index++) {
    for (const shipper of [agent, floor]) {
      const result = await round(shipper, server.url, `${shipper.name.replaceAll(' ', '-')}-${index}`);
      rounds.get(shipper.name)?.push(result);
      console.log(
        `${shipper.name}: p50 ${result.p50.toFixed(2)} ms, p99 ${result.p99.toFixed(2)} ms, longest ${result.longest.toFixed(1)} ms, ${result.lost} lost`,
      );
    }
  }
}
webhook.close();
webhook.closeAllConnections();
rmSync(folder, { recursive: true });

const of = (name: string, figure: (round: Round) => number): number[] => (rounds.get(name) ?? []).map(figure);
const figures = (name: string) => ({
  p50: summarize(of(name, ({ p50 }) => p50)),
  p99: summarize(of(name, ({ p99 }) => p99)),
  longest: summarize(of(name, ({ longest }) => longest)),
});
const ratio = {
  p50: pairs(
    of(agent.name, ({ p50 }) => p50),
    of(floor.name, ({ p50 }) => p50),
  ),
  p99: pairs(
    of(agent.name, ({ p99 }) => p99),
    of(floor.name, ({ p99 }) => p99),
  ),
};
record('latency', {
  title: 'From a line written to its webhook received',
  about:
    `${EVENTS_PER_SECOND} events a second, every ${FIRES_EVERY}th fires with a message of its own; ${ROUNDS} rounds of ${RUN_MS / 1000} s in turn with a bare process that is told of new bytes, reads them and posts each marked line. ` +
    'Milliseconds, from after the write to the first bytes of the request, both in the process that writes and receives.',
  header: ['program', 'p50 ms', 'p99 ms', 'longest ms'],
  rows: [
    ...[agent.name, floor.name].map((name) => {
      const { p50, p99, longest } = figures(name);
      return [name, formatSample(p50, 2), formatSample(p99, 2), formatSample(longest, 1)];
    }),
    ['ratio', formatSample(ratio.p50, 2), formatSample(ratio.p99, 2), ''],
  ],
  data: {
    webhookMs: { p50: figures(agent.name).p50.median, p99: figures(agent.name).p99.median },
    floorMs: { p50: figures(floor.name).p50.median, p99: figures(floor.name).p99.median },
    ratio: { p50: ratio.p50.median, p99: ratio.p99.median },
    lost: of(agent.name, ({ lost }) => lost).reduce((sum, lost) => sum + lost, 0),
  },
});
