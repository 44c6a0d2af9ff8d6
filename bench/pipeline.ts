/**
 * What the whole agent costs: a log on disk, the agent as it runs in production (`dist/`), the receiver in a
 * process of its own. CPU and memory are the kernel's accounting of the agent's process. Run by
 * `make bench-pipeline`; `--runs N`, `--megabytes N`.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { corpusPath } from './corpus.ts';
import { formatSample, summarize } from './measure.ts';
import { record } from './results.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, megabytes: { type: 'string', default: '200' } },
});
const RUNS = Number(values.runs);
const MEGABYTES = Number(values.megabytes);

/** USER_HZ: Linux counts CPU time in hundredths of a second for /proc. */
const TICKS_PER_SECOND = 100;
const STATS_INTERVAL_MS = 20;
const RUN_TIMEOUT_MS = 120_000;

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface Figures {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakMiB: number;
  readonly requests: number;
  readonly sentBytes: number;
  readonly rows: number;
}

const corpus = corpusPath(2, MEGABYTES);
const inputBytes = statSync(corpus).size;
const lines = countLines(corpus);

function countLines(path: string): number {
  const bytes = readFileSync(path);
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the child has no output');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('the child ended without a line');
}

interface Received {
  readonly rows: number;
  readonly requests: number;
  readonly wireBytes: number;
}

function isReceived(value: unknown): value is Received {
  return typeof value === 'object' && value !== null && 'rows' in value && 'wireBytes' in value;
}

async function received(url: string): Promise<Received> {
  const answer: unknown = await (await fetch(`${url}/__stats`)).json();
  if (!isReceived(answer)) throw new Error('the receiver answers something else');
  return answer;
}

/** User and system seconds of a live process so far, and its peak resident memory. */
function accounting(pid: number): { cpuSeconds: number; peakMiB: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const ticks = Number(fields[11]) + Number(fields[12]);
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { cpuSeconds: ticks / TICKS_PER_SECOND, peakMiB: Number(peak) / 1024 };
}

async function run(compression: string): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'tetraship-bench-'));
  const receiver = spawn(process.execPath, [here('../test/receiver/main.ts'), '--mode', 'fast'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let agent: ChildProcess | undefined;
  try {
    const start: unknown = JSON.parse(await firstLine(receiver));
    const url = typeof start === 'object' && start !== null && 'url' in start ? String(start.url) : '';
    const startMs = performance.now();
    agent = spawn(process.execPath, [here('../dist/agent/main.js')], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        PARSEABLE_URL: url,
        PARSEABLE_USERNAME: 'admin',
        PARSEABLE_PASSWORD: 'admin',
        PARSEABLE_STREAM: 'bench',
        TETRAGON_LOG: corpus,
        TETRASHIP_STATE_DIR: join(folder, 'state'),
        TETRASHIP_RULES: here('rules.json'),
        TETRASHIP_COMPRESSION: compression,
        TETRASHIP_LISTEN: '127.0.0.1:0',
        TETRASHIP_LOG_LEVEL: 'warn',
      },
    });
    const pid = agent.pid ?? 0;
    for (;;) {
      await sleep(STATS_INTERVAL_MS);
      const { rows, requests, wireBytes } = await received(url);
      if (rows < lines) {
        if (performance.now() - startMs > RUN_TIMEOUT_MS)
          throw new Error(`only ${rows} of ${lines} rows arrived`);
        continue;
      }
      const wallSeconds = (performance.now() - startMs) / 1000;
      return { ...accounting(pid), wallSeconds, requests, sentBytes: wireBytes, rows };
    }
  } finally {
    agent?.kill('SIGKILL');
    receiver.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

const encodings = ['zstd', 'gzip', 'none'];
const figures = new Map<string, Figures[]>(encodings.map((name) => [name, []]));
for (let round = 0; round < RUNS; round++) {
  for (const name of encodings) figures.get(name)?.push(await run(name));
}

const of = (name: string, pick: (run: Figures) => number) => summarize((figures.get(name) ?? []).map(pick));
const perCpuSecond = (run: Figures): number => inputBytes / 1e6 / run.cpuSeconds;
record('pipeline', {
  title: 'Whole agent',
  about:
    `${lines.toLocaleString('en')} lines, ${(inputBytes / 1e6).toFixed(0)} MB, from a file through the agent as it runs in production, with two rules in force, to a receiver in another process; ` +
    `${RUNS} interleaved runs. The CPU time is all of the agent's process, its start included.`,
  header: [
    'encoding',
    'MB of input per CPU-second',
    'MB/s',
    'peak resident MiB',
    'requests',
    'sent MB',
    'rows',
  ],
  rows: encodings.map((name) => [
    name,
    formatSample(of(name, perCpuSecond)),
    formatSample(of(name, (run) => inputBytes / 1e6 / run.wallSeconds)),
    formatSample(of(name, (run) => run.peakMiB)),
    of(name, (run) => run.requests).median.toFixed(0),
    (of(name, (run) => run.sentBytes).median / 1e6).toFixed(1),
    of(name, (run) => run.rows).median.toFixed(0),
  ]),
  data: { inputBytes, lines, figures: Object.fromEntries(figures) },
});
