/** One stream of log bytes, as the pipeline sees it: a file and its successors, or standard input. */

import type { TrackedFile } from '../position.ts';

export interface Source {
  /** The configured active path (`-` for standard input); equals `TrackedFile.source`. */
  readonly key: string;
  /**
   * The file being read; `undefined` while there is none. It changes in `advance()`, and in `read()` when the file
   * was truncated in place: then the bytes just read are the beginning of another file, at offset 0.
   */
  readonly file: TrackedFile | undefined;
  /** Of the next byte to read, in uncompressed bytes. */
  readonly offsetBytes: number;
  /**
   * Reads at `offsetBytes` without moving it: what is not consumed is read again next time.
   * Returns the number of bytes now in `into`; 0 means nothing for now. Never throws: a failed read is counted.
   */
  read(into: Uint8Array): number;
  consume(bytes: number): void;
  /** The last `read()` returned all there was: reading on at once is in vain. May be `false` although it did. */
  readonly atEndForNow: boolean;
  /**
   * The bytes that the last `read()` returned end the file: it was rotated away, replaced or deleted, and no more
   * bytes follow. A piece without a newline at their end is a line.
   */
  readonly atFinalEnd: boolean;
  /** After the final end with everything consumed: goes on to the next file. `false` when there is none yet. */
  advance(): boolean;
}
