/**
 * Cutting a body by its row table, until a single event stands alone. One poison event among n costs about
 * 2·log2(n) requests more, k of them at most k times that.
 *
 * A piece is a body like any other: encoded, with its own table, and never without a row.
 */

import { TetrashipError } from '../errors.ts';
import type { TrackedFile } from '../position.ts';
import type { Body, Encoding, RowTable } from './body.ts';
import { decode, type Encoder } from './encode.ts';

const OPEN = 0x5b;
const CLOSE = 0x5d;

/** First byte of row `index` in the raw body; see body.ts. */
function rowStart(table: RowTable, index: number): number {
  return index === 0 ? 1 : (table.ends[index - 1] ?? 0) + 1;
}

/** Where a row came from, for the dead letters. */
export interface RowOrigin {
  readonly file: TrackedFile | undefined;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export function rowOrigin(table: RowTable, index: number): RowOrigin {
  let file: TrackedFile | undefined;
  for (const span of table.spans) {
    if (span.firstRow > index) break;
    file = span.file;
  }
  return { file, offsetBytes: table.offsets[index] ?? 0, lengthBytes: table.lengths[index] ?? 0 };
}

/** The table of the rows `[from, to)`, as it stands in a body that holds only them. */
export function cutTable(table: RowTable, from: number, to: number): RowTable {
  const shift = rowStart(table, from) - 1;
  const ends = table.ends.slice(from, to);
  for (let i = 0; i < ends.length; i++) ends[i] = (ends[i] ?? 0) - shift;
  const spans: { firstRow: number; file: TrackedFile }[] = [];
  for (const { firstRow, file } of table.spans) {
    if (firstRow >= to) break;
    // Of the spans that begin at or before the first row, the last one is its file.
    if (firstRow <= from) spans.length = 0;
    spans.push({ firstRow: Math.max(0, firstRow - from), file });
  }
  return { ends, offsets: table.offsets.slice(from, to), lengths: table.lengths.slice(from, to), spans };
}

/** The raw body of the rows `[from, to)`. */
export function cutRaw(raw: Uint8Array, table: RowTable, from: number, to: number): Uint8Array {
  const start = rowStart(table, from);
  const end = table.ends[to - 1] ?? start;
  const cut = new Uint8Array(end - start + 2);
  cut[0] = OPEN;
  cut.set(raw.subarray(start, end), 1);
  cut[cut.length - 1] = CLOSE;
  return cut;
}

/**
 * A body's two halves, encoded as it was or in `encoding`.
 * @throws {TetrashipError} for a body of one row (a bug), or one that cannot be decoded
 */
export async function halve(
  encoder: Encoder,
  body: Body,
  encoding: Encoding,
): Promise<readonly [Body, Body]> {
  if (body.rowCount < 2) {
    throw new TetrashipError('DELIVERY', `cannot cut a body of ${body.rowCount} rows in two`);
  }
  const raw = await decode(body.bytes, body.encoding, body.rawLength);
  const middle = body.rowCount >> 1;
  const piece = async (from: number, to: number): Promise<Body> => {
    const cut = cutRaw(raw, body.rows, from, to);
    return {
      ...body,
      encoding,
      bytes: await encoder.encode(cut, encoding),
      rawLength: cut.length,
      rowCount: to - from,
      rows: cutTable(body.rows, from, to),
    };
  };
  return [await piece(0, middle), await piece(middle, body.rowCount)];
}

/** The row of a body that holds one. */
export async function soleRow(body: Body): Promise<Uint8Array> {
  const raw = await decode(body.bytes, body.encoding, body.rawLength);
  return raw.subarray(1, body.rows.ends[0] ?? raw.length - 1);
}
