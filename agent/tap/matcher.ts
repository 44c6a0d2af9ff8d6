/**
 * Which rows an expression matches: the kernel itself, a second small one, so that `tap` and rules can never
 * disagree, at the same speed. Rows go in as lines; no row comes out of it.
 */

import type { Expression } from '../../rules/ast.ts';
import { Kernel, STATUS_DRAIN } from '../kernel/kernel.ts';
import { KiB, MiB } from '../limits.ts';

/** A longer row is passed over, and counted. */
export const MAX_TAPPED_ROW_BYTES = MiB;
/** Rows of one call. */
const CHUNK_BYTES = 128 * KiB;
const NEW_LINE = 0x0a;

/** True of no row: nothing is to be written, only matched. */
const NEVER: Expression = {
  and: [
    { numeric: { column: 'never', operator: 'equalTo', value: 0 } },
    { numeric: { column: 'never', operator: 'equalTo', value: 1 } },
  ],
};

export class Matcher {
  readonly #kernel: Kernel;
  readonly #onMatch: (row: Uint8Array) => void;
  #length: number;

  private constructor(kernel: Kernel, onMatch: (row: Uint8Array) => void) {
    this.#kernel = kernel;
    this.#onMatch = onMatch;
    this.#length = 0;
    kernel.openSlot(0);
  }

  /** @param onMatch the row is a view, valid until return */
  static async create(expression: Expression, onMatch: (row: Uint8Array) => void): Promise<Matcher> {
    const kernel = await Kernel.create({
      arrays: 'merge',
      jsonColumns: [],
      // A row has at most this many columns in all its forms: none is to end in the column of what is too much.
      maxColumns: 4096,
      maxLineBytes: MAX_TAPPED_ROW_BYTES,
      ...{ addColumns: [], dropColumns: [], redactColumns: [] },
      ...{ slotCount: 1, slotBytes: 4 * KiB },
      conditions: [{ expression }],
      filters: { include: NEVER },
    });
    return new Matcher(kernel, onMatch);
  }

  /** True when it is time to look at the clock: a chunk of rows was evaluated. */
  add(row: Uint8Array): boolean {
    const { input } = this.#kernel;
    input.set(row, this.#length);
    this.#length += row.length;
    input[this.#length++] = NEW_LINE;
    if (this.#length < CHUNK_BYTES) return false;
    this.flush();
    return true;
  }

  /** Evaluates what was added. */
  flush(): void {
    const kernel = this.#kernel;
    const { input } = kernel;
    let status = STATUS_DRAIN;
    while (this.#length > 0 && status === STATUS_DRAIN) {
      status = kernel.process(this.#length, 0, true);
      for (let i = 0; i < kernel.matchCount; i++) {
        const { start, length } = kernel.match(i);
        this.#onMatch(input.subarray(start, start + length - 1)); // without the line end
      }
      const { consumedBytes } = kernel;
      input.copyWithin(0, consumedBytes, this.#length);
      this.#length -= consumedBytes;
    }
    this.#length = 0;
  }
}
