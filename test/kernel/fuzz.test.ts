/** Arbitrary documents, options, rules and filters: the kernel gives what the reference gives, byte for byte. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { referenceRun } from '../../agent/kernel/reference.ts';
import type { FlattenOptions } from '../../agent/kernel/types.ts';
import { agree, withOptions } from './check.ts';
import { documentText, flattenOptions, knownNames, lineEnd, runs } from './documents.ts';
import { conditionDraft, expressionDraft, type Vocabulary } from './expressions.ts';

const RUNS = 200;
/** A run at this size takes a few seconds; a loaded machine may need ten times that. */
const TIMEOUT_MS = 120_000;

/** The columns and values that a stream's rows have, as often as they have them, and some that they may not have. */
function vocabularyOf(bytes: Uint8Array, options: FlattenOptions): Vocabulary {
  const columns = ['overflow', 'overflow__2', 'none'];
  const strings = ['', 'a'];
  const numbers = [0, 1];
  const { arrays, jsonColumns, addColumns } = options;
  // Without dropped or hidden columns: rules see the true values.
  const everything = withOptions({ arrays, jsonColumns, addColumns });
  for (const { bytes: row } of referenceRun(bytes, everything, { final: true }).rows) {
    const parsed: Record<string, unknown> = JSON.parse(Buffer.from(row).toString());
    for (const [name, value] of Object.entries(parsed)) {
      columns.push(name);
      if (typeof value === 'string') strings.push(value);
      if (typeof value === 'number') numbers.push(value);
    }
  }
  return { columns, strings, numbers };
}

/** Each line can shrink away. */
const stream = fc
  .array(fc.option(fc.tuple(documentText, lineEnd), { freq: 40, nil: undefined }), {
    minLength: 28,
    maxLength: 40,
  })
  .map((lines) => {
    const there = lines.filter((line) => line !== undefined);
    return { count: there.length, bytes: Buffer.from(there.flat().join('')) };
  });

/** Cuts as parts of the whole, so that they shrink with it. */
const cutShares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 });

test('documents', { timeout: TIMEOUT_MS }, async () => {
  let documents = 0;
  let events = 0;
  await fc.assert(
    fc.asyncProperty(
      stream,
      flattenOptions,
      knownNames,
      cutShares,
      fc.boolean(),
      async (lines, options, known, shares, final) => {
        documents += lines.count;
        const cuts = shares.map((share) => Math.floor(share * lines.bytes.length));
        const { rows } = await agree(lines.bytes, options, { ...known, cuts, final });
        events += rows.length;
      },
    ),
    runs(RUNS),
  );
  expect(documents).toBeGreaterThan(5000);
  expect(events).toBeGreaterThan(documents / 2);
});

test('documents with rules and filters', { timeout: TIMEOUT_MS }, async () => {
  let matches = 0;
  let filtered = 0;
  const filter = fc.option(expressionDraft, { freq: 3, nil: undefined });
  await fc.assert(
    fc.asyncProperty(
      stream,
      flattenOptions,
      fc.array(conditionDraft, { minLength: 4, maxLength: 16 }),
      filter,
      filter,
      async ({ bytes }, options, drafts, include, exclude) => {
        const vocabulary = vocabularyOf(bytes, options);
        const result = await agree(bytes, options, {
          conditions: drafts.map((draft) => draft(vocabulary)),
          filters: {
            ...(include === undefined ? {} : { include: include(vocabulary) }),
            ...(exclude === undefined ? {} : { exclude: exclude(vocabulary) }),
          },
          final: true,
        });
        matches += result.matches.length;
        filtered += result.filteredEvents;
      },
    ),
    runs(RUNS),
  );
  expect(matches).toBeGreaterThan(500);
  expect(filtered).toBeGreaterThan(100);
});
