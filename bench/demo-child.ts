/**
 * A program that the demo starts. Each runs in a process group of its own, so that a Ctrl-C of the terminal
 * reaches the demo alone and the order of stopping stays ours; whatever ends the demo ends them too.
 */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Lines of output kept to explain an early end. */
const LAST_LINES = 20;
/** The agent's log names other addresses too: its settings hold the receiver's. */
const OWN_URL = /(?:listening on |"url":")(http:\/\/127\.0\.0\.1:\d+)/;

const running = new Set<Child>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ChildOptions {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Gets all output as well. */
  readonly log?: WriteStream;
}

export class Child {
  readonly name: string;
  /** The last lines of its output, oldest first. */
  readonly lastLines: string[];
  /** Exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  /** Where it says it listens; rejects when it ends before it says one. */
  readonly url: Promise<string>;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;

  constructor(options: ChildOptions) {
    this.name = options.name;
    this.lastLines = [];
    this.#process = spawn(process.execPath, options.args, {
      env: options.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    running.add(this);
    this.exited = new Promise((resolve) => {
      this.#process.once('error', (error) => resolve(error.message));
      this.#process.once('close', (code, signal) => {
        running.delete(this);
        resolve(code ?? signal ?? 'unknown');
      });
    });
    this.url = new Promise((resolve, reject) => {
      for (const output of [this.#process.stdout, this.#process.stderr]) {
        createInterface(output).on('line', (line) => {
          options.log?.write(`${line}\n`);
          this.lastLines.push(line);
          if (this.lastLines.length > LAST_LINES) this.lastLines.shift();
          const url = OWN_URL.exec(line)?.[1];
          if (url !== undefined) resolve(url);
        });
      }
      this.exited.then((how) => reject(new Error(`cannot use the ${this.name}: it ended at once (${how})`)));
    });
    // Nobody may be waiting for the URL any more when the program ends.
    this.url.catch(() => undefined);
  }

  /** To its whole group. */
  kill(signal: NodeJS.Signals): void {
    const { pid } = this.#process;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // It may have ended in this instant.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }

  /** SIGTERM, and SIGKILL if it is still there after `limitMs`. Gives how it ended. */
  async stop(limitMs: number): Promise<number | string> {
    if (!running.has(this)) return this.exited;
    this.kill('SIGTERM');
    const timer = setTimeout(() => this.kill('SIGKILL'), limitMs);
    const how = await this.exited;
    clearTimeout(timer);
    return how;
  }
}

/** The variables that a program of the demo sees: none of those that would configure the agent otherwise. */
export function cleanEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ'];
  const entries = kept.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
