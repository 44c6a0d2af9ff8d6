/**
 * Text to tree: the expression language of composite rules.
 *
 *     expr := or | term            or   := term ws "or" ws expr
 *     term := and | atom           and  := atom ws "and" ws term
 *     atom := column op "string" | column op number | "!(" expr ")" | "(" expr ")"
 *
 * The tree comes in the normal form of `normal.ts`: `a and b and c` is one list of three.
 *
 * One loop and an explicit stack: nesting costs heap, never the call stack.
 */

import { MAX_EXPRESSION_CHARS, MAX_EXPRESSION_DEPTH } from '../agent/limits.ts';
import type { Expression } from './ast.ts';
import { ExpressionError } from './expression-error.ts';
import { normalList } from './normal.ts';
import { numericOperator, stringOperator } from './operators.ts';
import { regexFault } from './regex.ts';

export { ExpressionError, formatError } from './expression-error.ts';

const WHITE = /[ \t\r\n]*/y;
const IDENTIFIER = /[\p{Alphabetic}\p{N}_-]+/uy;
const OPERATOR = /<=|>=|!=|=%|!%|=|<|>|~/y;
/** Wider than the original's unsigned integers: a sign, decimals, and an exponent so that every number prints. */
const NUMBER = /[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const PLAIN = /[^"\\]*/y;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['b', '\b'],
  ['f', '\f'],
]);

/** A subtree with its height, so that the bound on depth costs no second walk. */
interface Part {
  readonly expression: Expression;
  readonly height: number;
  /** Where it begins, for the message when it is too deep. */
  readonly offset: number;
}

/** An open parenthesis (or the whole text, at the bottom). */
interface Frame {
  readonly offset: number;
  readonly negated: boolean;
  /** Finished members of the `or`. */
  readonly either: Part[];
  /** Members of the `and` being read. */
  both: Part[];
}

/**
 * @returns the tree in normal form (see above), at most `MAX_EXPRESSION_DEPTH` high
 * @throws {ExpressionError}
 */
