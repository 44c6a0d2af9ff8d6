/**
 * Arbitrary documents as text: few keys, so that names collide all the time, and every legal spelling of everything.
 * Arbitrary options that make the rules of flattening meet each other.
 */

import fc from 'fast-check';
import type { FlattenOptions } from '../../agent/kernel/types.ts';
import { withOptions } from './check.ts';

const raw = String.raw;

/** `TETRASHIP_TEST_SEED` repeats a run: fast-check prints the seed of one that fails. */
export function runs(numRuns: number): fc.Parameters<unknown> {
  const seed = process.env['TETRASHIP_TEST_SEED'];
  return seed === undefined ? { numRuns } : { numRuns, seed: Number(seed) };
}

const space = fc.oneof(
  { weight: 12, arbitrary: fc.constant('') },
  { weight: 2, arbitrary: fc.constant(' ') },
  { weight: 1, arbitrary: fc.constantFrom('\t', '\r', '  ', ' \t\r ', ' '.repeat(15), ' '.repeat(33)) },
);

/** Keys as written between their quotes. Joined, indexed and numbered names of some are others. */
const COMMON_KEYS = ['a', 'b', 'x', 'a_b', 'x_a', '1', '1_a', 'a__2'];
const RARE_KEYS = [
  ...['', '_', '@', '@a', '_a', '@x', '0_a', '_2', 'x_1_a', 'a_a', 'a__3', 'x_1_a__2', '2', 'x_x_a', '_0_'],
  ...['p', 'timestamp', 'p_timestamp', 'format', 'p_format', 'p_timestamp__2', 'src_ip', 'user_agent'],
  ...[
    'overflow',
    'overflow__2',
    'pod_labels',
    'ancestors',
    'é',
    '日本',
    '😀',
    'a b',
    '{',
    '}',
    '[',
    ':',
    ',',
    '*',
  ],
  ...[
    raw`\u0061`,
    raw`\u0062`,
    raw`\u00e9`,
    raw`\ud83d\ude00`,
    raw`\uD83D\uDE00`,
    raw`p\u006fd_labels`,
    raw`\u0040a`,
  ],
  ...[
    raw`q\"`,
    raw`\u0022`,
    raw`\\`,
    raw`\u005C`,
    raw`\/`,
    '/',
    raw`\n`,
    raw`\u000A`,
    raw`\u0001`,
    raw`\u001F`,
    '\u007f',
  ],
  ...[
    'process_exec',
    'process_kprobe',
    'k'.repeat(15),
    'k'.repeat(16),
    'k'.repeat(17),
    'k'.repeat(31),
    'l'.repeat(64),
  ],
];
const key = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...COMMON_KEYS) },
  { weight: 2, arbitrary: fc.constantFrom(...RARE_KEYS) },
);

const digits = fc.stringMatching(/^[0-9]{1,3}$/);
const number = fc.oneof(
  fc.constantFrom(
    '0',
    '1',
    '-0',
    '12',
    '-7',
    '1.5',
    '1e2',
    '1E+02',
    '-0.0e-1',
    '1e400',
    '9007199254740993',
    '0.30000000000000004',
  ),
  fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.constantFrom('0', '3', '40', '123456789012345678901'),
      fc.option(digits),
      fc.constantFrom('', 'e', 'E+', 'e-'),
      digits,
    )
    .map(([sign, whole, fraction, exponent, power]) =>
      [sign, whole, fraction === null ? '' : `.${fraction}`, exponent === '' ? '' : exponent + power].join(
        '',
      ),
    ),
);

const piece = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[a-z /.:-]{0,20}$/) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'a',
      'A',
      'b',
      'é',
      'ü',
      '日本',
      '😀',
      '\u007f',
      '\u2028',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      "'",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(raw`\"`, raw`\\`, raw`\/`, raw`\b`, raw`\f`, raw`\n`, raw`\r`, raw`\t`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      raw`\u0061`,
      raw`\u0000`,
      raw`\u001F`,
      raw`\u00e9`,
      raw`\u20AC`,
      raw`\ud83d\ude00`,
      raw`\u0022`,
      raw`\u005c`,
    ),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 70 }).map((length) => 'y'.repeat(length)) },
);
const string = fc.array(piece, { maxLength: 5 }).map((pieces) => `"${pieces.join('')}"`);
const scalar = fc.oneof(
  { weight: 3, arbitrary: number },
  { weight: 3, arbitrary: string },
  { weight: 2, arbitrary: fc.constantFrom('true', 'false', 'null', '""', '"a"', '1') },
);

const spaced = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(space, value, space).map((parts) => parts.join(''));
const listOf = (value: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.array(spaced(value), { maxLength, depthIdentifier: 'json' }), space)
    .map(([values, inner]) => `[${values.length > 0 ? values.join(',') : inner}]`);

