/** The search for the file to go on with after a restart. Over when it is found, or known to be gone. */

import type { IntakeContext } from './context.ts';
import { isSameInode } from './file-facts.ts';
import type { GzipFile } from './gzip-file.ts';
import type { HeldFile } from './held-file.ts';
import type { ResumePoint } from './history.ts';

export class Resume {
  /** Not found so far. */
  point: ResumePoint | undefined;
  readonly #context: IntakeContext;

  constructor(context: IntakeContext) {
    this.#context = context;
    this.point = undefined;
  }

  /** Whether it is the file, by inode and first line. Device numbers change with the order of disks at boot. */
  isWanted({ tracked }: HeldFile): boolean {
    const wanted = this.point?.file.identity;
    if (wanted === undefined || tracked.identity.inode !== wanted.inode) return false;
    return wanted.firstLineHash === ''
      ? isSameInode(tracked.identity, wanted)
      : tracked.identity.firstLineHash === wanted.firstLineHash;
  }

  /** A compressed copy has another inode, and the same first line. */
  isWantedCopy({ tracked, sizeBytes }: GzipFile): boolean {
    const point = this.point;
    if (point === undefined || point.file.identity.firstLineHash === '') return false;
    return (
      tracked.identity.firstLineHash === point.file.identity.firstLineHash && point.offsetBytes <= sizeBytes
    );
  }

  /** Ends the search with this file; returns where to go on in it. */
  found({ sizeBytes }: HeldFile): number {
    const point = this.point;
    this.point = undefined;
    if (point === undefined) return 0;
    // Without a newline nothing was read of it, or all of it as a last piece; more than that is not the same any more.
    if (point.file.identity.firstLineHash === '') return point.offsetBytes === sizeBytes ? sizeBytes : 0;
    if (point.offsetBytes <= sizeBytes) return point.offsetBytes;
    this.#context.stats.truncations++;
    return 0;
  }

  /** Ends the search without a file: any other of the lineage is there, so this one is gone. */
  gone(): void {
    const point = this.point;
    this.point = undefined;
    const lostBytes = point === undefined ? 0 : point.sizeBytes - point.offsetBytes;
    if (point !== undefined && lostBytes > 0) {
      this.#context.lost(point.file.path, lostBytes, 'it was deleted or overwritten while nobody read it');
    }
  }
}
