/** The receiver of the benches: the server double in a process of its own, so that its work is nobody's cost. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../test/receiver/main.ts', import.meta.url));

export interface Received {
  readonly rows: number;
  /** Rows of which one is enough: without repetitions. */
  readonly unique: number;
  readonly requests: number;
  readonly accepted: number;
  readonly connections: number;
  /** Bytes of bodies as sent, and as they were before compression. */
  readonly wireBytes: number;
  readonly rawBytes: number;
}

export class ReceiverProcess implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async start(...args: string[]): Promise<ReceiverProcess> {
    const child = spawn(process.execPath, [MAIN, '--with-parent', ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const start: unknown = JSON.parse(line);
      if (typeof start === 'object' && start !== null && 'url' in start)
        return new ReceiverProcess(child, String(start.url));
      break;
    }
    child.kill('SIGKILL');
    throw new Error('cannot start the receiver: it does not say where it listens');
  }

  async stats(): Promise<Received> {
    const answer: unknown = await (await fetch(`${this.url}/__stats`)).json();
    if (!isReceived(answer)) throw new Error('the receiver answers something else than its counters');
    return answer;
  }

  /** When each key came first, epoch milliseconds by key, 0 for none; started with `--arrivals`. */
  async arrivals(): Promise<readonly number[]> {
    const answer: unknown = await (await fetch(`${this.url}/__arrivals`)).json();
    if (!Array.isArray(answer)) throw new Error('the receiver answers something else than arrivals');
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}

function isReceived(value: unknown): value is Received {
  return typeof value === 'object' && value !== null && 'rows' in value && 'wireBytes' in value;
}
