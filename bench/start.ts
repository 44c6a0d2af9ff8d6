/**
 * How long from the start of the process to its first row at the receiver, with a log that waits; beside Node
 * alone, which is the floor. A node reboots, a rollout replaces a pod: this is how long it looks away.
 * Run by `make bench`, or alone; `--quick`, `--runs N`.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReceiver } from '../test/receiver/receiver.ts';
import { corpus } from './corpus.ts';
import { quickOr, RUNS } from './length.ts';
import { formatSample, type Sample, summarize } from './measure.ts';
import { peers } from './peers.ts';
import { accounting } from './process-accounting.ts';
import { record } from './results.ts';
import { ours, RunningShipper, type Shipper } from './shipper.ts';

const TIMEOUT_MS = 30_000;
/** A short run, and one whose time is told in milliseconds: more of them. */
const MORE_RUNS = quickOr(0, 4);
const log = corpus(2, quickOr(25, 50));

interface Figures {
  readonly firstRowMs: number;
  /** Of the process until then; NaN where it has ended. */
  readonly cpuMs: number;
  readonly residentMiB: number;
}

async function shipperRun(shipper: Shipper): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'tetraship-start-'));
  try {
    await using receiver = await createReceiver({ mode: 'bytes', store: 'count' });
    const startMs = performance.now();
    await using running = new RunningShipper(shipper, {
      ...{ log: log.path, url: receiver.url, encoding: 'zstd', folder },
    });
    await receiver.waitFor(() => receiver.wireBytes > 0, TIMEOUT_MS);
    const firstRowMs = performance.now() - startMs;
    const { cpuSeconds, residentMiB } = running.accounting();
    return { firstRowMs, cpuMs: cpuSeconds * 1000, residentMiB };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Node with one line of code, which connects: no program on Node can be seen earlier. */
async function nodeRun(): Promise<Figures> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const startMs = performance.now();
  const script = `require('node:net').connect(${port}, '127.0.0.1')`;
  const child: ChildProcess = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
  await new Promise<void>((resolve) => server.once('connection', () => resolve()));
  const firstRowMs = performance.now() - startMs;
  const { cpuSeconds, residentMiB } = accounting(child.pid ?? 0);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  server.close();
  return { firstRowMs, cpuMs: cpuSeconds * 1000, residentMiB };
}

const entries: { name: string; run: () => Promise<Figures> }[] = [
  { name: 'Node alone, connecting (floor)', run: nodeRun },
  ...[ours(), ...peers()].map((shipper) => ({ name: shipper.name, run: () => shipperRun(shipper) })),
];
const figures = new Map<string, Figures[]>(entries.map(({ name }) => [name, []]));
for (let round = -1; round < RUNS + MORE_RUNS; round++) {
  for (const { name, run } of entries) {
    const one = await run();
    // The first round brings programs and log into the page cache.
    if (round >= 0) figures.get(name)?.push(one);
  }
}

const of = (name: string, pick: (run: Figures) => number): Sample =>
  summarize((figures.get(name) ?? []).map(pick));
record('start', {
  title: 'Start',
  about:
    `From the start of the process to the first bytes of its first request, with ${(log.bytes / 1e6).toFixed(0)} MB of log waiting and no state of an earlier run; ${RUNS + MORE_RUNS} runs in turn. ` +
    'Times depend on the machine and on what else it does: compare with the floor beside them.',
  header: ['program', 'first row ms', 'CPU ms until then', 'resident MiB then'],
  rows: entries.map(({ name }) => [
    name,
    formatSample(of(name, (run) => run.firstRowMs)),
    formatSample(of(name, (run) => run.cpuMs)),
    formatSample(of(name, (run) => run.residentMiB)),
  ]),
  data: {
    entries: entries.map(({ name }) => ({
      name,
      firstRowMs: of(name, (run) => run.firstRowMs),
      cpuMs: of(name, (run) => run.cpuMs),
      residentMiB: of(name, (run) => run.residentMiB),
    })),
  },
});
