/**
 * Up to where each file was evaluated. After a restart the bytes between the checkpoint and this place are read and
 * sent again, and no rule looks at them: what they had to say was said before.
 */

import type { FileIdentity, Position, TrackedFile } from '../position.ts';

/** Files remembered for each source: more than a restart ever reads again (intake holds at most 64 unread ones). */
const MAX_FILES_PER_SOURCE = 128;

export interface EvaluatedPoint {
  readonly source: string;
  readonly identity: FileIdentity;
  readonly offsetBytes: number;
}

export class Evaluated {
  /** Of this run, in the order they were begun. */
  readonly #files: Map<TrackedFile, number>;
  /** Of the runs before, as far as not read again; the newest last. */
  readonly #before: EvaluatedPoint[];
  /** What `upTo` found, so that it looks once for each file. */
  readonly #known: WeakMap<TrackedFile, number>;

  constructor() {
    this.#files = new Map();
    this.#before = [];
    this.#known = new WeakMap();
  }

  restore(points: readonly EvaluatedPoint[]): void {
    this.#before.push(...points);
  }

  /** Bytes of the file that need no evaluation. Cheap: asked before every read. */
  upTo(file: TrackedFile): number {
    if (this.#before.length === 0) return 0;
    const known = this.#known.get(file);
    if (known !== undefined) return known;
    if (file.identity.firstLineHash === '') return 0; // asked again once the first line is there
    const found = this.#before.find((point) => isSameFile(point, file))?.offsetBytes ?? 0;
    this.#known.set(file, found);
    return found;
  }

  /** The remembered place is no end of a line of this file: it is evaluated from here. */
  forget(file: TrackedFile): void {
    this.#known.set(file, 0);
  }

  /** Everything before was evaluated, or is as before. */
  passed({ file, offsetBytes }: Position): void {
    this.#files.set(file, Math.max(offsetBytes, this.upTo(file)));
    if (this.#files.size > MAX_FILES_PER_SOURCE) this.#prune(file.source);
  }

  /** What to store; standard input has no place to come back to. */
  points(): EvaluatedPoint[] {
    const now = [...this.#files].map(([file, offsetBytes]) => ({
      ...{ source: file.source, identity: file.identity, offsetBytes },
    }));
    const before = this.#before.filter(
      (point) => ![...this.#files.keys()].some((file) => isSameFile(point, file)),
    );
    const all = [...before, ...now].filter(
      ({ source, identity }) => source !== '-' && identity.firstLineHash !== '',
    );
    return all.slice(-2 * MAX_FILES_PER_SOURCE);
  }

  #prune(source: string): void {
    const ofSource = [...this.#files.keys()].filter((file) => file.source === source);
    for (const file of ofSource.slice(0, -MAX_FILES_PER_SOURCE)) this.#files.delete(file);
  }
}

/**
 * By inode and first line: device numbers change with the order of disks at boot. A compressed copy has another
 * inode, and offsets count its uncompressed bytes.
 */
function isSameFile({ source, identity }: EvaluatedPoint, file: TrackedFile): boolean {
  if (source !== file.source || identity.firstLineHash !== file.identity.firstLineHash) return false;
  return identity.inode === file.identity.inode || file.path.endsWith('.gz');
}
