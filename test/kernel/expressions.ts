/** Expressions: short spellings, and arbitrary ones over columns and values that a row is likely to have. */

import fc from 'fast-check';
import type { Condition } from '../../agent/kernel/types.ts';
import type { Expression, NumericOperator, StringOperator } from '../../rules/ast.ts';

export const numeric = (column: string, operator: NumericOperator, value: number): Expression => ({
  numeric: { column, operator, value },
});
export const text = (column: string, operator: StringOperator, value: string): Expression => ({
  string: { column, operator, value },
});
export const folded = (column: string, operator: StringOperator, value: string): Expression => ({
  string: { column, operator, value, ignoreCase: true },
});
export const not = (expression: Expression): Expression => ({ not: expression });
export const and = (...parts: Expression[]): Expression => ({ and: parts });
export const or = (...parts: Expression[]): Expression => ({ or: parts });

/** What leaves are made of; each list holds at least one. */
export interface Vocabulary {
  readonly columns: readonly string[];
  readonly strings: readonly string[];
  readonly numbers: readonly number[];
}

const PATTERNS = [
  ...[
    '',
    'a',
    '^a',
    'a$',
    '^$',
    '.',
    '^.$',
    '(?s)^.$',
    '[b-d]+',
    'a|b',
    '(?i)A',
    '\\d',
    '^[^a]*$',
    '\\bab\\b',
    'a.*b',
  ],
  ...[
    'é',
    '[à-ü]',
    '\\x{1F600}',
    '^\\pL+$',
    '\\x00',
    '"',
    '\\\\',
    '\\n',
    '\\s',
    '^-?[0-9]+$',
    '(a(b)?)+c',
    'a{2,3}',
  ],
];
const NUMERIC_OPERATORS = [
  'equalTo',
  'notEqualTo',
  'greaterThan',
  'greaterThanEquals',
  'lessThan',
  'lessThanEquals',
] as const;
const STRING_OPERATORS = ['exact', 'notExact', 'contains', 'notContains'] as const;

/** Arbitrary before the vocabulary is known: numbers stand for its entries. */
type Draft = (vocabulary: Vocabulary) => Expression;

function pick<T>(list: readonly T[], n: number): T {
  const item = list[n % list.length];
  if (item === undefined) throw new Error('an empty vocabulary');
  return item;
}

const entry = fc.nat({ max: 1_000_000 });

const numericDraft: fc.Arbitrary<Draft> = fc
  .record({
    column: entry,
    operator: fc.constantFrom(...NUMERIC_OPERATORS),
    value: entry,
    shift: fc.constantFrom(0, 0, 0, 1, -1, 0.5),
  })
  .map(
    ({ column, operator, value, shift }) =>
      ({ columns, numbers }) =>
        numeric(pick(columns, column), operator, pick(numbers, value) + shift),
  );

/** A whole string of the vocabulary, a part of one, or one in another case. */
const stringDraft: fc.Arbitrary<Draft> = fc
  .record({
    column: entry,
    operator: fc.constantFrom(...STRING_OPERATORS),
    value: entry,
    from: fc.nat(8),
    to: fc.nat(12),
    upper: fc.boolean(),
    ignoreCase: fc.constantFrom(undefined, false, true),
  })
  .map(({ column, operator, value, from, to, upper, ignoreCase }) => ({ columns, strings }) => {
    const characters = [...pick(strings, value)];
    const part = characters.slice(from % (characters.length + 1)).slice(0, to === 12 ? undefined : to);
    const whole = (from === 0 ? characters : part).join('');
    const leaf = { column: pick(columns, column), operator, value: upper ? whole.toUpperCase() : whole };
    return { string: ignoreCase === undefined ? leaf : { ...leaf, ignoreCase } };
  });

const regexDraft: fc.Arbitrary<Draft> = fc
  .record({ column: entry, pattern: fc.constantFrom(...PATTERNS), ignoreCase: fc.boolean() })
  .map(({ column, pattern, ignoreCase }) => ({ columns }) => ({
    string: { column: pick(columns, column), operator: 'regex', value: pattern, ignoreCase },
  }));

const { draft } = fc.letrec<{ draft: Draft }>((tie) => {
  const parts = fc.array(tie('draft'), { minLength: 1, maxLength: 4 });
  return {
    draft: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 4, arbitrary: stringDraft },
      { weight: 4, arbitrary: numericDraft },
      { weight: 1, arbitrary: regexDraft },
      {
        weight: 2,
        arbitrary: tie('draft').map(
          (inner): Draft =>
            (words) =>
              not(inner(words)),
        ),
      },
      {
        weight: 3,
        arbitrary: parts.map(
          (inner): Draft =>
            (words) =>
              and(...inner.map((part) => part(words))),
        ),
      },
      {
        weight: 3,
        arbitrary: parts.map(
          (inner): Draft =>
            (words) =>
              or(...inner.map((part) => part(words))),
        ),
      },
    ),
  };
});

/** An expression, once the vocabulary is there. */
export const expressionDraft: fc.Arbitrary<Draft> = draft;

/** A condition, once the vocabulary is there: an event, a state with few repeats, or a report on every event. */
export const conditionDraft: fc.Arbitrary<(vocabulary: Vocabulary) => Condition> = fc
  .tuple(
    draft,
    fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }).map((repeats) => ({ repeats })) },
      { weight: 1, arbitrary: fc.constant({ report: 'both' as const }) },
    ),
  )
  .map(([expression, mode]) => (words) => ({ expression: expression(words), ...mode }));
