/** Bytes that the kernel copies or compares as they are, made once at start. */

import * as L from './layout.ts';
import { columnName, escapeName } from './names.ts';
import type { FlattenOptions } from './types.ts';

/** The added columns as they end every row. */
export function suffixOf(columns: FlattenOptions['addColumns']): Buffer {
  return Buffer.from(
    columns.map(([name, value]) => `,"${escapeName(columnName(name))}":${JSON.stringify(value)}`).join(''),
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
