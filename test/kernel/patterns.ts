/** Arbitrary regular expressions in RE2's syntax, and texts that they are likely to meet. */

import fc from 'fast-check';
import { buildDfa } from '../../agent/kernel/regex-dfa.ts';
import { loadRegexEngine } from '../../agent/kernel/regex-program.ts';

const raw = String.raw;

const CHARACTERS = ['a', 'b', 'k', 's', 'S', 'K', 'é', 'ß', '日', '😀', '-', '_', ' ', '1'];
const ATOMS = [
  ...CHARACTERS,
  ...[
    '.',
    raw`\d`,
    raw`\w`,
    raw`\W`,
    raw`\s`,
    raw`\S`,
    raw`\pL`,
    raw`\PL`,
    raw`\p{Greek}`,
    raw`[^a]`,
    '[ab]',
  ],
  ...[
    '[a-k]',
    '[^a-z]',
    '[à-ÿ]',
    '[日-本]',
    raw`[^\n]`,
    raw`\n`,
    raw`\x{1F600}`,
    raw`\x{212A}`,
    raw`[\x00-\x7f]`,
  ],
  ...[
    '[[:word:]]',
    raw`[\d\s]`,
    raw`\Qa.b\E`,
    'ab',
    'bab',
    'wget',
    'KS',
    raw`\.`,
    '(?:)',
    raw`[^\x00-\x{10FFFF}]`,
  ],
];
const PLACES = ['^', '$', raw`\A`, raw`\z`, raw`\b`, raw`\B`, '(?m:^)', '(?m:$)'];
const FLAGS = ['(?i)', '(?s)', '(?m)', '(?U)', '(?ims)', '(?i-s)', ''];

const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: fc.constantFrom(...ATOMS) },
    { weight: 2, arbitrary: fc.constantFrom(...PLACES) },
    {
      weight: 5,
      arbitrary: fc.array(tie('pattern'), { minLength: 2, maxLength: 4 }).map((parts) => parts.join('')),
    },
    { weight: 2, arbitrary: fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(?:${a}|${b})`) },
    { weight: 1, arbitrary: tie('pattern').map((inner) => `(${inner})`) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('i', 's', 'm', 'U', 'i-m'), tie('pattern'))
        .map(([flags, inner]) => `(?${flags}:${inner})`),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '*?', '+?', '{2}', '{1,3}', '{0,2}', '{2,}'))
        .map(([inner, times]) => `(?:${inner})${times}`),
    },
  ),
}));

export const arbitraryPattern: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...FLAGS, '', ''), pattern)
  .map((parts) => parts.join(''));

const engine = await loadRegexEngine();

/** One that the kernel takes, whatever else is loaded. */
export const smallPattern: fc.Arbitrary<string> = arbitraryPattern.filter(
  (text) => buildDfa(engine.program(text), { maxStates: 300, steps: 100_000 }) !== undefined,
);

export const arbitraryText: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .array(
        fc.constantFrom(
          ...CHARACTERS,
          '\n',
          'ſ',
          '\u212a',
          'α',
          '\u0000',
          'wget',
          'ab',
          '本',
          '\uffff',
          '\u{10ffff}',
        ),
        { maxLength: 8 },
      )
      .map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
);
