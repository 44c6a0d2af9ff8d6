/** One log file as a lineage holds it: plain or compressed, open or waiting closed for its turn. */

import type { TrackedFile } from '../position.ts';
import type { ContainerRecords } from './container-records.ts';
import type { FileFacts, Inode } from './file-facts.ts';

/**
 *     0 ........ offsetBytes ........ sizeBytes
 *       consumed              waiting           (sizeBytes: the most that was seen)
 *
 * All in uncompressed bytes. Offset and identity change only in `read`, `consume` and `startOver`, so that a look in
 * between never pulls the ground from under the reader. Methods throw the system's errors.
 */
export interface HeldFile {
  /** Replaced, never changed, when the file is cut: positions handed out keep the identity they were taken under. */
  readonly tracked: TrackedFile;
  offsetBytes: number;
  readonly sizeBytes: number;
  readonly waitingBytes: number;
  /** Its writer is known to have left it; set from outside. */
  isFinal: boolean;
  /** The last `read` returned all there was. */
  readonly atEndForNow: boolean;
  /** What the last `read` returned reaches the end of a final file. */
  atFinalEnd: boolean;
  /** Cut in place since the last `startOver`. */
  readonly isTruncated: boolean;
  readonly isOpen: boolean;
  readonly inode: Inode;
  /** Why the rest cannot be had, if it is so for good. */
  readonly damage: string | undefined;
  /** For a log written by a container runtime; known once the first line is. */
  readonly records: ContainerRecords | undefined;

  /** Takes note of a size; returns whether anything changed. */
  sawSize(sizeBytes: number): boolean;
  /** Asks the system, not the path. */
  facts(): FileFacts;
  /** Whether there is more than was consumed, although it had ended. */
  hasGrown(): boolean;
  /** Begins at the end, behind the last whole line. */
  skipToEnd(): void;
  read(into: Uint8Array): number;
  /** The bytes at `offsetBytes` that are at hand; nothing changes by it. 0 while it is closed or not decompressed. */
  peek(into: Uint8Array): number;
  consume(bytes: number): void;
  /** After a cut in place: another file by content. */
  startOver(): void;
  /** Opens a closed file again where it was last seen; `gone` when another or none is there. */
  reopen(): 'open' | 'gone';
  close(): void;
}
