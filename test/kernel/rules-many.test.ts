/**
 * Hundreds of rules on the same columns, so that every way of finding them together is taken: tables, groups and
 * hashes of literals, lists of thresholds, states that fire. The kernel says what the naive evaluator says.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Condition } from '../../agent/kernel/types.ts';
import type { Expression } from '../../rules/ast.ts';
import { agree, withOptions } from './check.ts';
import { runs } from './documents.ts';
import { and, folded, not, numeric, or, text } from './expressions.ts';
import { smallPattern } from './patterns.ts';

const RUNS = 12;
const COLUMNS = ['a', 'b'];

/** Words of few letters: parts of each other, in two cases, across the sixteen bytes of a vector. */
const word = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .array(fc.constantFrom('a', 'b', 'A', 'B', '/', 'é'), { minLength: 1, maxLength: 5 })
      .map((w) => w.join('')),
  },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.constantFrom('ab', 'BA', 'xyz'), { minLength: 4, maxLength: 30 })
      .map((w) => w.join('')),
  },
  { weight: 1, arbitrary: fc.constantFrom('', 'a', 'é', '/usr/bin/wget', '/usr/bin/', 'wget') },
);
const number = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.integer({ min: -20, max: 20 }).map((n) => n / 2),
);
const column = fc.constantFrom(...COLUMNS);

const leaf: fc.Arbitrary<Expression> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(column, fc.constantFrom('exact', 'contains', 'contains', 'notExact', 'notContains'), word)
      .map(([c, op, w]) => text(c, op, w)),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(column, fc.constantFrom('exact', 'contains', 'notExact', 'notContains'), word)
      .map(([c, op, w]) => folded(c, op, w)),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        column,
        fc.constantFrom(
          'equalTo',
          'notEqualTo',
          'greaterThan',
          'greaterThanEquals',
          'lessThan',
          'lessThanEquals',
        ),
        number,
      )
      .map(([c, op, n]) => numeric(c, op, n)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(column, smallPattern).map(([c, pattern]) => text(c, 'regex', pattern)),
  },
);
const condition: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 6, arbitrary: leaf.map((expression) => ({ expression })) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(leaf, fc.integer({ min: 1, max: 3 }))
      .map(([expression, repeats]) => ({ expression, repeats })),
  },
  { weight: 1, arbitrary: leaf.map((expression) => ({ expression, report: 'both' as const })) },
  { weight: 2, arbitrary: fc.tuple(leaf, leaf, leaf).map(([x, y, z]) => ({ expression: and(x, or(y, z)) })) },
  { weight: 1, arbitrary: fc.tuple(leaf, leaf).map(([x, y]) => ({ expression: and(x, not(y)) })) },
  { weight: 1, arbitrary: fc.tuple(leaf, leaf).map(([x, y]) => ({ expression: not(and(x, y)) })) },
);
const value = fc.oneof(
  { weight: 5, arbitrary: fc.array(word, { maxLength: 6 }).map((words) => JSON.stringify(words.join(''))) },
  { weight: 3, arbitrary: number.map(String) },
  { weight: 1, arbitrary: fc.constantFrom('null', 'true', '["ab",{"a":1}]', '"\\u0061b\\n"', '[]') },
);
const line = fc
  .tuple(fc.option(value), fc.option(value))
  .map((values) => `{${values.flatMap((v, i) => (v === null ? [] : [`"${COLUMNS[i]}":${v}`])).join(',')}}\n`);

test('hundreds of rules on two columns', { timeout: 120_000 }, async () => {
  let pairs = 0;
  let matched = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 10, maxLength: 30 }),
      fc
        .integer({ min: 1, max: 500 })
        .chain((count) => fc.array(condition, { minLength: count, maxLength: count })),
      fc.option(leaf, { nil: undefined }),
      fc.option(leaf, { nil: undefined }),
      async (lines, conditions, include, exclude) => {
        const filters = { ...(include && { include }), ...(exclude && { exclude }) };
        const { matches } = await agree(Buffer.from(lines.join('')), withOptions(), { conditions, filters });
        pairs += lines.length * conditions.length;
        matched += matches.length;
      },
    ),
    runs(RUNS),
  );
  expect(pairs).toBeGreaterThan(20_000);
  expect(matched).toBeGreaterThan(pairs / 50);
});

/** Enough for the search by hash; letters of three, so that windows collide and values hold many of them. */
const literal = fc
  .array(fc.constantFrom('a', 'b', 'B', 'c', 'é'), { minLength: 2, maxLength: 7 })
  .map((letters) => letters.join(''));

test('hundreds of parts of texts on one column', { timeout: 60_000 }, async () => {
  let matched = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(literal, fc.boolean()), { minLength: 120, maxLength: 300 }),
      fc.array(fc.array(literal, { maxLength: 8 }), { minLength: 5, maxLength: 15 }),
      async (wanted, values) => {
        const conditions = wanted.map(([part, fold]) => ({
          expression: fold ? folded('a', 'contains', part) : text('a', 'contains', part),
        }));
        // Twice: what was found in a value is remembered.
        const lines = [...values, ...values].map((parts) => `{"a":"${parts.join('')}"}\n`);
        const { matches } = await agree(Buffer.from(lines.join('')), withOptions(), { conditions });
        matched += matches.length;
      },
    ),
    runs(20),
  );
  expect(matched).toBeGreaterThan(1000);
});
