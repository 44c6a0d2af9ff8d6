/** Short spellings of expressions. */

import type { Expression, NumericOperator, StringOperator } from '../../rules/ast.ts';

export const numeric = (column: string, operator: NumericOperator, value: number): Expression => ({
  numeric: { column, operator, value },
});
export const text = (column: string, operator: StringOperator, value: string): Expression => ({
  string: { column, operator, value },
});
export const folded = (column: string, operator: StringOperator, value: string): Expression => ({
  string: { column, operator, value, ignoreCase: true },
});
export const not = (expression: Expression): Expression => ({ not: expression });
export const and = (...parts: Expression[]): Expression => ({ and: parts });
export const or = (...parts: Expression[]): Expression => ({ or: parts });
