/** The agent as a real process, for tests. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { remember, rememberFolder, SUITE_SECRET } from '../suite-secret.ts';

export const MAIN = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));
const LOOK_MS = 20;

const MEMORY = '/dev/shm';
const ROOM_BYTES = 1024 * 1024 * 1024;

function hasRoomInMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > ROOM_BYTES;
  } catch {
    return false;
  }
}

/** A folder that goes with the test. */
export class Workplace implements Disposable {
  readonly path: string;

  /** @param inMemory where the machine can: what is tested is not whether its disk is fast */
  constructor(inMemory = false) {
    this.path = mkdtempSync(join(inMemory && hasRoomInMemory() ? MEMORY : tmpdir(), 'tetraship-e2e-'));
  }

  join(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  [Symbol.dispose](): void {
    rememberFolder(this.join('state'));
    rmSync(this.path, { recursive: true, force: true });
  }
}

export class AgentProcess implements AsyncDisposable {
  /** Lines of its log so far. */
  readonly log: string[] = [];
  readonly child: ChildProcess;
  readonly exited: Promise<number>;

  /** `settings` are environment variables over the defaults of a test. */
  constructor(
    workplace: Workplace,
    settings: Readonly<Record<string, string>>,
    args: readonly string[] = ['run'],
    user?: number,
    main = MAIN,
  ) {
    this.child = spawn(process.execPath, [main, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(user !== undefined && { uid: user, gid: user }),
      env: {
        PATH: process.env['PATH'] ?? '',
        PARSEABLE_STREAM: 'tetrademo',
        PARSEABLE_USERNAME: 'admin',
        PARSEABLE_PASSWORD: SUITE_SECRET,
        TETRASHIP_STATE_DIR: workplace.join('state'),
        TETRASHIP_LISTEN: '127.0.0.1:0',
        TETRASHIP_LOG_FORMAT: 'text',
        TETRASHIP_FLUSH_INTERVAL: '100ms',
        ...settings,
      },
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.log.push(line));
    }
    this.child.on('close', () => remember(this.text));
    this.exited = new Promise((resolve) => {
      this.child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 1)));
    });
  }

  get text(): string {
    return this.log.join('\n');
  }

  /** The base URL of its own server, once it says so. */
  async url(): Promise<string> {
    const match = await this.waitForLog(/listening on (http:\/\/\S+)/);
    return match[1] ?? '';
  }

  async waitForLog(pattern: RegExp, timeoutMs = 15_000): Promise<RegExpExecArray> {
    return waitFor(
      () => pattern.exec(this.text) ?? undefined,
      `${pattern} in the log`,
      timeoutMs,
      () => this.text,
    );
  }

  /** The sum of a metric's series, NaN when it is not there. */
  async metric(name: string, labels = ''): Promise<number> {
    const page = await (await fetch(`${await this.url()}/metrics`)).text();
    let sum = Number.NaN;
    for (const line of page.split('\n')) {
      if (!(line.startsWith(`${name} `) || line.startsWith(`${name}{`)) || !line.includes(labels)) continue;
      sum = (Number.isNaN(sum) ? 0 : sum) + Number(line.slice(line.lastIndexOf(' ') + 1));
    }
    return sum;
  }

  async waitForMetric(
    name: string,
    holds: (value: number) => boolean,
    labels = '',
    timeoutMs = 15_000,
  ): Promise<number> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const value = await this.metric(name, labels);
      if (holds(value)) return value;
      if (performance.now() > until) throw new Error(`${name}${labels} stayed at ${value}\n${this.text}`);
      await sleep(LOOK_MS);
    }
  }

  /** SIGTERM; returns the exit code. */
  async stop(): Promise<number> {
    this.child.kill('SIGTERM');
    return this.exited;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.kill();
  }
}

export async function waitFor<T>(
  look: () => T | undefined | Promise<T | undefined>,
  what: string,
  timeoutMs = 15_000,
  context: () => string = () => '',
  everyMs = LOOK_MS,
): Promise<T> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (performance.now() > until) throw new Error(`waited ${timeoutMs} ms for ${what}\n${context()}`);
    await sleep(everyMs);
  }
}
