import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutRaw, cutTable, halve, rowOrigin, soleRow } from '../../agent/delivery/bisect.ts';
import type { Body, RowTable } from '../../agent/delivery/body.ts';
import { decode, Encoder } from '../../agent/delivery/encode.ts';
import type { TrackedFile } from '../../agent/position.ts';
import { ACTIVE, rawBody } from './fixtures.ts';

const FILES: readonly TrackedFile[] = [0, 1, 2, 3].map((i) => ({ ...ACTIVE, path: `/var/log/${i}.log` }));

async function bodyOf(encoder: Encoder, rows: readonly string[]): Promise<Body> {
  const { raw, table } = rawBody(rows);
  const bytes = await encoder.encode(raw, 'zstd');
  return {
    ...{ sequence: 1, encoding: 'zstd', bytes, rawLength: raw.length, rowCount: rows.length, rows: table },
    ...{ sealedAtMs: 1, lastEventTimeMs: 2 },
  };
}

/** The rows of a raw body as its table cuts them. */
function rowsOf(raw: Uint8Array, table: RowTable): string[] {
  return Array.from(table.ends, (end, i) =>
    Buffer.from(raw.subarray(i === 0 ? 1 : (table.ends[i - 1] ?? 0) + 1, end)).toString(),
  );
}

test('a cut holds its rows, and its table still names each', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ text: fc.string({ maxLength: 20 }), file: fc.nat(3) }), {
        minLength: 1,
        maxLength: 40,
      }),
      fc.nat(),
      fc.nat(),
      (given, a, b) => {
        const rows = given.map(({ text }) => JSON.stringify({ text }));
        const { raw, table: bare } = rawBody(rows);
        const files = given.map(({ file }) => file).sort((x, y) => x - y);
        const spans = files.flatMap((file, firstRow) =>
          firstRow > 0 && files[firstRow - 1] === file ? [] : [{ firstRow, file: FILES[file] ?? ACTIVE }],
        );
        const table = { ...bare, spans };
        const from = a % rows.length;
        const to = from + 1 + (b % (rows.length - from));

        const cut = cutTable(table, from, to);
        const body = cutRaw(raw, table, from, to);
        expect(Buffer.from(body).toString()).toBe(`[${rows.slice(from, to).join(',')}]`);
        expect(rowsOf(body, cut)).toEqual(rows.slice(from, to));
        expect(cut.spans[0]?.firstRow).toBe(0);
        expect(new Set(cut.spans.map(({ firstRow }) => firstRow)).size).toBe(cut.spans.length);
        for (let i = from; i < to; i++) expect(rowOrigin(cut, i - from)).toEqual(rowOrigin(table, i));
        expect(cut.ends.buffer.byteLength).toBe(4 * (to - from));
      },
    ),
  );
});

test('two halves are the body, and a single row is never cut', async () => {
  const encoder = new Encoder();
  const body = await bodyOf(encoder, ['{"a":1}', '{}', '{"b":"é"}']);
  const [left, right] = await halve(encoder, body, 'gzip');
  const text = async (half: Body) =>
    Buffer.from(await decode(half.bytes, half.encoding, half.rawLength)).toString();
  expect(await text(left)).toBe('[{"a":1}]');
  expect(await text(right)).toBe('[{},{"b":"é"}]');
  expect([left.rowCount, right.rowCount]).toEqual([1, 2]);
  expect(right).toMatchObject({ encoding: 'gzip', sequence: 1, sealedAtMs: 1, lastEventTimeMs: 2 });
  expect(Buffer.from(await soleRow(left)).toString()).toBe('{"a":1}');
  await expect(halve(encoder, left, 'zstd')).rejects.toThrow('cannot cut a body of 1 rows');
  encoder.close();
});
