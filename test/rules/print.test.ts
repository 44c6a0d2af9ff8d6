import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Expression, NumericOperator, StringOperator } from '../../rules/ast.ts';
import { heightOf, normalise } from '../../rules/normal.ts';
import { NUMERIC_SYMBOLS, STRING_SYMBOLS } from '../../rules/operators.ts';
import { parse } from '../../rules/parse.ts';
import { print } from '../../rules/print.ts';

const RUNS = 3_000;

function check(input: string, want: string): void {
  expect(print(parse(input)), input).toBe(want);
}

test('canonical text', () => {
  check('a=5', 'a = 5');
  check('(a =% "/usr/bin/wget")', 'a =% "/usr/bin/wget"');
  check('a=1 and b=2', '(a = 1 and b = 2)');
  check('a=1 or b=2', '(a = 1 or b = 2)');
  check('!( a=1 )', '!(a = 1)');
  check('!(a=1 and b=2)', '!((a = 1 and b = 2))');
  check('a=1 and b=2 and c=3', '(a = 1 and (b = 2 and c = 3))');
  check('a=1 or b=2 and c=3', '(a = 1 or (b = 2 and c = 3))');
  check(String.raw`a = "\"\\\/\n\r\t\b\f"`, String.raw`a = "\"\\/\n\r\t\b\f"`);
  check('a<-0.5', 'a < -0.5');
  check('a=1e300', 'a = 1e+300');
});

test('normal form', () => {
  const leaf = (value: number): Expression => ({ numeric: { column: 'a', operator: 'equalTo', value } });
  expect(normalise({ and: [leaf(1)] })).toEqual(leaf(1));
  expect(normalise({ and: [leaf(1), { and: [leaf(2), { and: [leaf(3), leaf(4)] }] }] })).toEqual({
    and: [leaf(1), leaf(2), leaf(3), leaf(4)],
  });
  expect(normalise({ or: [{ or: [leaf(1), leaf(2)] }, leaf(3)] })).toEqual({
    or: [{ or: [leaf(1), leaf(2)] }, leaf(3)],
  });
  expect(normalise({ not: { or: [{ or: [leaf(1)] }] } })).toEqual({ not: leaf(1) });
  expect(heightOf({ not: { and: [leaf(1), { not: leaf(2) }] } })).toBe(4);
});

function keys<T extends string>(table: Readonly<Record<T, string>>): fc.Arbitrary<T>[] {
  const names: T[] = [];
  for (const name in table) names.push(name);
  return names.map((name) => fc.constant(name));
}

const column = fc.oneof(
  fc.constantFrom('and', 'or', 'a', 'process_exec_process_binary', '5', '-', '_', 'not', 'é-長'),
  fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/),
);
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.stringMatching(/^["\\/ ()!=~%\n\r\t\f]{0,8}$/),
  fc.constantFrom('\b', '\u0000\u001f', ' and ', '" or a = "'),
);
const finite = fc
  .oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(1e21, 5e-324))
  .map((value) => value + 0);
const pattern = fc.constantFrom('^a+$', '\\d"\\\\', '(x|y)*', '');
const leaf: fc.Arbitrary<Expression> = fc.oneof(
  fc
    .record({ column, operator: fc.oneof(...keys<NumericOperator>(NUMERIC_SYMBOLS)), value: finite })
    .map((numeric) => ({ numeric })),
  fc
    .record({
      column,
      operator: fc.oneof(...keys<StringOperator>(STRING_SYMBOLS)),
      value: text,
      regex: pattern,
    })
    .map(({ column, operator, value, regex }) => ({
      string: { column, operator, value: operator === 'regex' ? regex : value },
    })),
);
const tree = fc.letrec<{ tree: Expression }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6, depthSize: 'small' },
    leaf,
    fc.array(tie('tree'), { minLength: 1, maxLength: 5 }).map((and) => ({ and })),
    fc.array(tie('tree'), { minLength: 1, maxLength: 5 }).map((or) => ({ or })),
    tie('tree').map((not) => ({ not })),
  ),
})).tree;

/** Truth of a tree when each leaf's truth is looked up by its text: what normalising must not change. */
function truth(expression: Expression, facts: (leaf: string) => boolean): boolean {
  if ('and' in expression) return expression.and.every((member) => truth(member, facts));
  if ('or' in expression) return expression.or.some((member) => truth(member, facts));
  if ('not' in expression) return !truth(expression.not, facts);
  return facts(print(expression));
}

describe('random trees', () => {
  test('parse(print(x)) is x in normal form', () => {
    fc.assert(
      fc.property(tree, (any) => {
        const normal = normalise(any);
        expect(parse(print(normal))).toEqual(normal);
        expect(print(parse(print(any)))).toBe(print(normal));
      }),
      { numRuns: RUNS },
    );
  });

  test('the normal form keeps the meaning, and is its own normal form', () => {
    fc.assert(
      fc.property(tree, fc.integer(), (any, seed) => {
        const facts = (leaf: string): boolean => ((leaf.length * 31 + leaf.charCodeAt(0)) ^ seed) % 3 === 0;
        const normal = normalise(any);
        expect(truth(normal, facts)).toBe(truth(any, facts));
        expect(normalise(normal)).toEqual(normal);
      }),
      { numRuns: RUNS },
    );
  });
});
