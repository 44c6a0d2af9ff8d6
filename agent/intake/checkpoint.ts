/**
 * The checkpoint file: where to go on after a restart.
 *
 * Promises: on disk there is always the last checkpoint or the one before it, whole. A damaged one is set aside,
 * never overwritten, and means reading from the beginning: sent twice is better than lost. One of a newer version
 * is refused. Writing that fails is counted, said, and tried again; the last state handed in wins.
 */

import fs from 'node:fs';
import { join } from 'node:path';
import { replaceFile, setAside } from '../durable-file.ts';
import { messageOf, systemCode, TetrashipError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { CHECKPOINT_VERSION, parseCheckpoint, printCheckpoint } from './checkpoint-format.ts';
import type { ResumeState } from './history.ts';

const NAME = 'checkpoint.json';
const RETRY_MS = 1_000;

/** Everything from the beginning, backups too. */
const BEGINNING: ResumeState = { points: [], lostFiles: 0, lostBytes: 0, boot: '' };

export class Checkpoint {
  readonly stats = { writes: 0, errors: 0, failing: false };
  readonly #path: string;
  readonly #log: Logger;
  /** Handed in and not on disk yet. */
  #next: ResumeState | undefined;
  #writing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(stateDir: string, log: Logger) {
    this.#path = join(stateDir, NAME);
    this.#log = log;
    this.#next = undefined;
    this.#writing = undefined;
    this.#retry = undefined;
  }

  /**
   * `undefined` when there is no checkpoint.
   * @throws {TetrashipError} STATE for one of a newer version
   */
  load(): ResumeState | undefined {
    let text: string;
    try {
      text = fs.readFileSync(this.#path, 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      return this.#setAside(messageOf(error));
    }
    const parsed = parseCheckpoint(text);
    if (typeof parsed === 'object') return parsed;
    if (typeof parsed === 'string') return this.#setAside(parsed);
    throw new TetrashipError(
      'STATE',
      `cannot use ${this.#path}: it has version ${parsed}, this agent knows up to ${CHECKPOINT_VERSION}; run the newer agent again, or move the file away to read the logs from their beginning`,
    );
  }

  #setAside(cause: string): ResumeState {
    this.#log.error(
      `cannot use ${this.#path}: ${cause}; ${setAside(this.#path)}, and the logs are read from their beginning: rows may be sent twice; if it comes again, see to the disk of the state folder`,
    );
    return BEGINNING;
  }

  /** Writes the newest state handed in; resolves when that is on disk or has failed. Never rejects. */
  save(state: ResumeState): Promise<void> {
    this.#next = state;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    clearTimeout(this.#retry);
    for (let state = this.#next; state !== undefined; state = this.#next) {
      this.#next = undefined;
      try {
        // The old one coming back after a crash of the machine means rows that are sent twice, none that is lost.
        await replaceFile(this.#path, printCheckpoint(state));
        this.stats.writes++;
        if (this.stats.failing) this.#log.info(`${this.#path} can be written again; a restart goes on there`);
        this.stats.failing = false;
      } catch (error) {
        this.#failed(this.#next ?? state, error);
        return;
      }
    }
  }

  #failed(state: ResumeState, error: unknown): void {
    this.stats.errors++;
    if (!this.stats.failing) {
      this.#log.error(
        `cannot write ${this.#path}: ${messageOf(error)}; nothing is lost, but after a restart rows are sent again; make room or mend the state folder, it is tried every second`,
      );
    }
    this.stats.failing = true;
    this.#next = state;
    this.#retry = setTimeout(() => {
      if (this.#next !== undefined) void this.save(this.#next);
    }, RETRY_MS);
    this.#retry.unref();
  }

  /** Ends the tries of a failing write. */
  close(): void {
    clearTimeout(this.#retry);
  }
}
