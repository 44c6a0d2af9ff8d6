/** Arbitrary expressions on arbitrary rows: the kernel says what the naive evaluator says, for every pair. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { agree, withOptions } from './check.ts';
import { runs } from './documents.ts';
import { conditionDraft } from './expressions.ts';

const raw = String.raw;
const RUNS = 120;
const TIMEOUT_MS = 120_000;

/** Few columns, so that an expression meets its columns; `none` never stands in a row. */
const COLUMNS = ['a', 'b', 'c', 'd', 'e_f', 'none'];

/** Numbers that are equal as doubles but not as text, neighbours, and the ends of the range. */
const NUMBERS = [
  ...[
    '0',
    '-0',
    '0.0',
    '1',
    '1.0',
    '1e0',
    '10e-1',
    '2',
    '-1',
    '100',
    '1e2',
    '1E+2',
    '0.1e3',
    '100.0',
    '99.99999999999999',
  ],
  ...[
    '0.1',
    '0.2',
    '0.3',
    '0.30000000000000004',
    '0.30000000000000001',
    '0.1000000000000000055511151231257827',
    '1e-1',
  ],
  ...[
    '9007199254740991',
    '9007199254740992',
    '9007199254740993',
    '9007199254740994',
    '-9007199254740993',
    '9.007199254740993e15',
  ],
  ...[
    '4294967295',
    '4294967296',
    '2147483648',
    '18446744073709551615',
    '18446744073709551616',
    '123456789012345678901234567890',
  ],
  ...[
    '1e400',
    '-1e400',
    '1.7976931348623157e308',
    '1.7976931348623159e308',
    '5e-324',
    '2e-324',
    '3e-324',
    '1e-400',
    '-1e-400',
  ],
  ...[
    '123456.789',
    '1.23456789e5',
    '0.000001',
    '1e-6',
    '1e22',
    '1e23',
    '8.41e21',
    '9.5e-3',
    '2.2250738585072011e-308',
    '1234567890123456789',
  ],
  ...[
    '6.35',
    '0.615',
    '1.005',
    '4.35',
    '17976931348623157e292',
    '0.00000000000000000000000000000000000001',
    '100000000000000000000000e-21',
  ],
];
const arbitraryNumber = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...NUMBERS) },
  {
    weight: 1,
    arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  },
  { weight: 1, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => value.toFixed(3)) },
  {
    weight: 1,
    arbitrary: fc.double({ min: 0, max: 1e300, noNaN: true }).map((value) => value.toExponential(17)),
  },
);

/** Strings as a line writes them; several say the same. */
const STRINGS = [
  ...[
    '',
    'a',
    'A',
    'ab',
    'abc',
    'aBc',
    'ABC',
    'xabcx',
    'b',
    '1',
    '100',
    'null',
    'true',
    ' a',
    'a ',
    'aa',
    'aab',
    'abab',
    '@',
    '`',
    '[',
    '{',
  ],
  ...[
    '/usr/bin/wget',
    '/usr/bin/curl',
    raw`\/usr\/bin\/wget`,
    '/USR/BIN/WGET',
    'wget --help',
    'aaaaaaaaaaaaaaaaaaaaaaaab',
  ],
  ...[
    'é',
    raw`\u00e9`,
    'É',
    raw`e\u0301`,
    '日本',
    '😀',
    raw`\ud83d\ude00`,
    raw`\uD83D\uDE00x`,
    'ß',
    'K',
    raw`\u212a`,
    'ſ',
  ],
  ...[
    raw`\u0061`,
    raw`\u0041b`,
    raw`a\u0062c`,
    raw`\"`,
    raw`\\`,
    raw`\\u0061`,
    raw`\n`,
    raw`\u000a`,
    raw`\t`,
    raw`\u0000`,
    raw`\u007f`,
    raw`a\nb`,
  ],
];
const scalar = fc.oneof(
  { weight: 4, arbitrary: arbitraryNumber },
  { weight: 4, arbitrary: fc.constantFrom(...STRINGS).map((value) => `"${value}"`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...STRINGS), fc.constantFrom(...STRINGS))
      .map(([left, right]) => `"${left}${right}"`),
  },
  { weight: 1, arbitrary: fc.constantFrom('true', 'false', 'null') },
  { weight: 1, arbitrary: fc.constantFrom('["a",1]', '[]', '{}', raw`["\u0061"]`, '[ 1 ]') },
);

/** An event over the columns; duplicates happen, and the order is arbitrary. */
const event = fc
  .array(fc.tuple(fc.constantFrom(...COLUMNS.slice(0, -1)), scalar), { maxLength: 6 })
  .map(
    (members) =>
      `{${members.map(([name, value]) => (name === 'e_f' ? `"e":{"f":${value}}` : `"${name}":${value}`)).join(',')}}`,
  );

const VOCABULARY = {
  columns: [...COLUMNS, 'a__2', 'z'],
  strings: STRINGS.map((value) => String(JSON.parse(`"${value}"`))),
  numbers: NUMBERS.map(Number).filter(Number.isFinite),
};

test('expressions on rows', { timeout: TIMEOUT_MS }, async () => {
  let pairs = 0;
  let matched = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 12, maxLength: 16 }),
      fc.array(conditionDraft, { minLength: 10, maxLength: 40 }),
      fc.constantFrom(1, 3, 900),
      async (events, drafts, maxColumns) => {
        const conditions = drafts.map((draft) => draft(VOCABULARY));
        const bytes = Buffer.from(events.map((text) => `${text}\n`).join(''));
        const options = withOptions({
          maxColumns,
          addColumns: [['z', 'aBc']],
          dropColumns: ['c'],
          redactColumns: ['d'],
        });
        const { matches } = await agree(bytes, options, { conditions });
        pairs += events.length * conditions.length;
        matched += matches.length;
      },
    ),
    runs(RUNS),
  );
  expect(pairs).toBeGreaterThan(10_000);
  // Neither always nor never: both answers are compared often.
  expect(matched).toBeGreaterThan(pairs / 20);
  expect(matched).toBeLessThan(pairs * 0.8);
});
