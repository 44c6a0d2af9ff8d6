/**
 * What one lineage remembers of files: which backups need no opening, how far files no longer held were read,
 * and the order in which files were taken up, which the checkpoint needs.
 */

import { basename } from 'node:path';
import type { FileIdentity, Position, TrackedFile } from '../position.ts';
import type { BackupName } from './backup-names.ts';

/** A file as it was last seen, in uncompressed bytes: what is missing of it now is lost. */
export interface SeenFile {
  readonly path: string;
  readonly identity: FileIdentity;
  readonly sizeBytes: number;
}

/** Where a lineage goes on after a restart. */
export interface ResumePoint extends Position {
  /** The file's size when it was last seen. */
  readonly sizeBytes: number;
  /** Files known to follow it, in order; those that are gone after a restart are lost. */
  readonly waiting: readonly SeenFile[];
  /** Stems of the backups, then on disk, that are older than the file. */
  readonly passed: readonly string[];
}

/** What a restart needs to know. */
export interface ResumeState {
  /** One per lineage. */
  readonly points: readonly ResumePoint[];
  /** Counted since the state folder was made. */
  readonly lostFiles: number;
  readonly lostBytes: number;
  /** Of the boot it was written under; `''` when that is not known. */
  readonly boot: string;
}

/** Files kept in one resume point as waiting: more are not held open either. */
export const MAX_WAITING = 256;
/** Names kept in one resume point; rotators keep far fewer backups (Tetragon: 5). Of more, the newest are kept. */
export const MAX_PASSED = 256;
/** Files remembered after they were read; for one that comes back to its path (a link swapped twice). */
const MAX_DONE = 16;

const ANY_INODE = -1;

/** `sizeBytes` follows the file until it is let go. */
interface Link {
  readonly tracked: TrackedFile;
  sizeBytes: number;
}

interface Done {
  readonly tracked: TrackedFile;
  readonly offsetBytes: number;
}

export class History {
  /** Stem of each backup on disk that is queued or done, with its inode: another inode under the stem is a new file. */
  readonly #known: Map<string, number>;
  readonly #done: Done[];
  readonly #chain: Link[];
  /** Stems below this one were passed too, but did not fit into the resume point. */
  #passedBefore: string;

  constructor() {
    this.#known = new Map();
    this.#done = [];
    this.#chain = [];
    this.#passedBefore = '';
  }

  /** After a restart: the names are older than the file to go on with; their inodes are learned at first sight. */
  resume(passed: readonly string[]): void {
    for (const stem of passed) this.#known.set(stem, ANY_INODE);
    if (passed.length >= MAX_PASSED) this.#passedBefore = passed[0] ?? '';
  }

  knows(stem: string, inode: number): void {
    this.#known.set(stem, inode);
  }

  /** A compressed copy is known by its stem: its inode is another. */
  isKnown(stem: string, inode: number, isCompressed: boolean): boolean {
    const known = this.#known.get(stem);
    if (known === ANY_INODE && !isCompressed) this.#known.set(stem, inode);
    if (known === ANY_INODE || known === inode || (known !== undefined && isCompressed)) return true;
    return stem < this.#passedBefore;
  }

  /** A file was taken up behind all others. */
  taken(tracked: TrackedFile, sizeBytes: number): void {
    this.#chain.push({ tracked, sizeBytes });
  }

  /** Another form of a file that was taken up goes on in its place. */
  replaced(tracked: TrackedFile, by: TrackedFile, sizeBytes: number): void {
    const at = this.#chain.findLastIndex((link) => link.tracked === tracked);
    if (at >= 0) this.#chain.splice(at, 1, { tracked: by, sizeBytes });
  }

  sized(tracked: TrackedFile, sizeBytes: number): void {
    const link = this.#chain.findLast((link) => link.tracked === tracked);
    if (link !== undefined) link.sizeBytes = sizeBytes;
  }

  /** A file is no longer held. A provisional identity is not remembered: it could be taken for another file. */
  left(tracked: TrackedFile, offsetBytes: number): void {
    if (tracked.identity.firstLineHash === '' || offsetBytes === 0) return;
    this.#done.push({ tracked, offsetBytes });
    if (this.#done.length > MAX_DONE) this.#done.shift();
  }

  /** How far a file was read before; `undefined` for a new one. Asked once per file. */
  takeOffset(identity: FileIdentity, sizeBytes: number): number | undefined {
    const at = this.#done.findIndex((done) => isSameFile(done.tracked.identity, identity));
    const [done] = at < 0 ? [] : this.#done.splice(at, 1);
    return done === undefined || done.offsetBytes > sizeBytes ? undefined : done.offsetBytes;
  }

  /** The file of this first line and length that was read to its end: the plain form of a compressed copy. */
  plainOf(firstLineHash: string, sizeBytes: number): TrackedFile | undefined {
    return this.#done.find(
      ({ tracked, offsetBytes }) =>
        tracked.identity.firstLineHash === firstLineHash && offsetBytes === sizeBytes,
    )?.tracked;
  }

  /** Forgets backups that are gone. */
  prune(stems: ReadonlySet<string>): void {
    for (const stem of this.#known.keys()) if (!stems.has(stem)) this.#known.delete(stem);
  }

  /**
   * What to store for a position: with it, a restart reads the rest of its file and every newer one, no older one.
   * Files before it are forgotten: positions only move forward.
   */
  pointAt(position: Position, parse: (name: string) => BackupName | undefined): ResumePoint {
    const { firstLineHash } = position.file.identity;
    let at = this.#chain.findIndex((link) => link.tracked === position.file);
    // Its compressed copy may have taken its place.
    if (at < 0 && firstLineHash !== '')
      at = this.#chain.findIndex((link) => link.tracked.identity.firstLineHash === firstLineHash);
    if (at > 0) this.#chain.splice(0, at);
    const passed = new Set(this.#known.keys());
    for (const { tracked } of this.#chain) {
      const name = parse(basename(tracked.path));
      if (name !== undefined) passed.delete(name.stem);
    }
    const sizeBytes = Math.max(position.offsetBytes, at < 0 ? 0 : (this.#chain[0]?.sizeBytes ?? 0));
    return {
      file: position.file,
      offsetBytes: position.offsetBytes,
      sizeBytes,
      waiting: this.#waiting(at < 0 ? 0 : 1),
      passed: [...passed].sort().slice(-MAX_PASSED),
    };
  }

  /** Without a first line a file cannot be known again. */
  #waiting(from: number): SeenFile[] {
    return this.#chain
      .slice(from)
      .filter(isNamed)
      .slice(0, MAX_WAITING)
      .map(({ tracked, sizeBytes }) => ({ path: tracked.path, identity: tracked.identity, sizeBytes }));
  }
}

function isNamed({ tracked, sizeBytes }: Link): boolean {
  return tracked.identity.firstLineHash !== '' && sizeBytes > 0;
}

/** Device numbers change with the order of disks at boot; inode and first line do not. */
function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.inode === b.inode && a.firstLineHash === b.firstLineHash;
}
