/** What a rule costs for each event, in classes. Rules of one class cost about the same however many there are. */

import type { Expression } from '../../rules/ast.ts';
import { leavesOf } from '../../rules/lint.ts';
import type { Rule } from '../../rules/ruleset.ts';
import { buildDfa } from '../kernel/regex-dfa.ts';
import { loadRegexEngine, type RegexEngine } from '../kernel/regex-program.ts';
import { MAX_DFA_STATES, MAX_DFA_STEPS } from '../limits.ts';

/** From cheap to dear; a rule has the class of its dearest comparison. */
export type CostClass = 'look-up' | 'search' | 'automaton' | 'host';

export const COST_WORDS: Readonly<Record<CostClass, string>> = {
  'look-up': 'values are compared whole',
  search: 'a value is searched for texts, those of all rules at once',
  automaton: 'a value goes through an automaton in the kernel, byte by byte',
  host: 'a regular expression is too large for the kernel: values that hold a text of it are searched outside',
};

export interface Cost {
  readonly class: CostClass;
  /** States of the automata of its regular expressions. */
  readonly states: number;
  /**
   * `candidate`: the rule is looked at only when one of its comparisons is true. `always`: on every event that has
   * one of its columns, because it may hold while none is.
   */
  readonly looked: 'candidate' | 'always';
}

const CLASSES: readonly CostClass[] = ['look-up', 'search', 'automaton', 'host'];

export async function costsOf(rules: readonly Rule[]): Promise<Cost[]> {
  const engine = await loadRegexEngine();
  return rules.map((rule) => costOf(rule, engine));
}

function costOf({ expression, kind }: Rule, engine: RegexEngine): Cost {
  let dearest = 0;
  let states = 0;
  for (const { operator, value } of leavesOf(expression)) {
    const size = operator === 'regex' ? statesOf(String(value), engine) : 0;
    states += size ?? 0;
    dearest = Math.max(dearest, CLASSES.indexOf(size === undefined ? 'host' : classOf(operator)));
  }
  const looked = kind === 'column' || holdsOfNothing(expression) ? 'always' : 'candidate';
  return { class: CLASSES[dearest] ?? 'host', states, looked };
}

/** `undefined`: more than the kernel takes. */
function statesOf(pattern: string, engine: RegexEngine): number | undefined {
  const budget = { maxStates: MAX_DFA_STATES, steps: MAX_DFA_STEPS };
  return buildDfa(engine.program(pattern), budget)?.rows.length;
}

function classOf(operator: string): CostClass {
  if (operator === 'regex') return 'automaton';
  return operator === 'contains' || operator === 'notContains' ? 'search' : 'look-up';
}

/** Whether it is true when every comparison is false. */
function holdsOfNothing(expression: Expression): boolean {
  if ('and' in expression) return expression.and.every(holdsOfNothing);
  if ('or' in expression) return expression.or.some(holdsOfNothing);
  return 'not' in expression && !holdsOfNothing(expression.not);
}
