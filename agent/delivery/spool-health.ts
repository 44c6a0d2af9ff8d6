/** How the spool's disk is, and what is said of it: each kind of trouble once a minute, however often it is met. */

import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';

/** After a failure the disk is left alone for this long. */
const RETRY_MS = 5000;
/** The same trouble is said this often. */
const COMPLAIN_EVERY_MS = 60_000;

export class SpoolHealth {
  /** The last failure; `''` while the disk is well. */
  trouble: string;
  diskErrors: number;
  readonly retryMs: number;
  readonly #log: Logger;
  readonly #saidMs: Map<string, number>;
  #retryAtMs: number;

  constructor(log: Logger, retryMs: number = RETRY_MS) {
    this.trouble = '';
    this.diskErrors = 0;
    this.retryMs = retryMs;
    this.#log = log;
    this.#saidMs = new Map();
    this.#retryAtMs = 0;
  }

  /** The disk may be tried. */
  get ready(): boolean {
    return this.trouble === '' || performance.now() >= this.#retryAtMs;
  }

  fail(what: string, error: unknown): void {
    this.diskErrors++;
    this.trouble = `cannot ${what}: ${messageOf(error)}`;
    this.#retryAtMs = performance.now() + this.retryMs;
    this.complain(
      'disk',
      `${this.trouble}; sending goes on from memory, and while the server is away reading waits`,
      {},
    );
  }

  well(): void {
    if (this.trouble === '') return;
    this.trouble = '';
    if (this.#saidMs.delete('disk')) this.#log.info('the spool works again');
  }

  complain(kind: string, message: string, fields: Record<string, unknown>): void {
    const now = performance.now();
    const said = this.#saidMs.get(kind);
    if (said !== undefined && now - said < COMPLAIN_EVERY_MS) return;
    this.#saidMs.set(kind, now);
    this.#log.error(message, fields);
  }
}
