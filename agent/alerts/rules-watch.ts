/**
 * Notices that the rules on disk are others now: by looking, from time to time. A look costs a few system calls, sees
 * the swapped links of a ConfigMap and files on any file system, and needs none of the system's few watches. It does not
 * ask the thread pool: that would wake the agent ten times a second for nothing.
 *
 *     settled ──looks different──► moving ──looks the same twice──► settled, and the rules are read
 *
 * Waiting for two looks that agree keeps a file that is being written from being read half.
 */

import { type BigIntStats, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../errors.ts';

/** Both and a load are within the two seconds that are promised. */
const LOOK_MS = 1500;
const SETTLE_MS = 250;

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
  start(): void {
    this.#state = 'watching';
    this.#settled = this.#look();
    this.#seen = this.#settled;
    this.#next();
  }

  stop(): void {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
  }

  #next(): void {
    if (this.#state === 'stopped') return;
    const delayMs = this.#seen === this.#settled ? LOOK_MS : SETTLE_MS;
    this.#timer = setTimeout(() => this.#turn(), delayMs);
    this.#timer.unref();
  }

  #turn(): void {
    const look = this.#look();
    const isSettled = look === this.#seen;
    this.#seen = look;
    if (isSettled && look !== this.#settled) {
      this.#settled = look;
      this.#onChange();
    }
    this.#next();
  }

  /** Never throws: what cannot be read looks different from what can. */
  #look(): string {
    return this.#paths.map(lookAt).join('\n');
  }
}

function lookAt(path: string): string {
  try {
    const stats = statSync(path, { bigint: true });
    if (!stats.isDirectory()) return asText(path, stats);
    const names = readdirSync(path);
    const files = names.filter((name) => name.endsWith('.json') && !name.startsWith('.')).sort();
    return files.map((name) => fingerprint(join(path, name))).join('\n');
  } catch (error) {
    return `${path}: ${systemCode(error)}`;
  }
}

/** Links are followed: the file that a swapped link leads to is another one. */
function fingerprint(file: string): string {
  try {
    return asText(file, statSync(file, { bigint: true }));
  } catch (error) {
    return `${file}: ${systemCode(error)}`;
  }
}

function asText(file: string, { dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${file}:${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}
