import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matches } from '../../agent/kernel/reference-match.ts';
import type { Expression } from '../../rules/ast.ts';
import { parse } from '../../rules/parse.ts';
import { print } from '../../rules/print.ts';
import { canBeTrue, deadParts, isAlwaysTrue } from '../../rules/satisfy.ts';

describe('what can never be true', () => {
  test.each([
    'a = 1 and a = 2',
    'a > 5 and a < 5',
    'a >= 5 and a <= 5 and a != 5',
    'a > 5 and a <= 5',
    'a = 1 and a = "1"',
    'a = "x" and a = "y"',
    'a = "x" and a =% "y"',
    'a = "/bin/sh" and a !% "bin"',
    'a = "x" and !(a ~ "^x$")',
    'a =% "curl" and a !% "url"',
    'a !% ""',
    'a ~ "x" and !(a ~ "x")',
    'a = 1 and !(a = 1)',
    'b = 1 and (a = 1 or a = 2) and a > 2',
    'process_exec_process_uid = 0 and process_exit_process_uid = 0',
    'process_kprobe_args_int_arg = 0 and (process_exec_x = "a" or process_exit_x = "b")',
  ])('%s', (text) => expect(canBeTrue(parse(text))).toBe(false));

  test('with letters folded', () => {
    const leaf = (operator: 'exact' | 'notContains', value: string, ignoreCase = true): Expression => ({
      string: { column: 'a', operator, value, ignoreCase },
    });
    expect(canBeTrue({ and: [leaf('exact', 'ABC'), leaf('notContains', 'b')] })).toBe(false);
    expect(canBeTrue({ and: [leaf('exact', 'ABC'), leaf('notContains', 'b', false)] })).toBe(true);
  });
});

describe('what can', () => {
  test.each([
    'a = 1',
    'a = 1 or a = 2',
    'a >= 5 and a <= 5',
    'a > 5 and a < 6',
    'a = "x" and b = "y"',
    'a =% "x" and a =% "y"',
    'a =% "x" and a !% "xy"',
    'a ~ "x" and !(a ~ "y")',
    '!(a = "x" or a != "x") and b = 1', // a is absent
    'process_exec_process_uid = 0 and !(process_exit_process_uid = 0)',
    'process_exec_a = 1 and node_name = "n" and time =% "2026"',
  ])('%s', (text) => expect(canBeTrue(parse(text))).toBe(true));
});

test.each([
  ['a = "x" or a != "x"', true],
  ['a > 5 or a <= 5', true],
  ['a =% ""', true],
  ['!(a = 1 and a = 2)', true],
  ['a = 1 or b != 1', false],
  ['!(a = 1)', false],
  ['a ~ "x"', false],
])('always true where its columns are: %s: %s', (text, want) => expect(isAlwaysTrue(parse(text))).toBe(want));

test('the parts that are dead, the largest of them', () => {
  const dead = deadParts(parse('(a = 1 and a = 2) or (b = 1 and !(c = "x" and c = "y")) or d = 1'));
  expect(dead.map(print)).toEqual(['(a = 1 and a = 2)', '(c = "x" and c = "y")']);
});

test('too large to say', () => {
  const pairs = Array.from({ length: 30 }, (_, i) => `(c${i} = 1 or c${i} = 2)`).join(' and ');
  expect(canBeTrue(parse(`${pairs} and a = 1 and a = 2`))).toBe(true);
  const many = Array.from({ length: 2000 }, (_, i) => `a !% "${i}x"`).join(' and ');
  expect(canBeTrue(parse(many))).toBe(true);
});

test('"never" and "always" are certain: random trees against random rows', () => {
  const text = fc.constantFrom('', 'a', 'ab', 'B', 'b');
  const number = fc.integer({ min: 0, max: 3 });
  const column = fc.constantFrom('x', 'y');
  const leaf: fc.Arbitrary<Expression> = fc.oneof(
    fc.record({
      string: fc.record({
        column,
        operator: fc.constantFrom('exact', 'notExact', 'contains', 'notContains', 'regex'),
        value: text,
        ignoreCase: fc.boolean(),
      }),
    }),
    fc.record({
      numeric: fc.record({
        column,
        operator: fc.constantFrom(
          'equalTo',
          'notEqualTo',
          'greaterThan',
          'greaterThanEquals',
          'lessThan',
          'lessThanEquals',
        ),
        value: number,
      }),
    }),
  );
  const { tree } = fc.letrec<{ tree: Expression }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.record({ and: fc.array(tie('tree'), { minLength: 2, maxLength: 4 }) }),
      fc.record({ or: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }) }),
      fc.record({ not: tie('tree') }),
    ),
  }));
  const value = fc.option(
    fc.oneof(
      text.map((t) => JSON.stringify(t)),
      number.map(String),
      fc.constant('true'),
    ),
  );
  let certain = 0;
  fc.assert(
    fc.property(
      tree,
      fc.array(fc.tuple(value, value), { minLength: 8, maxLength: 8 }),
      (expression, rows) => {
        if (canBeTrue(expression)) return true;
        certain++;
        return rows.every(
          ([x, y]) =>
            !matches(
              expression,
              new Map([
                ['x', x ?? 'null'],
                ['y', y ?? 'null'],
              ]),
            ),
        );
      },
    ),
    { numRuns: 3000 },
  );
  expect(certain).toBeGreaterThan(50);
});
