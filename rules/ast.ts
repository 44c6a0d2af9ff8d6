/**
 * The expression tree of Parseable's alert format v1, exactly as its parsed JSON form spells it:
 * what a document may hold instead of text is what the parser returns.
 */

export type NumericOperator =
  | 'equalTo'
  | 'notEqualTo'
  | 'greaterThan'
  | 'greaterThanEquals'
  | 'lessThan'
  | 'lessThanEquals';

export type StringOperator = 'exact' | 'notExact' | 'contains' | 'notContains' | 'regex';

export interface NumericLeaf {
  readonly column: string;
  readonly operator: NumericOperator;
  readonly value: number;
}

export interface StringLeaf {
  readonly column: string;
  readonly operator: StringOperator;
  readonly value: string;
  /** Folds ASCII only; does not apply to regex. */
  readonly ignoreCase?: boolean;
}

export type Expression =
  | { readonly and: readonly Expression[] }
  | { readonly or: readonly Expression[] }
  | { readonly not: Expression }
  | { readonly numeric: NumericLeaf }
  | { readonly string: StringLeaf };
