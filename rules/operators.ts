/** The two spellings of every operator: the name that trees hold, the symbol that text holds. */

import type { NumericOperator, StringOperator } from './ast.ts';

export const NUMERIC_SYMBOLS: Readonly<Record<NumericOperator, string>> = {
  equalTo: '=',
  notEqualTo: '!=',
  greaterThan: '>',
  greaterThanEquals: '>=',
  lessThan: '<',
  lessThanEquals: '<=',
};

export const STRING_SYMBOLS: Readonly<Record<StringOperator, string>> = {
  exact: '=',
  notExact: '!=',
  contains: '=%',
  notContains: '!%',
  regex: '~',
};

/** What a leaf without `operator` means. */
export const DEFAULT_NUMERIC_OPERATOR: NumericOperator = 'equalTo';
export const DEFAULT_STRING_OPERATOR: StringOperator = 'contains';

const NUMERIC = spellings<NumericOperator>(
  ['equalTo', 'notEqualTo', 'greaterThan', 'greaterThanEquals', 'lessThan', 'lessThanEquals'],
  NUMERIC_SYMBOLS,
);
const STRING = spellings<StringOperator>(
  ['exact', 'notExact', 'contains', 'notContains', 'regex'],
  STRING_SYMBOLS,
);

/** The operator that compares numbers, from its name or its symbol; `undefined` when there is none. */
export function numericOperator(spelling: string): NumericOperator | undefined {
  return NUMERIC.get(spelling);
}

/** The operator that compares strings, from its name or its symbol; `undefined` when there is none. */
export function stringOperator(spelling: string): StringOperator | undefined {
  return STRING.get(spelling);
}

function spellings<T extends string>(
  names: readonly T[],
  symbols: Readonly<Record<T, string>>,
): Map<string, T> {
  return new Map(names.flatMap((name) => [[name, name] as const, [symbols[name], name] as const]));
}
