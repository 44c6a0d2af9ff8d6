/** Why an alert fired, in the words of Parseable's format v1 (its server, version 0.9). */

import type { NumericOperator, StringOperator } from '../../rules/ast.ts';
import { print } from '../../rules/print.ts';
import type { Rule } from '../../rules/ruleset.ts';

/** Behind `<column> column was`. The two spaces of the second are the original's. */
const NUMERIC_WORDS: Readonly<Record<NumericOperator, string>> = {
  equalTo: 'equal to',
  notEqualTo: ' not equal to',
  greaterThan: 'greater than',
  greaterThanEquals: 'greater than or equal to',
  lessThan: 'less than',
  lessThanEquals: 'less than or equal to',
};

/** Behind `<column> column`. */
const STRING_WORDS: Readonly<Record<StringOperator, string>> = {
  exact: 'equal to',
  notExact: 'not equal to',
  contains: 'contains',
  notContains: 'does not contain',
  regex: 'matches regex',
};

/** The same for every event, so made once. */
export function triggerReason(rule: Rule): string {
  const { expression, repeats } = rule;
  if (rule.kind === 'composite') return `matched rule ${print(expression)}`;
  if ('numeric' in expression) {
    const { column, operator, value } = expression.numeric;
    return `${column} column was ${NUMERIC_WORDS[operator]} ${value}, ${repeats} times`;
  }
  if ('string' in expression) {
    const { column, operator, value } = expression.string;
    return `${column} column ${STRING_WORDS[operator]} ${value}, ${repeats} times`;
  }
  throw new Error('a column rule is a single comparison');
}

/** The message of the last call of a state that went on for too long. */
export function closingMessage(times: number): string {
  return `Triggering alert did not resolve itself after ${times} retries, This alert is paused until it resolves`;
}

/** What the targets of a firing hear when its rule goes. */
export const GONE = 'the rule was changed or removed';
