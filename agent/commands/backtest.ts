/** What rules would have done over a log, counted. */

import type { Rule } from '../../rules/ruleset.ts';
import { ColumnReader } from '../alerts/row.ts';
import type { KernelMatch } from '../kernel/kernel.ts';
import { type Change, Firings } from './firings.ts';

/** RFC 3339 with nanoseconds takes 35. */
export const MAX_TIME_BYTES = 64;

export interface RuleResult {
  readonly rule: Rule;
  /** Events for which the condition is true. */
  matched: number;
  /** Firings that would begin: every match of a composite rule, each change to firing of a column rule. */
  fired: number;
  /** `time` of the first and the last matching event, in the order of the log. */
  first: string | undefined;
  last: string | undefined;
  /** Copies of the first rows that fired. */
  readonly rows: Uint8Array[];
}

export class Backtest {
  /** In the order of the rules. */
  readonly results: readonly RuleResult[];
  readonly #firings: Firings;
  readonly #rowsWanted: number;
  readonly #time: ColumnReader;

  /** @param rowsWanted how many rows to keep of each rule */
  constructor(rules: readonly Rule[], rowsWanted: number) {
    this.results = rules.map((rule) => ({
      rule,
      matched: 0,
      fired: 0,
      first: undefined,
      last: undefined,
      rows: [],
    }));
    this.#firings = new Firings(rules);
    this.#rowsWanted = rowsWanted;
    this.#time = new ColumnReader(['time'], MAX_TIME_BYTES);
  }

  /** Takes the matches of one call of the kernel, in order. */
  take(matches: readonly KernelMatch[]): void {
    // Times are read once a call, not once a match: of the first match ever, and of the last one here.
    const last = new Map<RuleResult, KernelMatch>();
    for (const match of matches) {
      const result = this.results[match.condition];
      if (result === undefined) continue;
      for (const change of this.#firings.take(match)) this.#count(change, match);
      if (match.kind === 'non_match') continue;
      if (result.matched++ === 0) result.first = this.#timeOf(match);
      last.set(result, match);
    }
    for (const [result, match] of last) result.last = this.#timeOf(match);
  }

  #count({ rule, status }: Change, match: KernelMatch): void {
    const result = this.results[rule];
    if (result === undefined || status === 'resolved') return;
    result.fired++;
    if (result.rows.length < this.#rowsWanted) result.rows.push(match.row.slice());
  }

  #timeOf(match: KernelMatch): string | undefined {
    return this.#time.read(match.row)[0];
  }
}
