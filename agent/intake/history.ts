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

/**
 * A backup by its name, and by what stood there: two rotations within a millisecond, or a clock set back, give a name
 * again. A compressed copy has another inode and the same first line.
 */
export interface PassedBackup {
  readonly stem: string;
  readonly inode: number;
  /** `''` where it was never opened. */
  readonly firstLineHash: string;
}

/** Where a lineage goes on after a restart. */
export interface ResumePoint extends Position {
  /** The file's size when it was last seen. */
  readonly sizeBytes: number;
  /** Files known to follow it, in order; those that are gone after a restart are lost. */
  readonly waiting: readonly SeenFile[];
  /** The backups, then on disk, that are older than the file. */
  readonly passed: readonly PassedBackup[];
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

/** `sizeBytes` follows the file until it is let go. */
interface Link {
  readonly tracked: TrackedFile;
  sizeBytes: number;
  /** Read to its end, which is final. */
  isLeft: boolean;
}

interface Known {
  readonly inode: number;
  /** Its identity may be provisional as yet. */
  readonly file: Pick<TrackedFile, 'identity'>;
}

interface Done {
  readonly tracked: TrackedFile;
  readonly offsetBytes: number;
}

export class History {
  /** Each backup on disk that is queued or done, by its stem: another file under the stem is a new one. */
  readonly #known: Map<string, Known>;
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

  /** After a restart: these are older than the file to go on with. */
  resume(passed: readonly PassedBackup[]): void {
    for (const { stem, inode, firstLineHash } of passed) {
      this.#known.set(stem, { inode, file: { identity: { device: 0, inode, firstLineHash } } });
    }
    if (passed.length >= MAX_PASSED) this.#passedBefore = passed[0]?.stem ?? '';
  }

  /** @param file what is held of it; without, the file that was known under the stem, in another form */
  knows(stem: string, inode: number, file?: TrackedFile): void {
    const nobody = { identity: { device: 0, inode, firstLineHash: '' } };
    this.#known.set(stem, { inode, file: file ?? this.#known.get(stem)?.file ?? nobody });
  }

  isKnown(stem: string, inode: number): boolean {
    return this.#known.get(stem)?.inode === inode || stem < this.#passedBefore;
  }

  /** Hash of the first line of the known backup of this stem, `''` when it is not known; `undefined` without one. */
  firstLineOf(stem: string): string | undefined {
    return this.#known.get(stem)?.file.identity.firstLineHash;
  }

  /** A file was taken up behind all others. */
  taken(tracked: TrackedFile, sizeBytes: number): void {
    this.#chain.push({ tracked, sizeBytes, isLeft: false });
  }

  /** Another form of a file that was taken up goes on in its place. */
  replaced(tracked: TrackedFile, by: TrackedFile, sizeBytes: number): void {
    const at = this.#chain.findLastIndex((link) => link.tracked === tracked);
    if (at >= 0) this.#chain.splice(at, 1, { tracked: by, sizeBytes, isLeft: false });
  }

  sized(tracked: TrackedFile, sizeBytes: number): void {
    const link = this.#chain.findLast((link) => link.tracked === tracked);
    if (link !== undefined) link.sizeBytes = sizeBytes;
  }

  /** Read up to here, and no more will come. */
  ended(tracked: TrackedFile, offsetBytes: number): void {
    const link = this.#chain.findLast((link) => link.tracked === tracked);
    if (link === undefined) return;
    link.sizeBytes = offsetBytes;
    link.isLeft = true;
  }

  /** A file is no longer held. A provisional identity is not remembered: it could be taken for another file. */
  left(tracked: TrackedFile, offsetBytes: number): void {
    this.ended(tracked, offsetBytes);
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
    const links =
      at < 0 ? [{ tracked: position.file, sizeBytes: 0, isLeft: false }, ...this.#chain] : this.#chain;
    let { file, offsetBytes } = position;
    let first = 0;
    // A file of which nothing more is wanted may go: the point is the beginning of the next one.
    for (
      let next = links[1];
      next !== undefined && isDone(links[first], offsetBytes);
      next = links[first + 1]
    ) {
      first++;
      file = next.tracked;
      offsetBytes = 0;
    }
    const wanted = links.slice(first);
    const passed = new Map(this.#known);
    for (const { tracked } of wanted) {
      const name = parse(basename(tracked.path));
      if (name !== undefined) passed.delete(name.stem);
    }
    // Without a first line a file cannot be known again.
    const waiting = wanted.slice(1).filter(isNamed).slice(0, MAX_WAITING);
    return {
      file,
      offsetBytes,
      sizeBytes: Math.max(offsetBytes, wanted[0]?.sizeBytes ?? 0),
      waiting: waiting.map(({ tracked, sizeBytes }) => ({
        path: tracked.path,
        identity: tracked.identity,
        sizeBytes,
      })),
      passed: [...passed]
        .map(([stem, { inode, file }]) => ({ stem, inode, firstLineHash: file.identity.firstLineHash }))
        .sort((a, b) => (a.stem < b.stem ? -1 : 1))
        .slice(-MAX_PASSED),
    };
  }
}

function isDone(link: Link | undefined, offsetBytes: number): boolean {
  return link?.isLeft === true && offsetBytes >= link.sizeBytes;
}

function isNamed({ tracked, sizeBytes }: Link): boolean {
  return tracked.identity.firstLineHash !== '' && sizeBytes > 0;
}

/** Device numbers change with the order of disks at boot; inode and first line do not. */
function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.inode === b.inode && a.firstLineHash === b.firstLineHash;
}
