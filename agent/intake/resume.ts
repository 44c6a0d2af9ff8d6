/**
 * The search, after a restart, for the file to go on with and for those that were waiting behind it. Over when each
 * is found or known to be gone.
 */

import type { FileIdentity } from '../position.ts';
import { type IntakeContext, KEEP_MORE } from './context.ts';
import { isSameInode } from './file-facts.ts';
import type { GzipFile } from './gzip-file.ts';
import type { HeldFile } from './held-file.ts';
import type { ResumePoint, SeenFile } from './history.ts';

const GONE = 'it was deleted or overwritten while nobody read it';

export class Resume {
  /** Not found so far. */
  point: ResumePoint | undefined;
  /** Those behind it that were not found so far. */
  waiting: SeenFile[];
  readonly #context: IntakeContext;

  constructor(context: IntakeContext) {
    this.#context = context;
    this.point = undefined;
    this.waiting = [];
  }

  begin(point: ResumePoint): void {
    this.point = point;
    this.waiting = [...point.waiting];
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

  get isSearching(): boolean {
    return this.point !== undefined || this.waiting.length > 0;
  }

  /** The identities of the file to go on with, and of those behind it, that were not found so far. */
  get #wanted(): FileIdentity[] {
    const files = this.point === undefined ? this.waiting : [this.point.file, ...this.waiting];
    return files.map(({ identity }) => identity).filter(({ firstLineHash }) => firstLineHash !== '');
  }

  isLookedFor(hash: string): boolean {
    return this.#wanted.some(({ firstLineHash }) => firstLineHash === hash);
  }

  /** Whether `end` will count a file that stood there, unless it is found. */
  willCount(inode: number): boolean {
    return this.#wanted.some((identity) => identity.inode === inode);
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

  /** A file was taken up, which may be one of those behind the point. */
  met({ tracked }: HeldFile): void {
    const { inode, firstLineHash } = tracked.identity;
    const isAlike = ({ identity }: SeenFile): boolean => identity.firstLineHash === firstLineHash;
    let at = this.waiting.findIndex((file) => isAlike(file) && file.identity.inode === inode);
    if (at < 0) at = this.waiting.findIndex(isAlike);
    if (at >= 0) this.waiting.splice(at, 1);
  }

  /** Ends the search: everything of the lineage that is there was taken up, so the rest is gone. */
  end(): void {
    const point = this.point;
    this.point = undefined;
    if (point !== undefined) this.#gone(point);
    for (const { path, sizeBytes } of this.waiting.splice(0))
      this.#context.lost(path, sizeBytes, GONE, KEEP_MORE);
  }

  #gone({ file, offsetBytes, sizeBytes }: ResumePoint): void {
    const lostBytes = sizeBytes - offsetBytes;
    // Never seen with a whole line in it, it may well be there: nothing tells it, or its copy, from a new one.
    if (file.identity.firstLineHash === '') return;
    if (lostBytes > 0 || !this.#context.isRebooted) this.#context.lost(file.path, lostBytes, GONE, KEEP_MORE);
    // A log in memory goes with every boot: that alone is not worth an alarm.
    else
      this.#context.log.warn(
        `${file.path} is gone with the last boot; all that was seen of it is delivered; to keep what is written while nobody reads, have the log on a disk`,
      );
  }
}
