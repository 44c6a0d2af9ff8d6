/** Which group an event belongs to, and when it happened. */

import { MAX_GROUP_VALUE_BYTES } from '../limits.ts';
import { ColumnReader } from './row.ts';

const TIME_COLUMN = 'time';

export class GroupReader {
  readonly #columns: number;
  readonly #reader: ColumnReader;
  readonly #timeReader: ColumnReader;

  constructor(columns: readonly string[]) {
    this.#columns = columns.length;
    this.#reader = new ColumnReader(columns, MAX_GROUP_VALUE_BYTES);
    this.#timeReader = new ColumnReader([TIME_COLUMN], MAX_GROUP_VALUE_BYTES);
  }

  /** JSON list of the values, `null` for an absent one; `''` without columns. */
  key(row: Uint8Array): string {
    if (this.#columns === 0) return '';
    return JSON.stringify(
      this.#reader.read(row).map((value) => value?.slice(0, MAX_GROUP_VALUE_BYTES) ?? null),
    );
  }

  /** Epoch milliseconds of the event's own time; NaN when it has none. */
  timeMs(row: Uint8Array): number {
    const [time = ''] = this.#timeReader.read(row);
    // Nanoseconds as Tetragon writes them are cut by Date.parse itself.
    return Date.parse(time);
  }
}
