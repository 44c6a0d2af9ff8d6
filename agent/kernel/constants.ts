/** Bytes that the kernel copies or compares as they are, made once at start. */

import { EVENT_ID_DIGITS } from './event-id.ts';
import * as L from './layout.ts';
import { columnName, escapeName } from './names.ts';
import type { FlattenOptions } from './types.ts';

/** The columns that end every row: the added ones, and the event id, whose digits the kernel writes over. */
export function lastColumns({ addColumns, eventId }: FlattenOptions): FlattenOptions['addColumns'] {
  return eventId ? [...addColumns, [eventId.column, '0'.repeat(EVENT_ID_DIGITS)]] : addColumns;
}

/** The same as the bytes that are copied. */
export function suffixOf(options: FlattenOptions): Buffer {
  return Buffer.from(
    lastColumns(options)
      .map(([name, value]) => `,"${escapeName(columnName(name))}":${JSON.stringify(value)}`)
      .join(''),
  );
}

export interface Pattern {
  readonly text: Buffer;
  readonly isPrefix: boolean;
  readonly flag: number;
}

/** TETRASHIP_DROP_COLUMNS and TETRASHIP_REDACT_COLUMNS. */
export function patternsOf(options: FlattenOptions): Pattern[] {
  const toPattern =
    (flag: number) =>
    (pattern: string): Pattern => {
      const isPrefix = pattern.endsWith('*');
      return { text: Buffer.from(escapeName(isPrefix ? pattern.slice(0, -1) : pattern)), isPrefix, flag };
    };
  return [
    ...options.dropColumns.map(toPattern(L.FLAG_DROP)),
    ...options.redactColumns.map(toPattern(L.FLAG_REDACT)),
  ];
}
