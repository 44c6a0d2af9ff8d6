/** JSON text that was there before is copied instead of read; nothing may show of it. */

import fc from 'fast-check';
import { test } from 'vitest';
import { agree, withOptions } from './check.ts';
import { documentText, flattenOptions, runs } from './documents.ts';

const TIMEOUT_MS = 60_000;
const raw = String.raw;

const linesOf = (...lines: readonly string[]): Buffer =>
  Buffer.from(lines.map((line) => `${line}\n`).join(''));

/** Few texts under one key, so that one follows another in every order, and some begin alike. */
const LISTS = [
  ...[
    '["a"]',
    '["a","b"]',
    '["a", "b"]',
    '["a","b","c"]',
    '[1]',
    '[1,2]',
    '[ 1 ]',
    '[]',
    '[[1]]',
    '[[1],[2]]',
  ],
  ...[
    '["a]"]',
    raw`["\"]"]`,
    raw`["\u0061"]`,
    '["é日😀"]',
    '[{"a":1},2]',
    '{"a":"b"}',
    '{"a":"b","c":"d"}',
    '{}',
  ],
  ...[
    '["a"',
    '["a",]',
    '["\u0001"]',
    '[01]',
    '"text"',
    '7',
    'null',
    `["${'x'.repeat(1490)}"]`,
    `["${'x'.repeat(1600)}"]`,
  ],
  ...[`[${'"",'.repeat(400)}""]`, `${'['.repeat(30)}${']'.repeat(30)}`, `${'['.repeat(62)}${']'.repeat(62)}`],
];

test('texts in turn', { timeout: TIMEOUT_MS }, async () => {
  const places = [
    ['', ''],
    ['[', ']'],
    ['{"k":', '}'],
    ['[{"k":', '}]'],
    ['[{"x":1},{"k":', '}]'],
  ] as const;
  const event = fc
    .tuple(fc.constantFrom(...LISTS), fc.constantFrom(...LISTS), fc.constantFrom(...places))
    .map(([first, second, [open, close]]) => `{"a":${open}{"l":${first},"pod_labels":${second}}${close}}`);
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 10, maxLength: 40 }), async (events) => {
      await agree(linesOf(...events), withOptions());
    }),
    runs(100),
  );
});

test('whole documents again and again', { timeout: TIMEOUT_MS }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(documentText, { minLength: 1, maxLength: 5 }),
      fc.array(fc.nat(4), { minLength: 10, maxLength: 30 }),
      flattenOptions,
      async (documents, order, options) => {
        await agree(linesOf(...order.map((i) => documents[i % documents.length] ?? '')), options);
      },
    ),
    runs(100),
  );
});

test('texts that always differ, and then do not', async () => {
  const changing = Array.from({ length: 300 }, (_, i) => `{"l":["${i}"],"m":["same"]}`);
  await agree(
    linesOf(...changing, ...Array.from({ length: 20 }, () => '{"l":["x"],"m":["same"]}')),
    withOptions(),
  );
});

test('more places than there are memos, and caches that start over', async () => {
  const wide = `{${Array.from({ length: 600 }, (_, i) => `"k${i}":["a",${i}]`).join(',')}}`;
  await agree(linesOf(wide, wide, wide), withOptions());
  await agree(linesOf(wide, wide, wide), withOptions(), { cacheEdges: 50 });
});
