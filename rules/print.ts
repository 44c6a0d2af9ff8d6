/**
 * Tree to text, the way Parseable prints it in trigger reasons: `(a and b)`, `(a or b)`, `!(x)`, `col = 5`,
 * `col =% "v"`. A list of three prints as the grammar nests it, `(a and (b and c))`.
 *
 * `parse(print(x))` is `x` for a tree in normal form. Two things have no text and are lost: `ignoreCase`, and
 * column names with other characters than the language allows (both come from the JSON form only).
 */

import type { Expression } from './ast.ts';
import { NUMERIC_SYMBOLS, STRING_SYMBOLS } from './operators.ts';

const ESCAPED = /["\\\n\r\t\b\f]/g;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\b', '\\b'],
  ['\f', '\\f'],
]);

/** Canonical text of a tree at most `MAX_EXPRESSION_DEPTH` high. */
export function print(expression: Expression): string {
  if ('and' in expression) return list(expression.and, ' and ');
  if ('or' in expression) return list(expression.or, ' or ');
  if ('not' in expression) return `!(${print(expression.not)})`;
  if ('numeric' in expression) {
    const { column, operator, value } = expression.numeric;
    return `${column} ${NUMERIC_SYMBOLS[operator]} ${value}`;
  }
  const { column, operator, value } = expression.string;
  const escaped = value.replace(ESCAPED, (character) => ESCAPES.get(character) ?? character);
  return `${column} ${STRING_SYMBOLS[operator]} "${escaped}"`;
}

function list(members: readonly Expression[], word: string): string {
  const opened = members.slice(0, -1).map((member) => `(${print(member)}${word}`);
  return `${opened.join('')}${members.slice(-1).map(print).join('')}${')'.repeat(opened.length)}`;
}
