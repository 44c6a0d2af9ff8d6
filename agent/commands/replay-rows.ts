/** The row of a dead letter: as it was sent, or made from its line by the kernel with the settings of now. */

import type { StoredLetter } from '../delivery/letter-format.ts';
import { Kernel, type KernelOptions } from '../kernel/kernel.ts';

const NEWLINE = 0x0a;
const LONGEST_LINE_END = '\r\n'.length;

export type LetterRow =
  | { readonly kind: 'row'; readonly row: Uint8Array }
  /** The settings keep such events back, or it is blank: nothing is left to be sent. */
  | { readonly kind: 'nothing' }
  /** Neither a whole line that the kernel takes, nor a row. */
  | { readonly kind: 'rejected' };

export class LetterRows {
  readonly #kernel: Kernel;

  private constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  static async create(options: Omit<KernelOptions, 'slotCount'>): Promise<LetterRows> {
    return new LetterRows(await Kernel.create({ ...options, slotCount: 1 }));
  }

  /** Names in the budget, in order of admission. */
  names(): string[] {
    return this.#kernel.names();
  }

  rowOf({ row, line, reason, offset, length }: StoredLetter): LetterRow {
    if (row !== undefined) return isObject(row) ? { kind: 'row', row } : { kind: 'rejected' };
    const isCut = reason === 'too_long' && line !== undefined && length > line.length + LONGEST_LINE_END;
    return line === undefined || isCut ? { kind: 'rejected' } : this.#flatten(line, offset);
  }

  #flatten(line: Uint8Array, offset: number): LetterRow {
    const kernel = this.#kernel;
    if (line.length >= kernel.input.length || line.includes(NEWLINE)) return { kind: 'rejected' };
    kernel.openSlot(0);
    kernel.input.set(line);
    kernel.input[line.length] = NEWLINE;
    kernel.process(line.length + 1, offset, true);
    const isNothing = kernel.filteredEvents + kernel.blankLines > 0;
    const { raw, rowCount } = kernel.sealSlot();
    // A copy without the brackets: the slot is used for the next line.
    if (rowCount === 1) return { kind: 'row', row: raw.slice(1, -1) };
    return { kind: isNothing ? 'nothing' : 'rejected' };
  }
}

/** An array as a row would stop the server; the file may have been edited. */
function isObject(row: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(Buffer.from(row).toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
