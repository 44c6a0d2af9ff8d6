/** What a rule costs for each event, in classes. Rules of one class cost about the same however many there are. */

import type { Expression } from './ast.ts';
import { leavesOf } from './lint.ts';
import type { Rule } from './ruleset.ts';

/** From cheap to dear; a rule has the class of its dearest comparison. */
export type CostClass = 'look-up' | 'search' | 'regex';

export const COST_WORDS: Readonly<Record<CostClass, string>> = {
  'look-up': 'values are compared whole',
  search: 'a value is searched for a text',
  regex: 'a value is matched with a regular expression',
};

export interface Cost {
  readonly class: CostClass;
  /**
   * `candidate`: the rule is looked at only when one of its comparisons is true. `always`: on every event that has
   * one of its columns, because it may hold while none is.
   */
  readonly looked: 'candidate' | 'always';
}

export function costOf({ expression, kind }: Rule): Cost {
  const classes = leavesOf(expression).map(({ operator }) => classOf(operator));
  const dearest = (['regex', 'search'] as const).find((name) => classes.includes(name)) ?? 'look-up';
  return { class: dearest, looked: kind === 'column' || holdsOfNothing(expression) ? 'always' : 'candidate' };
}

function classOf(operator: string): CostClass {
  if (operator === 'regex') return 'regex';
  return operator === 'contains' || operator === 'notContains' ? 'search' : 'look-up';
}

/** Whether it is true when every comparison is false. */
function holdsOfNothing(expression: Expression): boolean {
  if ('and' in expression) return expression.and.every(holdsOfNothing);
  if ('or' in expression) return expression.or.some(holdsOfNothing);
  return 'not' in expression && !holdsOfNothing(expression.not);
}
