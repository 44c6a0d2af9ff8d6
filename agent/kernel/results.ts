/** What the host hands out of the module's memory. */

import type { MatchKind, RejectReason } from './types.ts';

/** A sealed body in kernel memory, and where its rows come from. */
export interface SealedSlot {
  /** `[row,row]`; a view, valid until the slot is opened again. */
  readonly raw: Uint8Array;
  readonly rowCount: number;
  readonly ends: Uint32Array;
  readonly offsets: Float64Array;
  readonly lengths: Uint32Array;
  /** Makes a zstd frame of it while the view is valid; undefined: it must be compressed by other means. */
  readonly zstd: () => Uint8Array | undefined;
}

export interface KernelReject {
  readonly reason: RejectReason;
  /** Start in the input buffer; with `fileOffset` the place in the file. */
  readonly start: number;
  /** With and without the line end. */
  readonly length: number;
  readonly lineLength: number;
}

export interface KernelMatch {
  readonly condition: number;
  readonly kind: MatchKind;
  readonly start: number;
  readonly length: number;
  /** The row as it is shipped; a view, valid until the next call. */
  readonly row: Uint8Array;
}
