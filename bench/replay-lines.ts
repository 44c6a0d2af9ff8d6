/** The lines of a log again and again under new sequence numbers, as text that costs next to nothing to make. */

import { readFileSync } from 'node:fs';
import type { Corpus } from './corpus.ts';

const MARK = '"cluster_name":"seq-';

export class ReplayLines {
  /** Number of the next line. */
  sequence: number;
  /** Of a line, with its end. */
  readonly averageBytes: number;
  readonly #heads: readonly string[];
  readonly #tails: readonly string[];

  constructor(corpus: Corpus) {
    const lines = readFileSync(corpus.path, 'utf8').split('\n').slice(0, -1);
    const cuts = lines.map((line) => line.lastIndexOf(MARK) + MARK.length);
    this.sequence = 0;
    this.averageBytes = corpus.bytes / corpus.lines;
    this.#heads = lines.map((line, i) => line.slice(0, cuts[i]));
    this.#tails = lines.map((line, i) => `${line.slice(cuts[i]).replace(/^\d+/, '')}\n`);
  }

  next(): string {
    const i = this.sequence % this.#heads.length;
    return `${this.#heads[i]}${this.sequence++}${this.#tails[i]}`;
  }
}
