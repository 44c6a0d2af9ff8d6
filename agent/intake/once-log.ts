/** Says a lasting trouble once, and again only after it was over. */

import type { Logger } from '../log.ts';

export class OnceLog {
  readonly #log: Logger;
  readonly #said: Map<string, string>;

  constructor(log: Logger) {
    this.#log = log;
    this.#said = new Map();
  }

  /** @param topic what is in trouble; another message about it is said too */
  say(level: 'warn' | 'error' | 'info', topic: string, message: string): void {
    if (this.#said.get(topic) === message) return;
    this.#said.set(topic, message);
    this.#log[level](message);
  }

  /** Whether there had been trouble. */
  over(topic: string): boolean {
    return this.#said.delete(topic);
  }
}
