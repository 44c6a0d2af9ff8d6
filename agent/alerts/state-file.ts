/**
 * The alert state on disk, with the place up to which events were evaluated.
 *
 * Written a moment after each change, and before every checkpoint: so the checkpoint never passes an event whose
 * consequences are not on disk, and a kill repeats what was decided and told in that moment, and forgets nothing. It is
 * written whole, so a large one is written less often, and the checkpoint waits for it. One that is damaged is set
 * aside; one of a newer version is refused.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile, setAside } from '../durable-file.ts';
import { messageOf, systemCode, TetrashipError } from '../errors.ts';
import { MiB } from '../limits.ts';
import type { Logger } from '../log.ts';
import { ALERT_STATE_VERSION, parseAlertState, printAlertState, type SavedState } from './state-format.ts';

const NAME = 'alerts.json';
/** With the time of the writing it stays below the second that may be told twice after a kill. */
const DELAY_MS = 500;
const RETRY_MS = 1_000;
/**
 * At its bounds the state has 16 MiB and more, and 1 MiB takes 4 to 7 ms to print and write (measured): at this pace one
 * or two percent of a core. One below 1 MiB is as quick as the delay allows.
 */
const BYTES_PER_MS = (2 * MiB) / 1_000;

/** Who waits for a state of now or later to be on disk. */
interface Waiting {
  readonly promise: Promise<boolean>;
  readonly resolve: (isOnDisk: boolean) => void;
}

export class AlertStateFile {
  readonly stats = { writes: 0, errors: 0, failing: false };
  readonly #path: string;
  readonly #log: Logger;
  readonly #take: () => SavedState;
  #timer: NodeJS.Timeout | undefined;
  /** When a write is wanted; infinite: none is. */
  #dueMs: number;
  /** The last one has used up its share until then. */
  #restUntilMs: number;
  #waiting: Waiting | undefined;
  #isWriting: boolean;
  #state: 'open' | 'closed';

  /** @param take the state at this moment */
  constructor(stateDir: string, log: Logger, take: () => SavedState) {
    this.#path = join(stateDir, NAME);
    this.#log = log;
    this.#take = take;
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#restUntilMs = 0;
    this.#waiting = undefined;
    this.#isWriting = false;
    this.#state = 'open';
  }

  /**
   * `undefined` when there is none.
   * @throws {TetrashipError} STATE for one of a newer version
   */
  load(): SavedState | undefined {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      return this.#setAside(messageOf(error));
    }
    const parsed = parseAlertState(text);
    if (typeof parsed === 'object') return parsed;
    if (typeof parsed === 'string') return this.#setAside(parsed);
    throw new TetrashipError(
      'STATE',
      `cannot use ${this.#path}: it has version ${parsed}, this agent knows up to ${ALERT_STATE_VERSION}; run the newer agent again, or move the file away to begin without the alerts that are firing and the notifications that wait`,
    );
  }

  /** Something has changed: it is on disk within a second, a large state as soon as its pace allows. Cheap to call often. */
  changed(): void {
    if (this.#state === 'open') this.#wanted(DELAY_MS);
  }

  /**
   * Resolves to whether the state of this moment, or a later one, is on disk; a large one waits for its turn.
   * Never rejects.
   */
  save(): Promise<boolean> {
    this.#waiting ??= Promise.withResolvers();
    const { promise } = this.#waiting;
    this.#wanted(0);
    return promise;
  }

  /** The last state, at once, for those that wait too; after it only `save` writes, at once as well. */
  close(): Promise<boolean> {
    this.#state = 'closed';
    return this.save();
  }

  #wanted(inMs: number): void {
    this.#dueMs = Math.min(this.#dueMs, performance.now() + inMs);
    this.#next();
  }

  /** The one place that decides when to write; one write at a time, and its end comes here again. */
  #next(): void {
    clearTimeout(this.#timer);
    if (this.#isWriting || this.#dueMs === Number.POSITIVE_INFINITY) return;
    const dueMs = this.#state === 'closed' ? 0 : Math.max(this.#dueMs, this.#restUntilMs);
    const waitMs = dueMs - performance.now();
    if (waitMs <= 0) void this.#write();
    else this.#timer = setTimeout(() => this.#next(), waitMs);
  }

  async #write(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#isWriting = true;
    const bytes = Buffer.from(printAlertState(this.#take()));
    this.#restUntilMs = performance.now() + bytes.length / BYTES_PER_MS;
    const isOnDisk = await this.#isReplaced(bytes);
    this.#isWriting = false;
    waiting?.resolve(isOnDisk);
    if (!isOnDisk && this.#state === 'open') this.#wanted(RETRY_MS);
    else this.#next();
  }

  async #isReplaced(bytes: Uint8Array): Promise<boolean> {
    try {
      await replaceFile(this.#path, bytes);
      this.stats.writes++;
      if (this.stats.failing) this.#log.info(`${this.#path} can be written again`);
      this.stats.failing = false;
      return true;
    } catch (error) {
      this.stats.errors++;
      if (!this.stats.failing) {
        this.#log.error(
          `cannot write ${this.#path}: ${messageOf(error)}; alerts go on, the checkpoint waits: after a restart rows are sent and alerts told again; make room or mend the state folder, it is tried again and again`,
        );
      }
      this.stats.failing = true;
      return false;
    }
  }

  #setAside(cause: string): undefined {
    this.#log.error(
      `cannot use ${this.#path}: ${cause}; ${setAside(this.#path)}. Which alerts were firing and which notifications waited is forgotten; events that are read again are evaluated again, so some alerts may be told twice`,
    );
    return undefined;
  }
}