const { object } = fc.letrec<{ value: string; object: string; member: string }>((tie) => ({
  member: fc
    .tuple(spaced(key.map((text) => `"${text}"`)), spaced(tie('value')))
    .map(([name, value]) => `${name}:${value}`),
  object: fc
    .tuple(fc.array(tie('member'), { maxLength: 6, depthIdentifier: 'json' }), space)
    .map(([members, inner]) => `{${members.length > 0 ? members.join(',') : inner}}`),
  value: fc.oneof(
    { depthIdentifier: 'json', depthSize: 'medium', withCrossShrink: true },
    { weight: 6, arbitrary: scalar },
    { weight: 3, arbitrary: tie('object') },
    { weight: 4, arbitrary: listOf(tie('object'), 4) },
    { weight: 1, arbitrary: listOf(tie('value'), 4) },
    // Objects first and something else at the end: an array that turns out mixed late.
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.array(tie('object'), { minLength: 1, maxLength: 3 }), tie('value'))
        .map(([objects, last]) => `[${[...objects, last].join(',')}]`),
    },
  ),
}));

/** Around the limit of 64, in objects, in arrays, and in both. */
const deep = fc
  .tuple(
    fc.integer({ min: 58, max: 68 }),
    fc.array(fc.constantFrom('{"a":', '[', '[{"a":1},{"b":'), { minLength: 1, maxLength: 3 }),
    fc.constantFrom('1', '{}', '[]', '"x"', '[{}]'),
  )
  .map(([levels, pattern, inner]) => {
    const opened = Array.from({ length: levels }, (_, i) => pattern[i % pattern.length] ?? '[');
    const closed = opened.toReversed().map((open) => (open === '[' ? ']' : open === '{"a":' ? '}' : '}]'));
    return `{"d":${opened.join('')}${inner}${closed.join('')}}`;
  });

/** Many columns, so that budgets are felt. */
const wide = fc
  .tuple(fc.integer({ min: 10, max: 80 }), fc.constantFrom('a', 'x_', 'é'), scalar)
  .map(
    ([count, prefix, value]) =>
      `{${Array.from({ length: count }, (_, i) => `"${prefix}${i}":${value}`).join(',')}}`,
  );

/** One line without its end: nearly always an event. */
export const documentText: fc.Arbitrary<string> = fc.oneof(
  { weight: 30, arbitrary: spaced(object) },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: wide },
  {
    weight: 1,
    arbitrary: fc.oneof(
      listOf(object, 2),
      scalar,
      fc.constantFrom('', ' ', '{', '{"a":1},', '{"a":"\u0001"}', '{"a":01}'),
    ),
  },
);

export const lineEnd: fc.Arbitrary<string> = fc.oneof(
  { weight: 9, arbitrary: fc.constant('\n') },
  { weight: 1, arbitrary: fc.constantFrom('\r\n', '\r\r\n', ' \n', '\n\n', '\n \r\n') },
);

const NAMES = [
  'a',
  'b',
  'x',
  'a_b',
  'x_a',
  'x_1_a',
  'a__2',
  '_a',
  'é',
  'q"',
  '\n',
  'overflow',
  'p_timestamp__2',
  'x_a_a',
  '😀',
];
const PATTERNS = [...NAMES, 'a*', 'x_*', 'x_1*', 'a__*', 'é*', 'over*', '_*'];
const some = <T>(...values: T[]): fc.Arbitrary<T[]> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant<T[]>([]) },
    { weight: 1, arbitrary: fc.subarray(values, { maxLength: 4 }) },
  );

export const flattenOptions: fc.Arbitrary<FlattenOptions> = fc
  .record({
    arrays: fc.constantFrom('merge' as const, 'merge' as const, 'merge' as const, 'json' as const),
    jsonColumns: some(...NAMES, '@a', 'pod_labels', 'ancestors', 'x_x', '/', '1'),
    maxColumns: fc.oneof(fc.integer({ min: 4, max: 40 }), fc.constant(900)),
    maxLineBytes: fc.oneof(
      { weight: 1, arbitrary: fc.integer({ min: 20, max: 300 }) },
      { weight: 4, arbitrary: fc.constant(64 * 1024) },
    ),
    addColumns: some<readonly [string, string]>(
      ['a', 'z'],
      ['a_b', 'é"\\'],
      ['x_1_a', ''],
      ['_a', '\n'],
      ['a__2', '1'],
      ['overflow', 'o'],
      ['é', 'x'],
    ),
    dropColumns: some(...PATTERNS),
    redactColumns: some(...PATTERNS),
  })
  .map((options) => withOptions(options));

/** What the dataset has before the run. */
export const knownNames: fc.Arbitrary<{ names: readonly string[]; frozen: boolean }> = fc.record({
  names: some(...NAMES, 'p_timestamp', 'y'),
  frozen: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});
