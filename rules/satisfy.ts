/**
 * Whether an expression can be true at all: what can be seen from its comparisons, column by column. The answer
 * errs on one side: "no" is certain, "yes" may be wrong.
 *
 * The expression is spread into alternatives, each a list of comparisons that must hold or must not hold together;
 * one is possible when, for every column, a single value could meet all that is asked of it.
 */

import { RE2JS } from 're2js';
import type { Expression, NumericLeaf, NumericOperator, StringLeaf } from './ast.ts';
import { eventOf } from './columns.ts';

/** Beyond, nothing is said: `and` of `or`s multiplies. */
const MAX_ALTERNATIVES = 256;

/** Comparisons of one column that are held against each other, every one with every other. */
const MAX_COMPARED = 256;

/** What is asked of a column's value. */
interface Asked {
  readonly numeric: { readonly leaf: NumericLeaf; readonly holds: boolean }[];
  readonly string: { readonly leaf: StringLeaf; readonly holds: boolean }[];
}

type Alternative = readonly { readonly leaf: NumericLeaf | StringLeaf; readonly holds: boolean }[];

/**
 * False when no event can make it true.
 * @param present only events that have all of its columns, each of the type it is compared with
 */
export function canBeTrue(expression: Expression, present = false): boolean {
  const alternatives = spread(expression, true);
  return alternatives?.some((alternative) => isPossible(alternative, present)) ?? true;
}

/** Whether it is true of every event that has all of its columns. */
export function isAlwaysTrue(expression: Expression): boolean {
  return !canBeTrue({ not: expression }, true);
}

/** The largest parts that can never be true. */
export function deadParts(expression: Expression): Expression[] {
  if (!canBeTrue(expression)) return [expression];
  if ('and' in expression) return expression.and.flatMap(deadParts);
  if ('or' in expression) return expression.or.flatMap(deadParts);
  return 'not' in expression ? deadParts(expression.not) : [];
}

/** `undefined` when there are too many. */
function spread(expression: Expression, holds: boolean): Alternative[] | undefined {
  if ('not' in expression) return spread(expression.not, !holds);
  if ('and' in expression) return (holds ? together : either)(expression.and, holds);
  if ('or' in expression) return (holds ? either : together)(expression.or, holds);
  return [[{ leaf: 'numeric' in expression ? expression.numeric : expression.string, holds }]];
}

function either(members: readonly Expression[], holds: boolean): Alternative[] | undefined {
  const all: Alternative[] = [];
  for (const member of members) {
    const some = spread(member, holds);
    if (some === undefined || all.length + some.length > MAX_ALTERNATIVES) return undefined;
    all.push(...some);
  }
  return all;
}

function together(members: readonly Expression[], holds: boolean): Alternative[] | undefined {
  let all: Alternative[] = [[]];
  for (const member of members) {
    const some = spread(member, holds);
    if (some === undefined || all.length * some.length > MAX_ALTERNATIVES) return undefined;
    all = all.flatMap((before) => some.map((more) => [...before, ...more]));
  }
  return all;
}

function isPossible(alternative: Alternative, present: boolean): boolean {
  const columns = new Map<string, Asked>();
  for (const { leaf, holds } of alternative) {
    const asked = columns.get(leaf.column) ?? { numeric: [], string: [] };
    columns.set(leaf.column, asked);
    if (isNumeric(leaf)) asked.numeric.push({ leaf, holds });
    else asked.string.push({ leaf, holds });
  }
  const events = new Set(
    alternative.flatMap(({ leaf, holds }) => (holds ? (eventOf(leaf.column) ?? []) : [])),
  );
  if (events.size > 1) return false; // no event is of two kinds
  return [...columns.values()].every((asked) => valueExists(asked, present));
}

function isNumeric(leaf: NumericLeaf | StringLeaf): leaf is NumericLeaf {
  return typeof leaf.value === 'number';
}

function valueExists({ numeric, string }: Asked, present: boolean): boolean {
  const number = numeric.some(({ holds }) => holds);
  const text = string.some(({ holds }) => holds);
  if (number && text) return false;
  if (number) return numberExists(numeric);
  if (text) return textExists(string);
  // Only comparisons that must not hold: a column that is absent, or of another type, meets them all.
  if (!present || (numeric.length > 0 && string.length > 0)) return true;
  return numeric.length > 0 ? numberExists(numeric) : textExists(string);
}

