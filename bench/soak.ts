/**
 * Half an hour of a busy node: 5 MB/s through a rotated log, rules on, and every minute something is wrong with
 * the server. Memory must not grow, descriptors must not leak, no row may be missing. Exits 1 when that fails.
 * Run by `make soak`; ARGS="--minutes 3 --megabytes-per-second 5".
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createReceiver } from '../test/receiver/receiver.ts';
import { createWebhook } from '../test/receiver/webhook.ts';
import { corpus } from './corpus.ts';
import { summarize } from './measure.ts';
import { descriptors } from './process-accounting.ts';
import { ReplayLines } from './replay-lines.ts';
import { record } from './results.ts';
import { RotatingWriter } from './rotating-writer.ts';
import { ours, RunningShipper } from './shipper.ts';
import { Faults } from './soak-faults.ts';
import { trend } from './trend.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    'megabytes-per-second': { type: 'string', default: '5' },
  },
});
const MINUTES = Number(values.minutes);
const BYTES_PER_SECOND = Number(values['megabytes-per-second']) * 1e6;
const MINUTE_MS = 60_000;
const SAMPLE_MS = 2000;
/** The first part is warm-up: compiled code, names, connections, buffers of their final size. */
const WARM_SHARE = 0.2;
const DRAIN_MS = 60_000;
const KEPT_NOTES = 100;
/** A leak is a line that rises faster than this by more than its own uncertainty. */
const MAX_SLOPE_MIB_PER_HOUR = 1;
/** In less time, buffers that grow to their final size look like a leak. */
const MIN_MINUTES_FOR_SLOPE = 10;
/** A connection more or less is no leak. */
const MAX_MORE_DESCRIPTORS = 3;

interface Sample {
  readonly atMs: number;
  readonly residentMiB: number;
  readonly descriptors: number;
  readonly trouble: boolean;
}

const folder = mkdtempSync(join(tmpdir(), 'tetraship-soak-'));
const samples: Sample[] = [];
const failures: string[] = [];
try {
  await using receiver = await createReceiver({ mode: 'fast' });
  await using webhook = await createWebhook({ keep: KEPT_NOTES });
  const rules = join(folder, 'rules.json');
  const text = readFileSync(fileURLToPath(new URL('rules.json', import.meta.url)), 'utf8');
  writeFileSync(rules, text.replaceAll('http://127.0.0.1:9/', `${webhook.url}/alerts`));
  const log = join(folder, 'tetragon.log');
  const lines = new ReplayLines(corpus(3, 20));
  const writer = new RotatingWriter({ path: log });
  // A request that hangs must end before the next fault begins.
  const settings = { TETRASHIP_RULES: rules, TETRASHIP_REQUEST_TIMEOUT: '5s' };
  await using agent = new RunningShipper(ours({ settings }), {
    ...{ log, url: receiver.url, encoding: 'zstd', folder },
  });
  const faults = new Faults(receiver);
  const startMs = performance.now();
  const over = AbortSignal.timeout(MINUTES * MINUTE_MS);
  const died = new AbortController();
  const look = setInterval(() => {
    if (agent.hasEnded) return died.abort(new Error('the agent has ended by itself'));
    const { residentMiB } = agent.accounting();
    const atMs = performance.now() - startMs;
    samples.push({ atMs, residentMiB, descriptors: descriptors(agent.pid), trouble: faults.troubled });
  }, SAMPLE_MS);
  const minute = setInterval(() => void faults.next(), MINUTE_MS);
  await writer.run(
    () => lines.next(),
    BYTES_PER_SECOND / lines.averageBytes,
    AbortSignal.any([over, died.signal]),
  );
  clearInterval(minute);
  if (died.signal.aborted) clearInterval(look);
  died.signal.throwIfAborted();
  const untilMs = performance.now() + DRAIN_MS;
  while (receiver.keys.unique < lines.sequence && performance.now() < untilMs) await sleep(SAMPLE_MS);
  clearInterval(look);
  const cpuShare = agent.accounting().cpuSeconds / ((performance.now() - startMs) / 1000);
  await agent.end('SIGTERM');
  await writer.close();

  const steady = samples.filter(({ atMs }) => atMs > WARM_SHARE * MINUTES * MINUTE_MS);
  const hours = (ms: number): number => ms / 3_600_000;
  const { slope, error } = trend(steady.map(({ atMs, residentMiB }) => [hours(atMs), residentMiB]));
  const resident = summarize(steady.map(({ residentMiB }) => residentMiB));
  const calm = steady.filter(({ trouble }) => !trouble).map((sample) => sample.descriptors);
  const third = Math.ceil(calm.length / 3);
  const early = summarize(calm.slice(0, third)).median;
  const late = summarize(calm.slice(-third)).median;
  const missing = lines.sequence - receiver.keys.unique;
  const { duplicates } = receiver;
  if (missing > 0) failures.push(`${missing} rows are missing`);
  if (late - early > MAX_MORE_DESCRIPTORS) failures.push(`descriptors went from ${early} to ${late}`);
  const isTelling = MINUTES >= MIN_MINUTES_FOR_SLOPE;
  if (isTelling && slope - 2 * error > MAX_SLOPE_MIB_PER_HOUR)
    failures.push(`resident memory grows by ${slope.toFixed(1)} MiB an hour`);
  record('soak', {
    title: 'Soak',
    about:
      `${MINUTES} minutes at ${BYTES_PER_SECOND / 1e6} MB/s through a rotated log with rules on; every minute the server had a fault: ${faults.names.join(', ')}. ` +
      `The first ${100 * WARM_SHARE} % is warm-up. The slope is a least-squares line through a sample every ${SAMPLE_MS / 1000} s, with its standard error.`,
    header: ['what', 'measured'],
    rows: [
      ['lines written', lines.sequence.toLocaleString('en')],
      ['rows missing', String(missing)],
      ['rows repeated', String(duplicates)],
      ['files rotated', String(writer.rotations)],
      ['faults of the server', String(faults.count)],
      ['alerts at the webhook', String(webhook.count)],
      ['CPU of a core', `${(100 * cpuShare).toFixed(1)} %`],
      [
        'resident MiB',
        `${resident.median.toFixed(0)} (${resident.min.toFixed(0)}–${resident.max.toFixed(0)})`,
      ],
      [
        'slope of resident memory',
        isTelling
          ? `${slope.toFixed(2)} ± ${error.toFixed(2)} MiB an hour`
          : `needs ${MIN_MINUTES_FOR_SLOPE} minutes`,
      ],
      ['open descriptors, first and last third', `${early} and ${late}`],
    ],
    data: {
      ...{ minutes: MINUTES, bytesPerSecond: BYTES_PER_SECOND, lines: lines.sequence, missing, duplicates },
      ...{ faults: faults.count, alerts: webhook.count, cpuShare, resident },
      ...{ slopeMiBPerHour: isTelling ? slope : null, slopeError: error, descriptors: { early, late } },
    },
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const failure of failures) console.error(`failed: ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;
