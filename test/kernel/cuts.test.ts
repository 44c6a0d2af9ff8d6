/** Wherever the reads cut a stream, the result is the same: no line knows how it arrived. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { referenceRun } from '../../agent/kernel/reference.ts';
import { MiB } from '../../agent/limits.ts';
import { agree, bytesOf, readable, withOptions } from './check.ts';
import { runs } from './documents.ts';
import { numeric, text } from './expressions.ts';
import { kernelRun } from './run-kernel.ts';

const raw = String.raw;
const TIMEOUT_MS = 60_000;
/** Distance of the cuts of one run: above most lines, so that a line is cut once, now and then twice. */
const STRIDE = 61;

/** Line ends of both kinds, blanks, every reject, characters of every length, lines longer than the limit. */
const STREAM = bytesOf(
  [
    '{"a":1}\n',
    '{"a":2}\r\n',
    '\n',
    ' \t\n',
    '\r\n',
    '{"é":"日本😀"}\n',
    '{"é":"日本😀"}\r\n',
    `${raw`{"a":"\u00e9\ud83d\ude00\n"}`}\n`,
    ' { "b" : [ { "c" : 1 } , { "c" : 2 } ] } \r\n',
    `{"long":"${'x'.repeat(100)}"}\n`,
    `{"too":"${'long'.repeat(40)}"}\n`,
    `{"too":"${'long'.repeat(40)}"}\r\n`,
    `${'\r'.repeat(150)}\n`,
    '{"a":3}\n',
    `${raw`{"a":"\xff"}`}\n`,
    `${raw`{"a":"\xe2\x82"}`}\r\n`,
    `${raw`{"a":"\ud800"}`}\n`,
    '{"a":\n',
    '1}\n',
    'x\r\n',
    '[1]\n',
    `${'['.repeat(65)}${']'.repeat(65)}\n`,
    '{"pod_labels":{"app":"x","y":[1,2]}}\n',
    '{"a":"mixed","x":[{"a":1},{"b":2},3]}\n',
    '{"a":4,"a":5,"p_format":6}\n',
    '\r\r\n',
    '{}\n',
    '{"c1":1,"c2":2,"c3":3}\r\n',
    '{"a":true}\n',
    '\ufeff{"a":1}\n',
    '{"a":"end of the file"}',
  ].join(''),
);
const OPTIONS = withOptions({ maxLineBytes: 130, maxColumns: 9, addColumns: [['z', '1']] });
const EXTRA = {
  conditions: [
    { expression: numeric('a', 'greaterThan', 1) },
    { expression: text('é', 'contains', '本😀'), repeats: 2 },
    { expression: { not: numeric('a', 'equalTo', 1) } },
  ],
  filters: { exclude: numeric('a', 'equalTo', 3) },
};

test('the stream has something of everything', () => {
  const result = referenceRun(STREAM, OPTIONS, { ...EXTRA, final: true });
  expect(new Set(result.rejects.map(({ reason }) => reason))).toEqual(
    new Set(['too_long', 'invalid_utf8', 'invalid_json', 'too_deep', 'not_object']),
  );
  expect(result).toMatchObject({ blankLines: 4, filteredEvents: 1, typeChanges: 4 });
  expect(result.rows.length).toBe(14);
  expect(result.matches.length).toBeGreaterThan(5);
});

test.each([{ final: true }, { final: false }])(
  'cut at every byte, $final',
  { timeout: TIMEOUT_MS },
  async ({ final }) => {
    const extra = { ...EXTRA, final };
    const wanted = readable(referenceRun(STREAM, OPTIONS, extra));
    for (let first = 0; first < STRIDE; first++) {
      const cuts: number[] = [];
      for (let cut = first; cut < STREAM.length; cut += STRIDE) cuts.push(cut);
      expect(
        readable(await kernelRun(STREAM, OPTIONS, { ...extra, cuts })),
        `cuts ${cuts.join(' ')}`,
      ).toEqual(wanted);
    }
  },
);

test.each([1, 2, 3, 7, 16, 64])('reads of %i bytes', async (size) => {
  const cuts = Array.from({ length: Math.ceil(STREAM.length / size) }, (_, i) => i * size);
  await agree(STREAM, OPTIONS, { ...EXTRA, cuts, final: true });
});

test('arbitrary cuts', { timeout: TIMEOUT_MS }, async () => {
  const cut = fc.integer({ min: 0, max: STREAM.length });
  await fc.assert(
    fc.asyncProperty(fc.array(cut, { maxLength: 12 }), fc.boolean(), async (cuts, final) => {
      await agree(STREAM, OPTIONS, { ...EXTRA, cuts, final });
    }),
    runs(100),
  );
});

test('a line longer than a read, and one longer than all reads', { timeout: TIMEOUT_MS }, async () => {
  const line = `{"a":"${'y'.repeat(700 * 1024)}"}\n`;
  const tooLong = `${' '.repeat(3 * MiB)}\n`;
  const bytes = Buffer.from(`{"b":1}\n${line}{"c":1}\n${tooLong}${line}${tooLong}{"d":1}`);
  const options = withOptions({ maxLineBytes: MiB });
  for (const cuts of [[], [100, 500_000, 900_000, 1_500_000], [bytes.length - 2]]) {
    const { rows, rejects } = await agree(bytes, options, { cuts, final: true });
    expect({ rows: rows.length, rejects: rejects.length }).toEqual({ rows: 5, rejects: 2 });
  }
});
