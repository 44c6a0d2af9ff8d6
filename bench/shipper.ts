/** A contender: a program that follows a log and posts its events. Started here, measured from outside. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Accounting, accounting } from './process-accounting.ts';

export type Encoding = 'zstd' | 'gzip' | 'none';
export const ENCODINGS: readonly Encoding[] = ['zstd', 'gzip', 'none'];

export interface Job {
  readonly log: string;
  /** Matches the log and what it is rotated to; default the log alone. */
  readonly pattern?: string;
  /** Base URL of the receiver. */
  readonly url: string;
  readonly encoding: Encoding;
  /** Empty or not there yet; state of the program, removed by whoever made it. */
  readonly folder: string;
}

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Shipper {
  readonly name: string;
  command(job: Job): Command;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
export const OUR_MAIN = here('../dist/agent/main.js');

export interface OurOptions {
  readonly name?: string;
  /** Compiled main file; default that of this tree. */
  readonly main?: string;
  readonly nodeArgs?: readonly string[];
  /** Settings over those of the bench. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** The agent as it runs in production, with the two rules of the walkthrough. */
export function ours(options: OurOptions = {}): Shipper {
  const main = options.main ?? OUR_MAIN;
  if (!existsSync(main)) throw new Error(`cannot bench ${main}: it is not there; run make build first`);
  return {
    name: options.name ?? 'tetraship',
    command: ({ log, url, encoding, folder }) => ({
      program: process.execPath,
      args: [...(options.nodeArgs ?? []), main],
      env: {
        PARSEABLE_URL: url,
        PARSEABLE_USERNAME: 'admin',
        PARSEABLE_PASSWORD: 'admin',
        PARSEABLE_STREAM: 'bench',
        TETRAGON_LOG: log,
        TETRASHIP_STATE_DIR: join(folder, 'state'),
        TETRASHIP_RULES: here('rules.json'),
        TETRASHIP_COMPRESSION: encoding,
        TETRASHIP_LISTEN: '127.0.0.1:0',
        TETRASHIP_LOG_LEVEL: 'error',
        // Nobody listens for the alerts: the end must not wait for them.
        TETRASHIP_SHUTDOWN_GRACE: '1s',
        ...options.settings,
      },
    }),
  };
}

/** Whatever ends the bench ends them too. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

export class RunningShipper implements AsyncDisposable {
  readonly pid: number;
  readonly startedMs: number;
  readonly #name: string;
  readonly #child: ChildProcess;

  constructor(shipper: Shipper, job: Job) {
    mkdirSync(job.folder, { recursive: true });
    const { program, args, env } = shipper.command(job);
    this.#name = shipper.name;
    this.startedMs = Date.now();
    this.#child = spawn(program, args, {
      cwd: job.folder,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { PATH: process.env['PATH'] ?? '', ...env },
    });
    running.add(this.#child);
    this.#child.once('exit', () => running.delete(this.#child));
    this.#child.once('error', (error) => console.error(`cannot start ${shipper.name}: ${error.message}`));
    this.pid = this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || this.pid === 0;
  }

  /** @throws when it has ended by itself: no contender may. */
  accounting(): Accounting {
    if (this.hasEnded)
      throw new Error(`${this.#name} has ended: ${this.#child.exitCode ?? this.#child.signalCode}`);
    return accounting(this.pid);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.hasEnded) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill(signal);
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end('SIGKILL');
  }
}
