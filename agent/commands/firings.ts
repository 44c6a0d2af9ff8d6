/**
 * What begins and ends to fire as events pass, by the same rules as in the agent but with nobody told: for commands
 * that ask what would have happened. Both matches and non-matches come from the kernel, so that starting anew is
 * dropping this object.
 */

import type { Rule } from '../../rules/ruleset.ts';
import type { KernelMatch } from '../kernel/kernel.ts';
import type { Condition } from '../kernel/types.ts';

interface State {
  count: number;
  firing: boolean;
}

export class Firings {
  readonly #rules: readonly Rule[];
  readonly #states: readonly State[];

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    this.#states = rules.map(() => ({ count: 0, firing: false }));
  }

  /** What the kernel is to evaluate, in the order of the rules. */
  static conditions(rules: readonly Rule[]): readonly Condition[] {
    return rules.map(({ name, kind, expression }) =>
      kind === 'column' ? { name, expression, report: 'both' } : { name, expression },
    );
  }

  /** What this match changes: every match of a composite rule fires; a column rule fires, goes on in silence, resolves. */
  take({ condition, kind }: KernelMatch): 'firing' | 'resolved' | undefined {
    const rule = this.#rules[condition];
    const state = this.#states[condition];
    if (rule === undefined || state === undefined) return undefined;
    if (rule.kind === 'composite') return 'firing';
    if (kind === 'non_match') {
      if (!state.firing) return undefined;
      state.firing = false;
      state.count = 0;
      return 'resolved';
    }
    if (state.firing || ++state.count < rule.repeats) return undefined;
    state.firing = true;
    return 'firing';
  }
}
