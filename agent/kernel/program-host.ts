/** The rules' program on the host's side: compiled apart, swapped between two calls, its states read and restored. */

import { TetrashipError } from '../errors.ts';
import * as P from './layout-program.ts';
import type { KernelExports } from './module.ts';
import { type AddedValues, compileProgram } from './program.ts';
import { buildRegexes } from './regex-build.ts';
import type { Condition, ConditionState, Filters } from './types.ts';

/** Whether an expression is found in decoded text. */
type Search = (text: string) => boolean;

/** Conditions that are known to fit, for `ProgramHost.replace`. */
export interface PreparedConditions {
  readonly count: number;
  readonly bytes: Uint8Array;
  /** Expressions too large for the kernel, by number. */
  readonly searches: readonly Search[];
}

export interface ProgramPlace {
  /** The kernel's whole memory. */
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly address: number;
  readonly capacity: number;
}

export class ProgramHost {
  readonly #exports: KernelExports;
  readonly #place: ProgramPlace;
  readonly #filters: Filters;
  readonly #added: AddedValues;
  #searches: readonly Search[];
  #count: number;

  constructor(exports: KernelExports, place: ProgramPlace, filters: Filters, added: AddedValues) {
    this.#exports = exports;
    this.#place = place;
    this.#filters = filters;
    this.#added = added;
    this.#searches = [];
    this.#count = 0;
  }

  /**
   * Compiles conditions; the ones in force stay. The filters given at the start apply to the new ones too.
   * @throws {TetrashipError} RULES when they do not fit, saying which and why
   */
  async prepare(conditions: readonly Condition[]): Promise<PreparedConditions> {
    const { include, exclude } = this.#filters;
    const filters = [include, exclude].filter((filter) => filter !== undefined);
    const regexes = await buildRegexes([...conditions.map(({ expression }) => expression), ...filters]);
    const { bytes, hostRegexes } = compileProgram(conditions, {
      filters: this.#filters,
      added: this.#added,
      capacity: this.#place.capacity,
      regexes,
    });
    return { count: conditions.length, bytes, searches: hostRegexes.map(regexes.search) };
  }

  /**
   * Takes prepared conditions into force at once, between two calls of `process`. All their states begin anew: who
   * knows which rules are the same takes `state` of the old ones before, and gives it to `restore` of the new ones
   * after, with nothing between. Cached keys are learned anew; rows, rejects and matches are not touched.
   */
  replace({ count, bytes, searches }: PreparedConditions): void {
    this.#place.bytes.set(bytes, this.#place.address);
    this.#searches = searches;
    this.#count = count;
    this.#exports.setProgram();
  }

  /** What is remembered of a condition with `repeats` now; of any other nothing: 0, not firing. */
  state(condition: number): ConditionState {
    const at = this.#wordOf(condition);
    return {
      count: this.#place.words[at + (P.D_COUNT >> 2)] ?? 0,
      firing: this.#place.words[at + (P.D_FIRING >> 2)] === 1,
    };
  }

  /**
   * Puts back what `state` gave, also after a restart. A rule whose `repeats` was lowered meanwhile does not fire by
   * this, but with its next match. Nothing happens to a condition without `repeats`.
   */
  restore(condition: number, { count, firing }: ConditionState): void {
    const { words } = this.#place;
    const at = this.#wordOf(condition);
    const repeats = words[at + (P.D_REPEATS >> 2)] ?? 0;
    if (repeats === 0) return;
    const kept = firing ? repeats : Math.min(count, repeats - 1);
    this.#exports.restoreState(condition, kept, firing ? 1 : 0);
  }

  matchRegex(regex: number, text: string): boolean {
    return this.#searches[regex]?.(text) === true;
  }

  /** Index in words of a condition's record. */
  #wordOf(condition: number): number {
    if (!Number.isInteger(condition) || condition < 0 || condition >= this.#count) {
      throw new TetrashipError(
        'KERNEL',
        `cannot find condition ${condition}: there are ${this.#count}; no data is touched`,
      );
    }
    const { words, address } = this.#place;
    const table = words[(address + P.G_CONDITIONS) >> 2] ?? 0;
    return (address + table + condition * P.CONDITION_SIZE) >> 2;
  }
}
