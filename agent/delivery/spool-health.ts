/** How the spool's disk is, and what is said of it: each kind of trouble once a minute, however often it is met. */

import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';

/** What can be done with the disk, each well or not by itself. */
export type DiskUse = 'write' | 'read' | 'remove';

/** After a failure the disk is left alone for this long. */
const RETRY_MS = 5000;
/** The same trouble is said this often. */
const COMPLAIN_EVERY_MS = 60_000;

export class SpoolHealth {
  diskErrors: number;
  readonly retryMs: number;
  readonly #log: Logger;
  readonly #troubles: Map<DiskUse, { readonly text: string; readonly retryAtMs: number }>;
  readonly #saidMs: Map<string, number>;
  /** Trouble was said, and not yet its end. */
  #isTroubleSaid: boolean;

  constructor(log: Logger, retryMs: number = RETRY_MS) {
    this.diskErrors = 0;
    this.retryMs = retryMs;
    this.#log = log;
    this.#troubles = new Map();
    this.#saidMs = new Map();
    this.#isTroubleSaid = false;
  }

  /** A failure that has not been followed by a success of its kind; `''` while the disk is well. */
  get trouble(): string {
    const [first] = this.#troubles.values();
    return first?.text ?? '';
  }

  isWell(use: DiskUse): boolean {
    return !this.#troubles.has(use);
  }

  /** It is well, or it is time to try again. */
  mayTry(use: DiskUse): boolean {
    return performance.now() >= (this.#troubles.get(use)?.retryAtMs ?? 0);
  }

  /** @param what as in `cannot <what>: cause` */
  failed(use: DiskUse, what: string, error: unknown): void {
    this.diskErrors++;
    const text = `cannot ${what}: ${messageOf(error)}`;
    this.#troubles.set(use, { text, retryAtMs: performance.now() + this.retryMs });
    const consequence =
      'sending goes on from memory, and while the server is away reading waits. Make room or mend the folder: it is tried again by itself';
    this.#isTroubleSaid = this.complain('disk', `${text}; ${consequence}`, {}) || this.#isTroubleSaid;
  }

  worked(use: DiskUse): void {
    if (!this.#troubles.delete(use) || this.#troubles.size > 0 || !this.#isTroubleSaid) return;
    this.#isTroubleSaid = false;
    this.#log.info('the spool works again');
  }

  /** Returns whether it was said. */
  complain(kind: string, message: string, fields: Record<string, unknown>): boolean {
    const now = performance.now();
    const said = this.#saidMs.get(kind);
    if (said !== undefined && now - said < COMPLAIN_EVERY_MS) return false;
    this.#saidMs.set(kind, now);
    this.#log.error(message, fields);
    return true;
  }
}
