/**
 * The files of one lineage that are not read to their end, oldest first, held by their descriptors.
 *
 *     [first  open … open  closed … closed  newest]
 *
 * Bounded: beyond the limits a file waits closed, and is opened again when those before it are done. If it is
 * deleted until then, it is lost, and counted. A deleted file that is held keeps its disk space: hence the second limit.
 * The first is open whenever it can be, one too many perhaps. The newest is always open, so that it is closed only
 * under its last name and with its first line known: by these it, or its compressed copy, is found again.
 */

import { HELD_DELETED_LIMIT_BYTES, HELD_FILES_LIMIT } from '../limits.ts';
import type { TrackedFile } from '../position.ts';
import { type IntakeContext, KEEP_MORE } from './context.ts';
import { type Inode, isSameInode } from './file-facts.ts';
import type { HeldFile } from './held-file.ts';

export interface HeldLimits {
  readonly files: number;
  readonly deletedBytes: number;
}

export const HELD_LIMITS: HeldLimits = { files: HELD_FILES_LIMIT, deletedBytes: HELD_DELETED_LIMIT_BYTES };

export class HeldFiles {
  /** Files ever pushed. */
  taken: number;
  readonly #files: HeldFile[];
  readonly #context: IntakeContext;
  readonly #limits: HeldLimits;

  constructor(context: IntakeContext, limits: HeldLimits) {
    this.taken = 0;
    this.#files = [];
    this.#context = context;
    this.#limits = limits;
  }

  get first(): HeldFile | undefined {
    return this.#files[0];
  }

  get last(): HeldFile | undefined {
    return this.#files.at(-1);
  }

  get count(): number {
    return this.#files.length;
  }

  get waitingBytes(): number {
    let sum = 0;
    for (const file of this.#files) sum += file.waitingBytes;
    return sum;
  }

  [Symbol.iterator](): Iterator<HeldFile> {
    return this.#files.values();
  }

  /**
   * An inode is proof only while a descriptor keeps it from being used again: of one that waits closed, the name must
   * be the same too.
   */
  find(inode: Inode, path?: string): HeldFile | undefined {
    return this.#files.find(
      (file) => isSameInode(file.inode, inode) && (file.isOpen || file.tracked.path === path),
    );
  }

  /** The held file of this first line and length: the plain form of a compressed copy. */
  plainOf(firstLineHash: string, sizeBytes: number): TrackedFile | undefined {
    const plain = this.#files.find((file) => {
      // What came since the last look may have brought the first newline.
      if (file.isOpen)
        this.#context.attempt('look', file.tracked.path, () => file.sawSize(file.facts().sizeBytes));
      // One that waits closed may have grown unseen.
      const isLength = file.isOpen ? file.sizeBytes === sizeBytes : file.sizeBytes <= sizeBytes;
      return isLength && file.tracked.identity.firstLineHash === firstLineHash;
    });
    return plain?.tracked;
  }

  /** Takes over an open file; the one before it gets no more bytes. */
  push(file: HeldFile): void {
    const last = this.last;
    if (last !== undefined) last.isFinal = true;
    this.taken++;
    this.#files.push(file);
    this.#context.stats.openFiles++;
    this.#context.stats.filesTaken++;
    if (last === undefined || last === this.first || this.#hasRoom()) return;
    this.#close(last);
    this.#context.stats.heldLimitHits++;
    this.#context.once.say(
      'error',
      `held ${file.tracked.source}`,
      `cannot hold more unread files of ${file.tracked.source}: the limit is reached; later ones wait closed, and one that is deleted before its turn is a loss; ${KEEP_MORE}`,
    );
  }

  /** The open files, one too many perhaps, are within the limits. */
  #hasRoom(): boolean {
    let open = 0;
    let deletedBytes = 0;
    for (const file of this.#files) {
      if (!file.isOpen) continue;
      open++;
      const facts = this.#context.attempt('look', file.tracked.path, () => file.facts());
      if (facts?.links === 0) deletedBytes += facts.sizeBytes;
    }
    return open <= this.#limits.files && deletedBytes <= this.#limits.deletedBytes;
  }

  /** Lets the first one go. */
  shift(): HeldFile | undefined {
    const file = this.#files.shift();
    if (file?.isOpen) this.#close(file);
    return file;
  }

  #close(file: HeldFile): void {
    this.#context.stats.openFiles--;
    this.#context.attempt('close', file.tracked.path, () => file.close());
  }

  /**
   * Opens waiting files as far as there is room. One that is gone is lost; one that cannot be opened now is waited for.
   * @param refresh brings their paths up to date
   * @param copyOf opens the compressed copy of a file that is gone
   * @param onLost of one that is gone, and its copy too
   */
  openWaiting(
    refresh: () => void,
    copyOf: (file: HeldFile) => HeldFile | undefined,
    onLost: (file: HeldFile) => void,
  ): void {
    let isFresh = false;
    for (let at = 0; at < this.#files.length; ) {
      const file = this.#files[at];
      if (file === undefined || file.isOpen) {
        at++;
        continue;
      }
      const result = this.#context.attempt('open', file.tracked.path, () => file.reopen());
      if (result === undefined) return;
      if (result === 'gone' && !isFresh) {
        isFresh = true;
        refresh();
      } else {
        const opened = result === 'open' ? file : copyOf(file);
        if (opened === undefined) {
          this.#files.splice(at, 1);
          this.#gone(file);
          onLost(file);
          continue;
        }
        this.#files[at] = opened;
        this.#context.stats.openFiles++;
        if (at === 0 || this.#hasRoom()) continue;
        this.#close(opened);
        return;
      }
    }
    const source = this.first?.tracked.source;
    if (source !== undefined) this.#context.once.over(`held ${source}`);
  }

  #gone({ tracked, sizeBytes, waitingBytes }: HeldFile): void {
    // Seen empty, it may well be there as a new file: nothing tells it from one.
    if (sizeBytes > 0)
      this.#context.lost(tracked.path, waitingBytes, 'it was deleted before it could be opened', KEEP_MORE);
  }

  closeAll(): void {
    while (this.#files.length > 0) this.shift();
  }
}