export function parse(text: string): Expression {
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  readonly #stack: Frame[];
  #at: number;

  constructor(text: string) {
    this.#text = text;
    this.#stack = [];
    this.#at = 0;
  }

  parse(): Expression {
    if (this.#text.length > MAX_EXPRESSION_CHARS) {
      throw new ExpressionError(0, `the expression is longer than ${MAX_EXPRESSION_CHARS} characters`);
    }
    let frame: Frame = open(0, false);
    for (;;) {
      this.#white();
      const start = this.#at;
      if (this.#take('!(') || this.#take('(')) {
        this.#stack.push(frame);
        frame = open(start, this.#text.startsWith('!', start));
        continue;
      }
      frame.both.push({ expression: this.#leaf(), height: 1, offset: start });
      for (;;) {
        const end = this.#at;
        this.#white();
        if (this.#at === this.#text.length) {
          if (this.#stack.length > 0) {
            throw new ExpressionError(frame.offset, 'this ( is never closed');
          }
          return close(frame).expression;
        }
        if (!this.#take(')')) {
          this.#connective(frame, end);
          break;
        }
        const outer = this.#stack.pop();
        if (outer === undefined) {
          throw new ExpressionError(this.#at - 1, 'this ) closes nothing');
        }
        outer.both.push(close(frame));
        frame = outer;
      }
    }
  }

  /** After an operand: `and` or `or`, with white space on both sides. */
  #connective(frame: Frame, end: number): void {
    const start = this.#at;
    const word = this.#match(IDENTIFIER);
    if (word !== 'and' && word !== 'or') {
      throw new ExpressionError(
        start,
        `expected "and", "or", ")" or the end${hint(this.#text.slice(start))}`,
      );
    }
    if (start === end) {
      throw new ExpressionError(start, `expected white space before "${word}"`);
    }
    if (this.#match(WHITE) === '') {
      throw new ExpressionError(this.#at, `expected white space after "${word}"`);
    }
    if (word === 'or') {
      frame.either.push(join('and', frame.both));
      frame.both = [];
    }
  }

  #leaf(): Expression {
    const start = this.#at;
    const column = this.#match(IDENTIFIER);
    if (column === '') {
      const what = this.#text.trim() === '' ? 'the expression is empty: ' : '';
      throw new ExpressionError(
        start,
        `${what}expected a column name, "(" or "!("${hint(this.#text.slice(start))}`,
      );
    }
    this.#white();
    const operatorAt = this.#at;
    const symbol = this.#match(OPERATOR);
    if (symbol === '') {
      throw new ExpressionError(
        operatorAt,
        `expected an operator after "${column}": = != > >= < <= =% !% or ~`,
      );
    }
    this.#white();
    const valueAt = this.#at;
    if (this.#text.startsWith('"', valueAt)) {
      return this.#stringLeaf(column, symbol, operatorAt);
    }
    const digits = this.#match(NUMBER);
    if (digits === '') {
      throw new ExpressionError(valueAt, `expected a number or a "quoted" string after "${symbol}"`);
    }
    const operator = numericOperator(symbol);
    if (operator === undefined) {
      throw new ExpressionError(operatorAt, `"${symbol}" compares strings: the value needs double quotes`);
    }
    // `+ 0` turns -0 into 0, which prints as it compares.
    const value = Number(digits) + 0;
    if (!Number.isFinite(value)) {
      throw new ExpressionError(valueAt, 'this number is out of range');
    }
    return { numeric: { column, operator, value } };
  }

  #stringLeaf(column: string, symbol: string, operatorAt: number): Expression {
    const valueAt = this.#at;
    const value = this.#string();
    const operator = stringOperator(symbol);
    if (operator === undefined) {
      throw new ExpressionError(operatorAt, `"${symbol}" compares numbers: the value must not be quoted`);
    }
    if (operator === 'regex') {
      const fault = regexFault(value);
      if (fault !== undefined) throw new ExpressionError(valueAt, fault);
    }
    return { string: { column, operator, value } };
  }

  #string(): string {
    const start = this.#at;
    this.#at += 1;
    let value = '';
    for (;;) {
      value += this.#match(PLAIN);
      if (this.#at >= this.#text.length) {
        throw new ExpressionError(start, 'this string is never closed');
      }
      if (this.#take('"')) return value;
      const escaped = ESCAPES.get(this.#text.charAt(this.#at + 1));
      if (escaped === undefined) {
        throw new ExpressionError(
          this.#at,
          'unknown escape: a string knows \\" \\\\ \\/ \\n \\r \\t \\b \\f (a backslash itself is \\\\)',
        );
      }
      value += escaped;
      this.#at += 2;
    }
  }

  #white(): void {
    this.#match(WHITE);
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  /** Consumes what the sticky pattern matches here; `''` when it does not. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }
}

function open(offset: number, negated: boolean): Frame {
  return { offset, negated, either: [], both: [] };
}

function close(frame: Frame): Part {
  const either = [...frame.either, join('and', frame.both)];
  const inner = join('or', either);
  if (!frame.negated) return { ...inner, offset: frame.offset };
  return bounded({ expression: { not: inner.expression }, height: inner.height + 1, offset: frame.offset });
}

function join(kind: 'and' | 'or', parts: readonly Part[]): Part {
  const [first] = parts;
  if (first === undefined) throw new Error('a list of an expression is never empty');
  if (parts.length === 1) return first;
  let height = 0;
  for (const part of parts) {
    const merged = part === parts.at(-1) && kind in part.expression; // becomes part of this list
    height = Math.max(height, part.height + (merged ? 0 : 1));
  }
  const list = parts.map((part) => part.expression);
  return bounded({ expression: normalList(kind, list), height, offset: first.offset });
}

function bounded(part: Part): Part {
  if (part.height > MAX_EXPRESSION_DEPTH) {
    throw new ExpressionError(part.offset, `this nests more than ${MAX_EXPRESSION_DEPTH} levels deep`);
  }
  return part;
}

/** What the commonest slips look like in other languages. */
function hint(rest: string): string {
  if (/^(?:AND|OR)\b/.test(rest)) return ' ("and" and "or" are written in lower case)';
  if (/^(?:&&|\|\|)/.test(rest)) return ' (write "and" for &&, "or" for ||)';
  if (/^(?:!|not\b)/i.test(rest))
    return ' (a negation is written "!( … )", without white space after the "!")';
  return '';
}
