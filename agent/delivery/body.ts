/**
 * A batch on its way to the server, and the table that names each of its rows.
 *
 * Raw form: `[row,row,…]`, rows separated by exactly one comma and no white space, so that row `i` is
 * `raw[start(i), ends[i])` with `start(0) = 1` and `start(i) = ends[i - 1] + 1`.
 */

import type { TrackedFile } from '../position.ts';

export type Encoding = 'zstd' | 'gzip' | 'none';

/** From row to (file, offset, length): a row refused an hour later can still be named. */
export interface RowTable {
  /** Exclusive end of each row in the raw body. */
  readonly ends: Uint32Array;
  /** Offset of each row's line in its file, in uncompressed bytes. */
  readonly offsets: Float64Array;
  /** Length of each row's line in bytes, line end included. */
  readonly lengths: Uint32Array;
  /** Spans of rows that come from one file, ascending by `firstRow`; the first span begins at row 0. */
  readonly spans: readonly { readonly firstRow: number; readonly file: TrackedFile }[];
}

export interface Body {
  /** Batches are numbered from 1 in the order they were sealed; the checkpoint is contiguous in it. */
  readonly sequence: number;
  readonly encoding: Encoding;
  /** As sent; owned by this body, never a view of kernel memory. */
  readonly bytes: Uint8Array;
  readonly rawLength: number;
  readonly rowCount: number;
  readonly rows: RowTable;
  readonly sealedAtMs: number;
  /** `time` of the last event, epoch milliseconds; NaN when it had none. */
  readonly lastEventTimeMs: number;
}
