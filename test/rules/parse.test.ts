import { describe, expect, test } from 'vitest';
import { MAX_EXPRESSION_DEPTH } from '../../agent/limits.ts';
import type { Expression, NumericOperator, StringOperator } from '../../rules/ast.ts';
import { ExpressionError, formatError, parse } from '../../rules/parse.ts';

function check(input: string, want: Expression): void {
  expect(parse(input), input).toEqual(want);
}

/** What `formatError` says, without the two lines of context. */
function faultOf(input: string): string {
  return shownFault(input).split('\n')[0] ?? '';
}

function shownFault(input: string): string {
  try {
    parse(input);
  } catch (error) {
    if (error instanceof ExpressionError) return formatError(input, error);
    throw error;
  }
  return 'no fault';
}

const numeric = (column: string, operator: NumericOperator, value: number): Expression => ({
  numeric: { column, operator, value },
});
const string = (column: string, operator: StringOperator, value: string): Expression => ({
  string: { column, operator, value },
});
const a = numeric('a', 'equalTo', 1);
const b = numeric('b', 'equalTo', 2);
const c = numeric('c', 'equalTo', 3);

describe('comparisons', () => {
  test('numeric operators', () => {
    check('a = 5', numeric('a', 'equalTo', 5));
    check('a != 5', numeric('a', 'notEqualTo', 5));
    check('a > 5', numeric('a', 'greaterThan', 5));
    check('a >= 5', numeric('a', 'greaterThanEquals', 5));
    check('a < 5', numeric('a', 'lessThan', 5));
    check('a <= 5', numeric('a', 'lessThanEquals', 5));
  });

  test('string operators', () => {
    check('a = "x"', string('a', 'exact', 'x'));
    check('a != "x"', string('a', 'notExact', 'x'));
    check('a =% "x"', string('a', 'contains', 'x'));
    check('a !% "x"', string('a', 'notContains', 'x'));
    check('a ~ "x.*y$"', string('a', 'regex', 'x.*y$'));
  });

  test('white space around operators is free', () => {
    check('a=5', numeric('a', 'equalTo', 5));
    check('  a\n\t>=\r\n5  ', numeric('a', 'greaterThanEquals', 5));
    check('a=%"x"', string('a', 'contains', 'x'));
  });

  test('numbers', () => {
    check('a=-5', numeric('a', 'equalTo', -5));
    check('a=+5', numeric('a', 'equalTo', 5));
    check('a<-0.25', numeric('a', 'lessThan', -0.25));
    check('a=1e21', numeric('a', 'equalTo', 1e21));
    check('a=1.5E-3', numeric('a', 'equalTo', 0.0015));
    check('a=4294967295', numeric('a', 'equalTo', 4294967295));
    check('a=-0', numeric('a', 'equalTo', 0));
    check('a=007', numeric('a', 'equalTo', 7));
  });

  test('identifiers hold letters, digits, hyphens and underscores', () => {
    check('a-b_C9 = 1', numeric('a-b_C9', 'equalTo', 1));
    check('9 = 1', numeric('9', 'equalTo', 1));
    check('größe_長 = 1', numeric('größe_長', 'equalTo', 1));
    check('and = 1 and or = 2', { and: [numeric('and', 'equalTo', 1), numeric('or', 'equalTo', 2)] });
    check('android = 1', numeric('android', 'equalTo', 1));
  });

  test('escapes', () => {
    check(String.raw`a = "\"\\\/\n\r\t\b\f"`, string('a', 'exact', '"\\/\n\r\t\b\f'));
    check('a = ""', string('a', 'exact', ''));
    check('a = "and (b = 1) or"', string('a', 'exact', 'and (b = 1) or'));
    check('a = "line\nend 🜁"', string('a', 'exact', 'line\nend 🜁'));
    check(String.raw`a ~ "^\\d+$"`, string('a', 'regex', '^\\d+$'));
  });
});

describe('connectives', () => {
  test('and binds tighter than or', () => {
    check('a=1 or b=2 and c=3', { or: [a, { and: [b, c] }] });
    check('a=1 and b=2 or c=3', { or: [{ and: [a, b] }, c] });
    check('(a=1 or b=2) and c=3', { and: [{ or: [a, b] }, c] });
    check('a=1 and (b=2 or c=3)', { and: [a, { or: [b, c] }] });
  });

  test('a run is one list, however its right side is bracketed', () => {
    check('a=1 and b=2 and c=3', { and: [a, b, c] });
    check('a=1 and (b=2 and c=3)', { and: [a, b, c] });
    check('a=1 or b=2 or c=3', { or: [a, b, c] });
    check('(a=1 and b=2) and c=3', { and: [{ and: [a, b] }, c] });
    check('a=1 and (b=2 and c=3) and a=1', { and: [a, { and: [b, c] }, a] });
    check('a=1 or (b=2 or c=3)', { or: [a, b, c] });
  });

  test('parentheses and negation', () => {
    check('(a=1)', a);
    check('( ( a=1 ) )', a);
    check('!(a=1)', { not: a });
    check('!( a=1 )', { not: a });
    check('!(!(a=1))', { not: { not: a } });
    check('a=1 and !(b=2 or c=3)', { and: [a, { not: { or: [b, c] } }] });
    check('key=500 and key="value" or !(key=300)', {
      or: [
        { and: [numeric('key', 'equalTo', 500), string('key', 'exact', 'value')] },
        { not: numeric('key', 'equalTo', 300) },
      ],
    });
  });

  test('any white space will do', () => {
    check('a=1\nand\tb=2\r\nor  c=3', { or: [{ and: [a, b] }, c] });
    check('(a=1) and (b=2)', { and: [a, b] });
  });
});

