/**
 * Notices that the rules on disk are others now: by looking, twice a second. A look costs a few system calls, sees
 * the swapped links of a ConfigMap and files on any file system, and needs none of the system's few watches.
 *
 *     settled ──looks different──► moving ──looks the same twice──► settled, and the rules are read
 *
 * Waiting for two looks that agree keeps a file that is being written from being read half.
 */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../errors.ts';

const LOOK_MS = 500;

export class RulesWatch {
  readonly #paths: readonly string[];
  readonly #onChange: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** Of the rules that were read last, and of the last look. */
  #settled: string | undefined;
  #seen: string | undefined;
  #state: 'watching' | 'stopped';

  constructor(paths: readonly string[], onChange: () => void) {
    this.#paths = paths;
    this.#onChange = onChange;
    this.#timer = undefined;
    this.#settled = undefined;
    this.#seen = undefined;
    this.#state = 'stopped';
  }

  /** What is there now counts as read. */
  async start(): Promise<void> {
    this.#state = 'watching';
    this.#settled = await this.#look();
    this.#seen = this.#settled;
    this.#next();
  }

  stop(): void {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
  }

  #next(): void {
    if (this.#state === 'stopped') return;
    this.#timer = setTimeout(() => void this.#turn(), LOOK_MS);
    this.#timer.unref();
  }

  async #turn(): Promise<void> {
    const look = await this.#look();
    if (this.#state === 'stopped') return;
    const isSettled = look === this.#seen;
    this.#seen = look;
    if (isSettled && look !== this.#settled) {
      this.#settled = look;
      this.#onChange();
    }
    this.#next();
  }

  /** Never rejects: what cannot be read looks different from what can. */
  async #look(): Promise<string> {
    const looks = await Promise.all(this.#paths.map(lookAt));
    return looks.join('\n');
  }
}

async function lookAt(path: string): Promise<string> {
  try {
    const names = await readdir(path);
    const files = names.filter((name) => name.endsWith('.json') && !name.startsWith('.')).sort();
    const prints = await Promise.all(files.map((name) => fingerprint(join(path, name))));
    return prints.join('\n');
  } catch (error) {
    return systemCode(error) === 'ENOTDIR' ? fingerprint(path) : `${path}: ${systemCode(error)}`;
  }
}

/** Links are followed: the file that a swapped link leads to is another one. */
async function fingerprint(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return `${file}:${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
  } catch (error) {
    return `${file}: ${systemCode(error)}`;
  }
}
