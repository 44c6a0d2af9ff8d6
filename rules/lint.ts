/** What is odd about a rule that is valid: it would be taken, and probably not do what was meant. */

import type { Expression, NumericLeaf, StringLeaf } from './ast.ts';
import { nearestColumn, typeOfColumn } from './columns.ts';
import { print } from './print.ts';
import type { Rule } from './ruleset.ts';
import { deadParts, isAlwaysTrue } from './satisfy.ts';

/** Enough to recognise a part by. */
const SHOWN_CHARS = 120;
const PLACEHOLDER = /\{([^{}]+)\}/g;
/** What no column is called: other braces in a message are text. */
const NO_NAME = /[\s":,]/;

/**
 * A part or a column is named once, however often it stands there.
 * @param added columns that settings add to every event
 * @param suggest whether to look for what was probably meant, which takes milliseconds a column
 */
export function lint(rule: Rule, added: ReadonlySet<string>, suggest: boolean): string[] {
  const { expression } = rule;
  const leaves = leavesOf(expression);
  const unknown = new Set<string>();
  const warnings: string[] = [];
  const meet = (column: string, where: string): void => {
    if (unknown.has(column) || added.has(column) || typeOfColumn(column) !== undefined) return;
    unknown.add(column);
    const near = suggest ? nearestColumn(column) : undefined;
    warnings.push(
      `no Tetragon event has the column ${column}${where}${near === undefined ? '' : `; did you mean ${near}?`}`,
    );
  };
  for (const { column } of leaves) meet(column, '');
  for (const column of rule.groupBy) meet(column, ', which "groupBy" names');
  for (const column of placeholdersOf(rule.message)) meet(column, ', which the message names');
  for (const leaf of leaves) if (!added.has(leaf.column)) warnings.push(...typeWarning(leaf));
  for (const part of deadParts(expression)) {
    const what = part === expression ? 'the rule can never be true' : 'a part of it can never be true';
    warnings.push(`${what}: ${shown(part)}`);
  }
  if (isAlwaysTrue(expression)) {
    const columns = [...new Set(leaves.map(({ column }) => column))];
    warnings.push(`the rule is true of every event that has ${columns.join(' and ')}`);
  }
  return [...new Set(warnings)];
}

/** The columns that an expression compares, each once, in order. */
export function columnsOf(expression: Expression): string[] {
  return [...new Set(leavesOf(expression).map(({ column }) => column))];
}

export function leavesOf(expression: Expression): (NumericLeaf | StringLeaf)[] {
  if ('and' in expression) return expression.and.flatMap(leavesOf);
  if ('or' in expression) return expression.or.flatMap(leavesOf);
  if ('not' in expression) return leavesOf(expression.not);
  return ['numeric' in expression ? expression.numeric : expression.string];
}

function placeholdersOf(message: string): string[] {
  return [...message.matchAll(PLACEHOLDER)]
    .map(([, name = '']) => name)
    .filter((name) => !NO_NAME.test(name));
}

const HOLDS = {
  string: 'holds text: compare it with a "quoted" value',
  number: 'holds numbers: compare it with a number, without quotes',
  boolean: 'holds true or false, which no comparison matches',
} as const;

function typeWarning(leaf: NumericLeaf | StringLeaf): string[] {
  const type = typeOfColumn(leaf.column);
  if (type === undefined || type === 'any' || type === typeof leaf.value) return [];
  const part: Expression = isNumeric(leaf) ? { numeric: leaf } : { string: leaf };
  return [`${shown(part)} is never true: ${leaf.column} ${HOLDS[type]}`];
}

function isNumeric(leaf: NumericLeaf | StringLeaf): leaf is NumericLeaf {
  return typeof leaf.value === 'number';
}

function shown(part: Expression): string {
  const text = print(part);
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}
