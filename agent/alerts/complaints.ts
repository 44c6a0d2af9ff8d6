/** Keeps the log readable while something fails a thousand times a second: each kind of complaint once a minute. */

import type { Logger } from '../log.ts';

const INTERVAL_MS = 60_000;

interface Silence {
  untilMs: number;
  hidden: number;
}

export class Complaints {
  readonly #log: Logger;
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #now: () => number;
  readonly #silences: Map<string, Silence>;

  /** @param fields go with every line */
  constructor(log: Logger, fields: Readonly<Record<string, unknown>>, now: () => number) {
    this.#log = log;
    this.#fields = fields;
    this.#now = now;
    this.#silences = new Map();
  }

  /** @param message its kind as well: a constant, never text from outside */
  say(level: 'warn' | 'error', message: string, fields: Readonly<Record<string, unknown>>): void {
    const nowMs = this.#now();
    const silence = this.#silences.get(message);
    if (silence !== undefined && nowMs < silence.untilMs) {
      silence.hidden++;
      return;
    }
    this.#silences.set(message, { untilMs: nowMs + INTERVAL_MS, hidden: 0 });
    const hidden = silence === undefined || silence.hidden === 0 ? {} : { alsoSinceLastLine: silence.hidden };
    this.#log[level](message, { ...this.#fields, ...fields, ...hidden });
  }
}
