/**
 * Rules for the oracle: an expression evaluated on one row, from its leaves up, and the state of a rule that
 * repeats.
 */

import { RE2JS } from 're2js';
import type { Expression, NumericLeaf, StringLeaf } from '../../rules/ast.ts';
import { decodeString } from './reference-json.ts';
import type { Condition, MatchKind } from './types.ts';

/** What rules see of a row: each column's value as JSON text, under the column's final name. */
export type SeenRow = ReadonlyMap<string, string>;

/** The columns that an expression names. */
function columnsIn(expression: Expression): string[] {
  if ('and' in expression) return expression.and.flatMap(columnsIn);
  if ('or' in expression) return expression.or.flatMap(columnsIn);
  if ('not' in expression) return columnsIn(expression.not);
  return 'numeric' in expression ? [expression.numeric.column] : [expression.string.column];
}

/** Whether any column of the expression holds a value; `null` is none, a boolean is one. */
export function isPresent(expression: Expression, row: SeenRow): boolean {
  return columnsIn(expression).some((column) => (row.get(column) ?? 'null') !== 'null');
}

/** ASCII letters only: other alphabets have no one way to fold. */
function foldAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function numericMatches({ column, operator, value: wanted }: NumericLeaf, row: SeenRow): boolean {
  const text = row.get(column);
  if (text === undefined || !/^[-0-9]/.test(text)) return false;
  const value = Number(text);
  switch (operator) {
    case 'equalTo':
      return value === wanted;
    case 'notEqualTo':
      return value !== wanted;
    case 'greaterThan':
      return value > wanted;
    case 'greaterThanEquals':
      return value >= wanted;
    case 'lessThan':
      return value < wanted;
    case 'lessThanEquals':
      return value <= wanted;
  }
}

const compiled = new Map<string, RE2JS>();

function regexMatches(pattern: string, value: string): boolean {
  const regex = compiled.get(pattern) ?? RE2JS.compile(pattern);
  compiled.set(pattern, regex);
  return regex.matcher(value).find();
}

function stringMatches({ column, operator, value: wanted, ignoreCase }: StringLeaf, row: SeenRow): boolean {
  const text = row.get(column);
  if (text === undefined || !text.startsWith('"')) return false;
  const decoded = decodeString(text);
  if (operator === 'regex') return regexMatches(wanted, decoded);
  const left = ignoreCase === true ? foldAscii(decoded) : decoded;
  const right = ignoreCase === true ? foldAscii(wanted) : wanted;
  switch (operator) {
    case 'exact':
      return left === right;
    case 'notExact':
      return left !== right;
    case 'contains':
      return left.includes(right);
    case 'notContains':
      return !left.includes(right);
  }
}

function holds(expression: Expression, row: SeenRow): boolean {
  if ('and' in expression) return expression.and.every((part) => holds(part, row));
  if ('or' in expression) return expression.or.some((part) => holds(part, row));
  if ('not' in expression) return !holds(expression.not, row);
  if ('numeric' in expression) return numericMatches(expression.numeric, row);
  return stringMatches(expression.string, row);
}

/** Whether a rule matches a row: it holds, and the row has at least one of its columns. */
export function matches(expression: Expression, row: SeenRow): boolean {
  return isPresent(expression, row) && holds(expression, row);
}

/** One condition over a whole run: an event without state, or with `repeats` a counted state. */
export class RunningCondition {
  readonly #condition: Condition;
  #count: number;
  #state: 'quiet' | 'firing';

  constructor(condition: Condition) {
    this.#condition = condition;
    this.#count = 0;
    this.#state = 'quiet';
  }

  /** What the next row makes of it, in the order of the log; `undefined`: nothing to report. */
  next(row: SeenRow): MatchKind | undefined {
    const { expression, repeats, report } = this.#condition;
    const matched = matches(expression, row);
    if (report === 'both') {
      if (!isPresent(expression, row)) return undefined;
      return matched ? 'match' : 'non_match';
    }
    if (repeats === undefined) return matched ? 'match' : undefined;
    if (!isPresent(expression, row)) return undefined;
    if (this.#state === 'quiet') {
      if (matched) this.#count++;
      if (this.#count < repeats) return undefined;
      this.#state = 'firing';
      return 'firing';
    }
    if (matched) return undefined;
    this.#state = 'quiet';
    this.#count = 0;
    return 'resolved';
  }
}
