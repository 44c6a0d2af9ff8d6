/**
 * The alert state on disk, with the place up to which events were evaluated.
 *
 * Written a moment after each change, and before every checkpoint: so the checkpoint never passes an event whose
 * consequences are not on disk, and a kill repeats what was decided and told in that moment, and forgets nothing. One
 * that is damaged is set aside; one of a newer version is refused.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile, setAside } from '../durable-file.ts';
import { messageOf, systemCode, TetrashipError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { ALERT_STATE_VERSION, parseAlertState, printAlertState, type SavedState } from './state-format.ts';

const NAME = 'alerts.json';
/** With the time of the writing it stays below the second that may be told twice after a kill. */
const DELAY_MS = 500;
const RETRY_MS = 1_000;

export class AlertStateFile {
  readonly stats = { writes: 0, errors: 0, failing: false };
  readonly #path: string;
  readonly #log: Logger;
  readonly #take: () => SavedState;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<boolean> | undefined;
  #state: 'open' | 'closed';

  /** @param take the state at this moment */
  constructor(stateDir: string, log: Logger, take: () => SavedState) {
    this.#path = join(stateDir, NAME);
    this.#log = log;
    this.#take = take;
    this.#timer = undefined;
    this.#writing = undefined;
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

  /** Something has changed: it is on disk within a second. Cheap to call often. */
  changed(): void {
    if (this.#state === 'closed') return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.save();
    }, DELAY_MS);
  }

  /** Writes the state of this moment; resolves to whether it is on disk. Never rejects. */
  async save(): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = printAlertState(this.#take());
    // In order: an older state must not come after a newer one.
    const before = this.#writing;
    this.#writing = (async () => {
      await before;
      return this.#write(text);
    })();
    return this.#writing;
  }

  /** Ends the timer; `save` still works, for the last time. */
  close(): void {
    this.#state = 'closed';
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #write(text: string): Promise<boolean> {
    try {
      await replaceFile(this.#path, text);
      this.stats.writes++;
      if (this.stats.failing) this.#log.info(`${this.#path} can be written again`);
      this.stats.failing = false;
      return true;
    } catch (error) {
      this.stats.errors++;
      if (!this.stats.failing) {
        this.#log.error(
          `cannot write ${this.#path}: ${messageOf(error)}; alerts go on, the checkpoint waits: after a restart rows are sent and alerts told again; make room or mend the state folder, it is tried every second`,
        );
      }
      this.stats.failing = true;
      if (this.#state === 'open') {
        this.#timer ??= setTimeout(() => {
          this.#timer = undefined;
          void this.save();
        }, RETRY_MS);
      }
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