describe('faults', () => {
  const faults: [string, string][] = [
    ['', 'line 1, column 1: the expression is empty: expected a column name, "(" or "!("'],
    [' \n ', 'line 2, column 2: the expression is empty: expected a column name, "(" or "!("'],
    ['a', 'line 1, column 2: expected an operator after "a": = != > >= < <= =% !% or ~'],
    ['a b', 'line 1, column 3: expected an operator after "a": = != > >= < <= =% !% or ~'],
    ['a =', 'line 1, column 4: expected a number or a "quoted" string after "="'],
    ['a == 1', 'line 1, column 4: expected a number or a "quoted" string after "="'],
    ["a = 'x'", 'line 1, column 5: expected a number or a "quoted" string after "="'],
    ['a = .5', 'line 1, column 5: expected a number or a "quoted" string after "="'],
    ['a = 5.', 'line 1, column 6: expected "and", "or", ")" or the end'],
    ['a = 1e999', 'line 1, column 5: this number is out of range'],
    ['a > "x"', 'line 1, column 3: ">" compares numbers: the value must not be quoted'],
    ['a =% 5', 'line 1, column 3: "=%" compares strings: the value needs double quotes'],
    ['a = "x', 'line 1, column 5: this string is never closed'],
    ['a = "x\\', 'line 1, column 7: unknown escape'],
    ['a = "\\d"', 'line 1, column 6: unknown escape'],
    ['(a = 1', 'line 1, column 1: this ( is never closed'],
    ['a = 1 and !(b = 1 or (c = 2)', 'line 1, column 11: this ( is never closed'],
    ['a = 1)', 'line 1, column 6: this ) closes nothing'],
    ['()', 'line 1, column 2: expected a column name, "(" or "!("'],
    ['! (a = 1)', 'line 1, column 1: expected a column name, "(" or "!(" (a negation is written "!( … )"'],
    ['not (a = 1)', 'line 1, column 5: expected an operator after "not"'],
    ['a = 1 b = 2', 'line 1, column 7: expected "and", "or", ")" or the end'],
    ['a = 1 AND b = 2', 'line 1, column 7: expected "and", "or", ")" or the end ("and" and "or" are'],
    ['a = 1 && b = 2', 'line 1, column 7: expected "and", "or", ")" or the end (write "and" for &&'],
    ['a = 1 andb = 2', 'line 1, column 7: expected "and", "or", ")" or the end'],
    ['a = 1and b = 2', 'line 1, column 6: expected white space before "and"'],
    ['(a = 1)or b = 2', 'line 1, column 8: expected white space before "or"'],
    ['a = 1 and(b = 2)', 'line 1, column 10: expected white space after "and"'],
    ['a = 1 and', 'line 1, column 10: expected white space after "and"'],
    ['a = 1 or ', 'line 1, column 10: expected a column name'],
    ['a = 1\n and b 5', 'line 2, column 8: expected an operator after "b"'],
    ['a = "🜁" and b', 'line 1, column 14: expected an operator after "b"'],
    ['a = 1 and b ~ "(x"', 'line 1, column 15: bad regular expression: missing closing ): `(x`'],
    ['a ~ "(?=x)"', 'line 1, column 5: bad regular expression: invalid or unsupported Perl syntax: `(?=`'],
    ['a ~ "(a{1000}){1000}"', 'line 1, column 5: bad regular expression: invalid repeat count'],
    ['a.b = 1', 'line 1, column 2: expected an operator after "a"'],
  ];
  test.each(faults)('%j', (input, want) => {
    expect(faultOf(input)).toContain(want);
  });

  test('a caret stands under the fault', () => {
    expect(shownFault('a = 1\nor b == 2')).toBe(
      'line 2, column 7: expected a number or a "quoted" string after "="\n  or b == 2\n        ^',
    );
  });

  test('long lines are cut, and control characters are not passed on', () => {
    const shown = shownFault(`${'a = 1 and '.repeat(200)}b \u001b[31m ${'x'.repeat(500)}`);
    expect(shown).not.toContain('\u001b');
    const [, text = '', caret = ''] = shown.split('\n');
    expect(text.length).toBeLessThan(130);
    expect(text.charAt(caret.length - 1)).toBe(' ');
    expect(text.slice(caret.length)).toContain('[31m');
  });
});

describe('hostile texts', () => {
  const deep = (depth: number): string => `${'!('.repeat(depth)}a = 1${')'.repeat(depth)}`;

  test('nesting up to the limit', () => {
    let want: Expression = a;
    for (let level = 1; level < MAX_EXPRESSION_DEPTH; level++) want = { not: want };
    check(deep(MAX_EXPRESSION_DEPTH - 1), want);
  });

  test.each([MAX_EXPRESSION_DEPTH, 1_000, 20_000])('%d levels are too many', (depth) => {
    expect(faultOf(deep(depth))).toContain('this nests more than 256 levels deep');
  });

  test('parentheses alone are no level', () => {
    check(`${'('.repeat(30_000)}a=1${')'.repeat(30_000)}`, a);
    check(`${'(a=1 and '.repeat(5_000)}a=1${')'.repeat(5_000)}`, { and: new Array(5_001).fill(a) });
  });

  test('long runs', () => {
    check(new Array(7_000).fill('a=1').join(' or '), { or: new Array(7_000).fill(a) });
  });

  test('too long', () => {
    expect(faultOf(`a = "${'x'.repeat(1_000_000)}"`)).toContain('longer than 65536 characters');
    expect(faultOf(`a ~ "${'x'.repeat(5_000)}"`)).toContain('longer than 4096 characters');
  });

  test('unclosed everything', () => {
    expect(faultOf('('.repeat(60_000))).toContain('expected a column name');
    expect(faultOf(`a ~ "${'('.repeat(4_000)}"`)).toContain('bad regular expression');
  });
});
