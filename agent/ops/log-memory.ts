/**
 * The last lines of the agent's own log, and its last problems, kept in memory for the status page and for bug
 * reports. Lines come here as they were written: masked and printable. Bounded in lines and characters.
 */

import type { Level } from './repeats.ts';

const MAX_LINES = 500;
const MAX_CHARACTERS = 64 * 1024;
/** Problems are kept apart, so that a chatty hour does not push them out. */
const MAX_PROBLEMS = 20;
const MAX_PROBLEM_CHARACTERS = 600;

export interface Problem {
  /** Epoch milliseconds. */
  readonly timeMs: number;
  readonly level: 'warn' | 'error';
  /** Message and fields, one line. */
  readonly text: string;
}

export class LogMemory {
  readonly #lines: string[];
  readonly #problems: Problem[];
  #characters: number;

  constructor() {
    this.#lines = [];
    this.#problems = [];
    this.#characters = 0;
  }

  /**
   * @param line as it was written, with its end
   * @param text message and fields as text
   */
  add(level: Level, line: string, text: string): void {
    this.#lines.push(line);
    this.#characters += line.length;
    while (this.#lines.length > MAX_LINES || this.#characters > MAX_CHARACTERS) {
      const oldest = this.#lines.shift();
      if (oldest === undefined) break;
      this.#characters -= oldest.length;
    }
    if (level !== 'warn' && level !== 'error') return;
    const short = text.length > MAX_PROBLEM_CHARACTERS ? `${text.slice(0, MAX_PROBLEM_CHARACTERS)}…` : text;
    this.#problems.push({ timeMs: Date.now(), level, text: short });
    if (this.#problems.length > MAX_PROBLEMS) this.#problems.shift();
  }

  /** The oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The newest first. */
  get problems(): readonly Problem[] {
    return this.#problems.toReversed();
  }
}
