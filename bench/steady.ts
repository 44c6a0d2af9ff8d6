/**
 * What a contender costs while a node goes about its day: a rotated log that grows at a steady rate, all
 * contenders on it at the same time, each with a receiver of its own. At the end nothing happens at all.
 * Run by `make bench`, or alone; `--quick`, `--alone` (without the others).
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { corpus } from './corpus.ts';
import { quickOr } from './length.ts';
import { quantile } from './measure.ts';
import { peers } from './peers.ts';
import type { Accounting } from './process-accounting.ts';
import { ReceiverProcess } from './receiver-process.ts';
import { ReplayLines } from './replay-lines.ts';
import { record } from './results.ts';
import { RotatingWriter } from './rotating-writer.ts';
import { ours, RunningShipper, type Shipper } from './shipper.ts';

/** Nothing comes last: an idle node is one that has worked. */
const RATES_KB = quickOr([1000, 10_000, 0], [100, 1000, 10_000, 0]);
const WARM_MS = quickOr(1000, 10_000);
const PHASE_MS = quickOr(3000, 60_000);
/** Before the first phase: starts, and what they leave to be collected. */
const SETTLE_MS = quickOr(2000, 15_000);
const DRAIN_MS = 15_000;
const LOOK_MS = 100;
/** Bytes in the log before the first phase, so that each contender has warmed up on something. */
const FIRST_BYTES = 2_000_000;

interface Station extends AsyncDisposable {
  readonly shipper: Shipper;
  readonly receiver: ReceiverProcess;
  readonly running: RunningShipper;
}

interface Phase {
  readonly kilobytesPerSecond: number;
  readonly shipper: string;
  /** Share of one core. */
  readonly cpuShare: number;
  readonly residentMiB: number;
  readonly peakMiB: number;
  readonly wakeupsPerSecond: number;
  readonly rows: number;
  readonly lost: number;
  /** Milliseconds from written to received: p50, p99, longest. */
  readonly lagMs: readonly number[];
}

const folder = mkdtempSync(join(tmpdir(), 'tetraship-steady-'));
const log = join(folder, 'tetragon.log');
const lines = new ReplayLines(corpus(3, 20));
const writer = new RotatingWriter({ path: log });
/** Epoch milliseconds by sequence number. */
const writtenMs: number[] = [];
const next = (): string => {
  writtenMs.push(performance.timeOrigin + performance.now());
  return lines.next();
};

async function station(shipper: Shipper): Promise<Station> {
  const receiver = await ReceiverProcess.start('--mode', 'fast', '--arrivals');
  const place = {
    log,
    pattern: join(folder, 'tetragon*.log'),
    url: receiver.url,
    folder: join(folder, shipper.name.replaceAll(' ', '-')),
  };
  const running = new RunningShipper(shipper, { ...place, encoding: 'zstd' });
  const dispose = async () => {
    await running[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  };
  return { shipper, receiver, running, [Symbol.asyncDispose]: dispose };
}

async function write(kilobytesPerSecond: number, milliseconds: number): Promise<void> {
  const end = AbortSignal.timeout(milliseconds);
  if (kilobytesPerSecond === 0) await sleep(milliseconds);
  else await writer.run(next, (kilobytesPerSecond * 1000) / lines.averageBytes, end);
}

/** Until every station has every line, or patience ends. */
async function drain(stations: readonly Station[]): Promise<void> {
  const until = performance.now() + DRAIN_MS;
  for (const { receiver } of stations) {
    while (performance.now() < until && (await receiver.stats()).unique < lines.sequence)
      await sleep(LOOK_MS);
  }
}

async function phase(stations: readonly Station[], kilobytesPerSecond: number): Promise<Phase[]> {
  await write(kilobytesPerSecond, WARM_MS);
  const first = lines.sequence;
  const before = stations.map(({ running }) => running.accounting());
  const startMs = performance.now();
  await write(kilobytesPerSecond, PHASE_MS);
  const seconds = (performance.now() - startMs) / 1000;
  const after = stations.map(({ running }) => running.accounting());
  const end = lines.sequence;
  await drain(stations);
  return Promise.all(
    stations.map(async ({ shipper, receiver }, i) => {
      const arrivals = await receiver.arrivals();
      const lags: number[] = [];
      for (let key = first; key < end; key++) {
        const atMs = arrivals[key] ?? 0;
        if (atMs > 0) lags.push(atMs - (writtenMs[key] ?? Number.NaN));
      }
      lags.sort((a, b) => a - b);
      const grown = (pick: (at: Accounting) => number): number =>
        ((after[i] && pick(after[i])) ?? Number.NaN) - ((before[i] && pick(before[i])) ?? Number.NaN);
      return {
        ...{ kilobytesPerSecond, shipper: shipper.name },
        cpuShare: grown(({ cpuSeconds }) => cpuSeconds) / seconds,
        residentMiB: after[i]?.residentMiB ?? Number.NaN,
        peakMiB: after[i]?.peakMiB ?? Number.NaN,
        wakeupsPerSecond: grown(({ wakeups }) => wakeups) / seconds,
        ...{ rows: lags.length, lost: end - first - lags.length },
        lagMs: [quantile(lags, 0.5), quantile(lags, 0.99), quantile(lags, 1)],
      };
    }),
  );
}

const shippers = [ours(), ...(process.argv.includes('--alone') ? [] : peers())];
const results: Phase[] = [];
try {
  while (writer.bytes < FIRST_BYTES) writer.write(Buffer.from(next()));
  await using stack = new AsyncDisposableStack();
  const stations: Station[] = [];
  for (const shipper of shippers) stations.push(stack.use(await station(shipper)));
  await sleep(SETTLE_MS);
  for (const rate of RATES_KB) results.push(...(await phase(stations, rate)));
} finally {
  await writer.close();
  rmSync(folder, { recursive: true, force: true });
}

const whole = (values: readonly number[]): string => values.map((value) => value.toFixed(0)).join(' / ');
record('steady', {
  title: 'Steady state',
  about:
    `A rotated log (10 MiB a file, five kept) that grows at a steady rate, zstd, ${PHASE_MS / 1000} s a rate after ${WARM_MS / 1000} s of it to warm up, all shippers on the same log at the same time. ` +
    'CPU is the share of one core; lag is from a line’s write to its row’s arrival, and each shipper lets up to a second of rows gather. A wake-up is a thread that had gone to sleep.',
  header: [
    'KB/s',
    'shipper',
    'CPU %',
    'resident MiB',
    'peak MiB',
    'wake-ups a second',
    'lag ms p50 / p99 / max',
    'rows',
    'missing',
  ],
  rows: results.map((one) => [
    one.kilobytesPerSecond === 0 ? 'idle' : String(one.kilobytesPerSecond),
    one.shipper,
    (100 * one.cpuShare).toFixed(2),
    one.residentMiB.toFixed(0),
    one.peakMiB.toFixed(0),
    one.wakeupsPerSecond.toFixed(1),
    one.rows === 0 ? '' : whole(one.lagMs),
    String(one.rows),
    String(one.lost),
  ]),
  data: { phases: results },
});
