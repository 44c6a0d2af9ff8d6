/**
 * The normal form of expression trees.
 *
 * The grammar leans right: `a and b and c` is `a and (b and c)`. Trees keep such a run as one flat list, so that
 * a thousand alternatives are one level deep. In normal form every list has two or more members and its last
 * member is not a list of the same kind; a first or middle member may be (`(a and b) and c` stays as it is).
 * Trees in normal form and the trees of the grammar are one to one: `parse(print(x))` is `x`.
 */

import type { Expression } from './ast.ts';

/** An `and` or `or` in normal form of members in normal form. One member is itself; `members` is never empty. */
export function normalList(kind: 'and' | 'or', members: readonly Expression[]): Expression {
  const last = members.at(-1);
  if (last === undefined) throw new Error('a list of an expression is never empty');
  if (members.length === 1) return last;
  if (kind === 'and') {
    return { and: 'and' in last ? [...members.slice(0, -1), ...last.and] : members };
  }
  return { or: 'or' in last ? [...members.slice(0, -1), ...last.or] : members };
}

/** Any tree in normal form; it must not nest deeper than the call stack allows (documents are checked before). */
export function normalise(expression: Expression): Expression {
  if ('and' in expression) return normalList('and', expression.and.map(normalise));
  if ('or' in expression) return normalList('or', expression.or.map(normalise));
  if ('not' in expression) return { not: normalise(expression.not) };
  return expression;
}

/** Levels of a tree; a leaf is one. */
export function heightOf(expression: Expression): number {
  if ('and' in expression) return 1 + tallest(expression.and);
  if ('or' in expression) return 1 + tallest(expression.or);
  if ('not' in expression) return 1 + heightOf(expression.not);
  return 1;
}

function tallest(members: readonly Expression[]): number {
  return members.reduce((height, member) => Math.max(height, heightOf(member)), 0);
}