const OPPOSITE: Readonly<Record<NumericOperator, NumericOperator>> = {
  equalTo: 'notEqualTo',
  notEqualTo: 'equalTo',
  greaterThan: 'lessThanEquals',
  greaterThanEquals: 'lessThan',
  lessThan: 'greaterThanEquals',
  lessThanEquals: 'greaterThan',
};

/** Whether a number meets them all: the interval that is left, without the points that are taken out. */
function numberExists(asked: Asked['numeric']): boolean {
  let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  let [openLow, openHigh] = [false, false];
  const excluded = new Set<number>();
  const above = (value: number, open: boolean): void => {
    if (value > low) [low, openLow] = [value, open];
    else if (value === low) openLow ||= open;
  };
  const below = (value: number, open: boolean): void => {
    if (value < high) [high, openHigh] = [value, open];
    else if (value === high) openHigh ||= open;
  };
  for (const { leaf, holds } of asked) {
    const operator = holds ? leaf.operator : OPPOSITE[leaf.operator];
    if (operator === 'notEqualTo') excluded.add(leaf.value);
    if (operator === 'equalTo' || operator === 'greaterThanEquals') above(leaf.value, false);
    if (operator === 'equalTo' || operator === 'lessThanEquals') below(leaf.value, false);
    if (operator === 'greaterThan') above(leaf.value, true);
    if (operator === 'lessThan') below(leaf.value, true);
  }
  return low < high || (low === high && !openLow && !openHigh && !excluded.has(low));
}

/** Whether a text may meet them all. */
function textExists(asked: Asked['string']): boolean {
  const exact = asked.find(({ leaf, holds }) => isExact(leaf, holds) && leaf.ignoreCase !== true);
  if (exact !== undefined)
    return asked.every(({ leaf, holds }) => isTrueOf(leaf, exact.leaf.value) === holds);
  const folded = asked.filter(({ leaf }) => leaf.ignoreCase === true && leaf.operator !== 'regex');
  const like = folded.find(({ leaf, holds }) => isExact(leaf, holds));
  if (like !== undefined && !folded.every(({ leaf, holds }) => isTrueOf(leaf, like.leaf.value) === holds))
    return false;
  if (asked.length > MAX_COMPARED) return true;
  return !asked.some((one) => asked.some((other) => excludes(one, other)));
}

function isExact(leaf: StringLeaf, holds: boolean): boolean {
  return leaf.operator === (holds ? 'exact' : 'notExact');
}

type AskedText = Asked['string'][number];

/** Whether no text meets both: what must contain this cannot be without that; a pattern both holds and does not. */
function excludes(one: AskedText, other: AskedText): boolean {
  const without = other.leaf.operator === (other.holds ? 'notContains' : 'contains');
  if (without && other.leaf.value === '') return true;
  const needs = one.leaf.operator === (one.holds ? 'contains' : 'notContains');
  if (needs && without) {
    if (one.leaf.ignoreCase === true && other.leaf.ignoreCase !== true) return false; // in other letters, perhaps
    const fold = other.leaf.ignoreCase === true;
    return folding(one.leaf.value, fold).includes(folding(other.leaf.value, fold));
  }
  const patterns = one.leaf.operator === 'regex' && other.leaf.operator === 'regex';
  return patterns && one.leaf.value === other.leaf.value && one.holds !== other.holds;
}

function isTrueOf({ operator, value: wanted, ignoreCase }: StringLeaf, text: string): boolean {
  if (operator === 'regex') return RE2JS.compile(wanted).matcher(text).find();
  const fold = ignoreCase === true;
  const [left, right] = [folding(text, fold), folding(wanted, fold)];
  if (operator === 'exact' || operator === 'notExact') return (left === right) === (operator === 'exact');
  return left.includes(right) === (operator === 'contains');
}

/** ASCII only, as rules compare. */
function folding(text: string, fold: boolean): string {
  return fold ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : text;
}
