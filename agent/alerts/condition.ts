/**
 * What the kernel is to evaluate of a rule, and so where the state of a column rule is kept: in the kernel, as long
 * as it is one count for the whole rule; here, as soon as it is one for each group, or counts within a window of
 * time. Then the kernel reports non-matches too.
 */

import type { Rule } from '../../rules/ruleset.ts';
import type { Condition } from '../kernel/types.ts';

export function conditionOf({ name, kind, expression, repeats, groupBy, window }: Rule): Condition {
  if (kind === 'composite') return { name, expression };
  return groupBy.length > 0 || window !== undefined
    ? { name, expression, report: 'both' }
    : { name, expression, repeats };
}
