/** What the server makes of a decompressed ingest body: one pure function. */

import { RESERVED_COLUMNS, type Row } from './dataset.ts';
import { parseStrict } from './strict-json.ts';

export type Judgement =
  | { readonly kind: 'accept'; readonly rows: readonly Row[] }
  | { readonly kind: 'refuse'; readonly status: number; readonly message: string }
  /** The server panics, and its process aborts. */
  | { readonly kind: 'crash' };

export function judge(body: Uint8Array): Judgement {
  const parsed = parseStrict(body);
  if (!parsed.ok) return refuse(`Json deserialize error: ${parsed.reason}`);
  const { value } = parsed;
  if (isRow(value)) return accept([value]);
  if (!Array.isArray(value)) return refuse('Expected object in array of objects');
  if (value.length === 0) return { kind: 'crash' };
  const rows: Row[] = [];
  for (const element of value) {
    if (Array.isArray(element) && element.length === 0) return { kind: 'crash' };
    if (!isRow(element)) return refuse('Expected object in array of objects');
    rows.push(element);
  }
  return accept(rows);
}

function accept(rows: readonly Row[]): Judgement {
  for (const row of rows) {
    for (const name of RESERVED_COLUMNS) {
      if (Object.hasOwn(row, name)) return refuse(`field ${name} is a reserved field`);
    }
  }
  return { kind: 'accept', rows };
}

function refuse(message: string): Judgement {
  return { kind: 'refuse', status: 400, message };
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
