/** Real events, as they are and damaged in every way that a disk or an attacker may think of. */

import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { agree, withOptions } from './check.ts';
import { flattenOptions, runs } from './documents.ts';
import { realEvents } from './real-events.ts';

const RUNS = 180;
/** Each line of a run can shrink away. */
const LINES_PER_RUN = 45;
/** A run at this size takes a few seconds; a loaded machine may need ten times that. */
const TIMEOUT_MS = 120_000;

const raw = String.raw;
const { lines, isRecorded } = realEvents();

beforeAll(() => {
  if (!isRecorded) process.stdout.write('no recorded logs beside the project: using the samples\n');
});

type Mutation = (line: Buffer) => Buffer;

const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const at = (line: Buffer, where: number): number => Math.floor(where * line.length);
const lineAt = (where: number): Buffer => lines[Math.floor(where * lines.length)] ?? Buffer.alloc(0);

const cutShort = share.map(
  (where): Mutation =>
    (line) =>
      line.subarray(0, at(line, where)),
);

const flipBit = fc.tuple(share, fc.nat(7)).map(
  ([where, bit]): Mutation =>
    (line) => {
      const flipped = Buffer.from(line);
      const place = at(line, where);
      flipped[place] = (flipped[place] ?? 0) ^ (1 << bit);
      return flipped;
    },
);

const splice = fc.tuple(share, share, share).map(
  ([other, where, from]): Mutation =>
    (line) => {
      const tail = lineAt(other);
      return Buffer.concat([line.subarray(0, at(line, where)), tail.subarray(at(tail, from))]);
    },
);

const duplicate = fc.tuple(share, fc.integer({ min: 1, max: 200 }), share).map(
  ([from, size, to]): Mutation =>
    (line) => {
      const range = line.subarray(at(line, from), at(line, from) + size);
      return Buffer.concat([line.subarray(0, at(line, to)), range, line.subarray(at(line, to))]);
    },
);

const remove = fc.tuple(share, fc.integer({ min: 1, max: 20 })).map(
  ([from, size]): Mutation =>
    (line) =>
      Buffer.concat([line.subarray(0, at(line, from)), line.subarray(at(line, from) + size)]),
);

const SCRAPS = [
  ...[
    ' ',
    '\t',
    '\r',
    '\n',
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '0',
    '-',
    '.',
    'e',
    'null',
    '\u0000',
    '\u001f',
  ],
  ...[
    raw`\u0061`,
    raw`\ud83d\ude00`,
    raw`\ud800`,
    raw`\n`,
    raw`\/`,
    raw`\u`,
    'é',
    '😀',
    '\ufeff',
    '"a":1,',
    ',"a":{}',
    '[],',
    '{"a":',
  ],
].map((text) => Buffer.from(text));
const BAD_BYTES = ['ff', '80', 'c3', 'e282', 'f09f98', 'eda080', 'c080'].map((hex) =>
  Buffer.from(hex, 'hex'),
);
const scrap = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...SCRAPS) },
  { weight: 1, arbitrary: fc.constantFrom(...BAD_BYTES) },
);

const insert = fc.tuple(share, scrap).map(
  ([where, text]): Mutation =>
    (line) =>
      Buffer.concat([line.subarray(0, at(line, where)), text, line.subarray(at(line, where))]),
);

/** Behind the n-th byte of structure: where white space is legal, unless that byte stands in a string. */
const insertLegally = fc
  .tuple(fc.nat(400), fc.constantFrom(' ', '\t', '\r ', ' '.repeat(17), '"b":2,', '{},'))
  .map(
    ([nth, text]): Mutation =>
      (line) => {
        const places = [...line.keys()].filter((place) =>
          '{}[],:'.includes(String.fromCharCode(line[place] ?? 0)),
        );
        const place = (places[nth % Math.max(1, places.length)] ?? 0) + 1;
        return Buffer.concat([line.subarray(0, place), Buffer.from(text), line.subarray(place)]);
      },
  );

/** The n-th letter or digit as an escape: the same event when it stands in a string. */
const escapeLetter = fc.nat(2000).map(
  (nth): Mutation =>
    (line) => {
      const places = [...line.keys()].filter((place) =>
        /[a-z0-9_]/.test(String.fromCharCode(line[place] ?? 0)),
      );
      const place = places[nth % Math.max(1, places.length)] ?? 0;
      const escaped = `\\u00${(line[place] ?? 0).toString(16).padStart(2, '0')}`;
      return Buffer.concat([line.subarray(0, place), Buffer.from(escaped), line.subarray(place + 1)]);
    },
);

const mutation = fc.oneof(
  cutShort,
  flipBit,
  flipBit,
  splice,
  duplicate,
  remove,
  insert,
  insertLegally,
  insertLegally,
  escapeLetter,
);

const mutatedLine = fc.tuple(share, fc.array(mutation, { maxLength: 3 })).map(([where, mutations]) => ({
  isMutated: mutations.length > 0,
  bytes: mutations.reduce((line, mutate) => mutate(line), lineAt(where)),
}));

test('real events as they are', { timeout: TIMEOUT_MS }, async () => {
  const bytes = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
  for (const options of [withOptions(), withOptions({ arrays: 'json', maxColumns: 100 })]) {
    const { rows, rejects } = await agree(bytes, options);
    expect({ rows: rows.length, rejects }).toEqual({ rows: lines.length, rejects: [] });
  }
});

test('real events, mutated', { timeout: TIMEOUT_MS }, async () => {
  let mutated = 0;
  const rejected = new Map<string, number>();
  const line = fc.option(mutatedLine, { freq: 40, nil: undefined });
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: LINES_PER_RUN, maxLength: LINES_PER_RUN }),
      flattenOptions,
      async (maybe, options) => {
        const there = maybe.filter((one) => one !== undefined);
        mutated += there.filter(({ isMutated }) => isMutated).length;
        const bytes = Buffer.concat(there.flatMap((one) => [one.bytes, Buffer.from('\n')]));
        const { rejects } = await agree(bytes, { ...options, maxLineBytes: 64 * 1024 });
        for (const { reason } of rejects) rejected.set(reason, (rejected.get(reason) ?? 0) + 1);
      },
    ),
    runs(RUNS),
  );
  expect(mutated).toBeGreaterThan(5000);
  expect(rejected.get('invalid_json')).toBeGreaterThan(500);
  expect(rejected.get('invalid_utf8')).toBeGreaterThan(100);
});
