/**
 * Where the CPU goes while a node goes about its day: the main thread's profile at a steady rate, without what the
 * start took. Run by `make bench`, or alone; `--quick`.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { corpus } from './corpus.ts';
import { type Profile, readProfile, STAGES, summarizeProfile } from './cpu-profile.ts';
import { quickOr } from './length.ts';
import { ReceiverProcess } from './receiver-process.ts';
import { ReplayLines } from './replay-lines.ts';
import { record } from './results.ts';
import { RotatingWriter } from './rotating-writer.ts';
import { ours, RunningShipper } from './shipper.ts';

const RATES_KB = quickOr([1000], [100, 1000, 10_000]);
const PHASE_MS = quickOr(2000, 30_000);
const SETTLE_MS = quickOr(1500, 5000);
const SHOWN_FUNCTIONS = 8;
/** In a run of this length the start's samples are few enough to be told apart by their time alone. */
const PROFILE_ARGS = ['--cpu-prof', '--cpu-prof-interval=500'];

async function profile(kilobytesPerSecond: number): Promise<Profile> {
  const folder = mkdtempSync(join(tmpdir(), 'tetraship-steady-'));
  try {
    const log = join(folder, 'tetragon.log');
    const lines = new ReplayLines(corpus(3, 20));
    const writer = new RotatingWriter({ path: log });
    writer.write(Buffer.from(lines.next()));
    await using receiver = await ReceiverProcess.start('--mode', 'fast');
    const nodeArgs = [...PROFILE_ARGS, `--cpu-prof-dir=${folder}`];
    await using agent = new RunningShipper(ours({ nodeArgs }), {
      ...{ log, url: receiver.url, encoding: 'zstd', folder: join(folder, 'agent') },
    });
    await sleep(SETTLE_MS);
    await writer.run(
      () => lines.next(),
      (kilobytesPerSecond * 1000) / lines.averageBytes,
      AbortSignal.timeout(PHASE_MS),
    );
    await agent.end('SIGTERM');
    await writer.close();
    return summarizeProfile(readProfile(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const profiles: Profile[] = [];
for (const rate of RATES_KB) profiles.push(await profile(rate));

/** Of what came after the start. */
const share = ({ stages }: Profile, value: number): string =>
  `${((100 * value) / (1 - (stages.get('start') ?? 0))).toFixed(0)} %`;
record('steadyStages', {
  title: 'Where the CPU goes at a steady rate',
  about: `The main thread’s time by stage, ${PHASE_MS / 1000} s at each rate, from one profile each; the start is left out.`,
  header: ['stage', ...RATES_KB.map((rate) => `${rate} KB/s`)],
  rows: STAGES.filter((stage) => stage !== 'start').map((stage) => [
    stage,
    ...profiles.map((one) => share(one, one.stages.get(stage) ?? 0)),
  ]),
  notes: RATES_KB.flatMap((rate, i) => {
    const one = profiles[i];
    if (one === undefined) return [];
    const functions = one.functions.slice(0, SHOWN_FUNCTIONS);
    return [
      `At ${rate} KB/s: ${functions.map((each) => `${share(one, each.share)} ${each.name}`).join(', ')}.`,
      '',
    ];
  }).slice(0, -1),
  data: {
    rates: RATES_KB.map((rate, i) => ({ rate, functions: profiles[i]?.functions.slice(0, SHOWN_FUNCTIONS) })),
  },
});
