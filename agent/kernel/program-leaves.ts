/**
 * Expressions taken apart: equal leaves become one predicate, and each condition names the predicates that can make
 * it true, its _triggers_. Of an `and` one member is enough, so the rarest is taken, and the others are only decided
 * when it holds; of an `or` it is all of them; a `not` can hold while nothing does, so it needs a look whenever one
 * of its columns is there.
 */

import type { Expression, NumericOperator, StringOperator } from '../../rules/ast.ts';
import * as P from './layout-program.ts';

const NUMERIC: Readonly<Record<NumericOperator, number>> = {
  equalTo: P.OP_EQUAL,
  notEqualTo: P.OP_NOT_EQUAL,
  greaterThan: P.OP_GREATER,
  greaterThanEquals: P.OP_GREATER_EQUAL,
  lessThan: P.OP_LESS,
  lessThanEquals: P.OP_LESS_EQUAL,
};

const STRING: Readonly<Record<StringOperator, number>> = {
  exact: P.OP_EXACT,
  notExact: P.OP_NOT_EXACT,
  contains: P.OP_CONTAINS,
  notContains: P.OP_NOT_CONTAINS,
  regex: P.OP_REGEX,
};

export interface Predicate {
  readonly column: Column;
  readonly op: number;
  readonly fold: boolean;
  /** Of a regex its pattern. */
  readonly text: string;
  readonly number: number;
  /** Conditions that it triggers: it is looked for in every value of its column. */
  readonly triggers: Set<number>;
  /** Conditions that ask for it. */
  readonly users: number[];
  /** Its place in the program. */
  place: number;
}

export interface Column {
  readonly name: string;
  readonly predicates: Predicate[];
  /** Conditions to look at whenever the column is there. */
  readonly always: Set<number>;
  place: number;
}

/** How often a predicate is true, roughly: the rarest member of an `and` is its trigger. */
const RARE = 1;
const CONTAINED = 3;
const RANGE = 50;
const USUAL = 100;

/** Such a predicate is true of most values: not looked for, but decided whenever the column is there. */
const isUsual = ({ op, text }: Predicate): boolean =>
  op === P.OP_NOT_EXACT ||
  op === P.OP_NOT_CONTAINS ||
  op === P.OP_NOT_EQUAL ||
  (text === '' && (op === P.OP_CONTAINS || op === P.OP_REGEX));

function weight(predicate: Predicate): number {
  if (isUsual(predicate)) return USUAL;
  if (predicate.op === P.OP_EXACT || predicate.op === P.OP_EQUAL) return RARE;
  return predicate.op < P.OP_EQUAL ? CONTAINED : RANGE;
}

type Node =
  | { readonly and: readonly Node[] }
  | { readonly or: readonly Node[] }
  | { readonly not: Node }
  | Predicate;

export class Leaves {
  readonly columns: Map<string, Column>;
  readonly predicates: Map<string, Predicate>;

  constructor() {
    this.columns = new Map();
    this.predicates = new Map();
  }

  column(name: string): Column {
    const known = this.columns.get(name);
    if (known) return known;
    const column: Column = { name, predicates: [], always: new Set(), place: 0 };
    this.columns.set(name, column);
    return column;
  }

  /**
   * The expression with its leaves replaced, its triggers registered.
   * @param everyValue the condition is to be looked at whenever one of its columns is there, also in vain
   */
  take(expression: Expression, condition: number, everyValue: boolean): Node {
    const used = new Set<Predicate>();
    const node = this.#node(expression, used);
    for (const predicate of used) predicate.users.push(condition);
    const triggers = everyValue ? undefined : triggersOf(node, false);
    if (triggers === undefined) {
      for (const { column } of used) column.always.add(condition);
      return node;
    }
    for (const predicate of triggers) {
      if (isUsual(predicate)) predicate.column.always.add(condition);
      else predicate.triggers.add(condition);
    }
    return node;
  }

  #node(expression: Expression, used: Set<Predicate>): Node {
    if ('and' in expression) return { and: expression.and.map((part) => this.#node(part, used)) };
    if ('or' in expression) return { or: expression.or.map((part) => this.#node(part, used)) };
    if ('not' in expression) return { not: this.#node(expression.not, used) };
    const predicate = this.#predicate(expression);
    used.add(predicate);
    return predicate;
  }

  #predicate(leaf: Extract<Expression, { numeric: unknown } | { string: unknown }>): Predicate {
    const { column, op, fold, text, number } = describe(leaf);
    const key = JSON.stringify([column, op, fold, text, number]);
    const known = this.predicates.get(key);
    if (known) return known;
    const predicate: Predicate = {
      column: this.column(column),
      op,
      fold,
      text,
      number,
      triggers: new Set(),
      users: [],
      place: 0,
    };
    predicate.column.predicates.push(predicate);
    this.predicates.set(key, predicate);
    return predicate;
  }
}

export type { Node };

function describe(leaf: Extract<Expression, { numeric: unknown } | { string: unknown }>): {
  column: string;
  op: number;
  fold: boolean;
  text: string;
  number: number;
} {
  if ('numeric' in leaf) {
    const { column, operator, value } = leaf.numeric;
    return { column, op: NUMERIC[operator], fold: false, text: '', number: value + 0 };
  }
  const { column, operator, value, ignoreCase } = leaf.string;
  const fold = ignoreCase === true && operator !== 'regex';
  return { column, op: STRING[operator], fold, text: fold ? lowerAscii(value) : value, number: 0 };
}

/** Predicates of which one is true whenever the node is (or, negated, is not); `undefined`: there need be none. */
function triggersOf(node: Node, negated: boolean): Set<Predicate> | undefined {
  if ('not' in node) return triggersOf(node.not, !negated);
  if ('op' in node) return negated ? undefined : new Set([node]);
  const isChoice = 'or' in node ? !negated : negated;
  const members = ('or' in node ? node.or : node.and).map((member) => triggersOf(member, negated));
  if (isChoice) {
    const all = new Set<Predicate>();
    for (const member of members) {
      if (member === undefined) return undefined;
      for (const predicate of member) all.add(predicate);
    }
    return all;
  }
  let best: Set<Predicate> | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const member of members) {
    if (member === undefined) continue;
    const sum = [...member].reduce((total, predicate) => total + weight(predicate), 0);
    if (sum < least) [best, least] = [member, sum];
  }
  return best;
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
