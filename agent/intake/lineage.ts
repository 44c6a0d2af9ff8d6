/**
 * One active path and every file that ever stood there, in the order they were written.
 *
 *     backups on disk      held                             active path
 *     b1 b2 b3             [b2 (being read), b3, newest] ─── newest
 *        known               final      final  not final
 *
 * Promises: a file that was seen, at the path or as a backup, is read to its end however late, also after an
 * unlink, and in order. Invariant: every held file but the last is final, and the last one is the newest known.
 */

import { messageOf } from '../errors.ts';
import type { Position, TrackedFile } from '../position.ts';
import { type IntakeContext, ROTATE_BY_RENAMING, SEE_TO_DISK } from './context.ts';
import { type FileFacts, type Inode, isSameInode } from './file-facts.ts';
import { Finder } from './finder.ts';
import type { HeldFile } from './held-file.ts';
import { HeldFiles, type HeldLimits } from './held-files.ts';
import { History, MAX_WAITING, type ResumePoint } from './history.ts';
import { type LogFacts, logFactsOf } from './log-facts.ts';
import { Resume } from './resume.ts';
import type { Source } from './source.ts';

/** A file without name or successor that has not grown for this long is over: its writer has gone. */
const QUIET_MS = 10_000;
/** A file that cannot be read, while others wait behind it, is given up after this long. */
const GIVE_UP_MS = 60_000;

export class Lineage implements Source {
  readonly key: string;
  readonly #context: IntakeContext;
  readonly #held: HeldFiles;
  readonly #history: History;
  readonly #resume: Resume;
  readonly #finder: Finder;
  /** Where this run began: the place to store until there is a safe one. */
  #start: Position | undefined;
  #lastGrowthMs: number;
  /** Since the last look: the reader may be the first to see it. */
  #hasReadGrowth: boolean;
  /** Since when reading the first file has failed without a break. */
  #failingSinceMs: number | undefined;

  constructor(
    key: string,
    context: IntakeContext,
    limits: HeldLimits,
    isElsewhere: (inode: Inode) => boolean = () => false,
  ) {
    this.key = key;
    this.#context = context;
    this.#held = new HeldFiles(context, limits);
    this.#history = new History();
    this.#resume = new Resume(context);
    this.#finder = new Finder({
      key,
      context,
      held: this.#held,
      history: this.#history,
      resume: this.#resume,
      isElsewhere,
    });
    this.#start = undefined;
    this.#lastGrowthMs = 0;
    this.#hasReadGrowth = false;
    this.#failingSinceMs = undefined;
  }

  get file(): TrackedFile | undefined {
    return this.#held.first?.tracked;
  }

  get offsetBytes(): number {
    return this.#held.first?.offsetBytes ?? 0;
  }

  get atFinalEnd(): boolean {
    return this.#held.first?.atFinalEnd ?? false;
  }

  get atEndForNow(): boolean {
    return this.#held.first?.atEndForNow ?? false;
  }

  get waitingBytes(): number {
    return this.#held.waitingBytes;
  }

  /** The files that are not read to their end, for people. */
  files(): LogFacts[] {
    return [...this.#held].map((file) => logFactsOf(file, Date.now()));
  }

  /** The folder that holds the files, for whoever watches it. */
  get folder(): string {
    return this.#finder.home.folder;
  }

  /** Whether this file stands at the active path, as far as known. */
  isNewest(inode: Inode): boolean {
    const last = this.#held.last;
    return last !== undefined && isSameInode(last.inode, inode);
  }

  /** Where the first start begins, or where a restart goes on. To be called once, before the first look. */
  begin(how: 'beginning' | 'end' | ResumePoint, nowMs: number): void {
    this.#lastGrowthMs = nowMs;
    if (how === 'end') this.#finder.skipBackups();
    else if (how !== 'beginning') {
      this.#resume.begin(how);
      this.#history.resume(how.passed);
      this.#finder.tryResumePath();
    }
    this.look(nowMs);
    const { first } = this.#held;
    if (how === 'end' && first !== undefined) {
      this.#context.attempt('read', this.key, () => first.skipToEnd());
      this.#start = { file: first.tracked, offsetBytes: first.offsetBytes };
    }
  }

  /** Brings the picture up to date; returns whether there is something new for the reader. */
  look(nowMs: number): boolean {
    const isFirstBack = this.#held.first?.isOpen === false && this.#openWaiting();
    const active = this.#finder.factsOfActive();
    const newest = this.#held.last;
    const hasGrown = newest !== undefined && this.#hasGrown(newest, active);
    if (hasGrown || this.#hasReadGrowth) this.#lastGrowthMs = nowMs;
    this.#hasReadGrowth = false;
    const isNews = hasGrown || isFirstBack;
    if (newest !== undefined && active !== undefined && isSameInode(active, newest.inode)) {
      newest.isFinal = false;
      return isNews;
    }
    if (this.#catchUp()) return true;
    if (newest === undefined || newest.isFinal || nowMs - this.#lastGrowthMs < QUIET_MS) return isNews;
    newest.isFinal = true;
    return true;
  }

  #hasGrown(newest: HeldFile, active: FileFacts | undefined): boolean {
    const isActive = active !== undefined && isSameInode(active, newest.inode);
    return (
      this.#context.attempt('look', newest.tracked.path, () =>
        newest.sawSize((isActive ? active : newest.facts()).sizeBytes),
      ) === true
    );
  }

  #catchUp(): boolean {
    const takenBefore = this.#held.taken;
    this.#finder.catchUp();
    const taken = this.#held.taken - takenBefore;
    if (this.#start !== undefined) this.#context.stats.rotations += taken;
    const { first } = this.#held;
    if (first !== undefined) this.#start ??= { file: first.tracked, offsetBytes: first.offsetBytes };
    return taken > 0;
  }

  /** Whether the file to read is open now. */
  #openWaiting(): boolean {
    this.#held.openWaiting(
      () => this.#catchUp(),
      (file) => this.#finder.copyOf(file),
      // Counted now: the checkpoint must not have it counted again.
      ({ tracked, offsetBytes }) => this.#history.ended(tracked, offsetBytes),
    );
    return this.#held.first?.isOpen === true;
  }

  read(into: Uint8Array): number {
    const file = this.#held.first;
    if (file === undefined || !file.isOpen) return 0;
    try {
      if (file.isTruncated) this.#startOver(file);
      const knownBytes = file.sizeBytes;
      let count = file.read(into);
      if (file.sizeBytes > knownBytes) this.#hasReadGrowth = true;
      if (file.isTruncated) {
        this.#startOver(file);
        count = file.read(into);
      }
      this.#failingSinceMs = undefined;
      file.records?.join(into, count, file.atFinalEnd);
      return count;
    } catch (error) {
      this.#readFailed(file, error);
      return 0;
    }
  }

  #startOver(file: HeldFile): void {
    const lostBytes = file.waitingBytes;
    const { path } = file.tracked;
    this.#history.ended(file.tracked, file.offsetBytes);
    file.startOver();
    this.#history.taken(file.tracked, file.sizeBytes);
    this.#context.stats.truncations++;
    if (lostBytes > 0)
      this.#context.lost(path, lostBytes, 'it was cut in place before it was read', ROTATE_BY_RENAMING);
    else
      this.#context.log.info(
        `${path} was cut in place; all that was seen of it was read, and it is read from its beginning; better: ${ROTATE_BY_RENAMING}`,
      );
  }

  /** The newest file is waited for; one that holds up others is given up after a while. */
  #readFailed(file: HeldFile, error: unknown): void {
    file.atFinalEnd = false;
    this.#context.failed('read', file.tracked.path, error);
    const nowMs = performance.now();
    this.#failingSinceMs ??= nowMs;
    if (this.#held.count < 2 || nowMs - this.#failingSinceMs < GIVE_UP_MS) return;
    this.#context.lost(file.tracked.path, file.waitingBytes, messageOf(error), SEE_TO_DISK);
    this.#leave(file);
    this.#context.notify();
  }

  consume(bytes: number): void {
    const file = this.#held.first;
    file?.records?.taken(bytes);
    file?.consume(bytes);
    this.#context.stats.readBytes += bytes;
  }

  advance(): boolean {
    const file = this.#held.first;
    if (file === undefined || !file.atFinalEnd || this.#held.count < 2) return false;
    // Its writer came back after all, as one does that renames first and reopens later.
    if (this.#context.attempt('look', file.tracked.path, () => file.hasGrown()) === true) return true;
    if (file.damage !== undefined) {
      this.#context.stats.countReadError('damaged');
      this.#context.lost(file.tracked.path, 0, `it is damaged (${file.damage})`, SEE_TO_DISK);
    } else if (file.waitingBytes > 0) {
      this.#context.lost(file.tracked.path, file.waitingBytes, 'it has become shorter', ROTATE_BY_RENAMING);
    }
    this.#leave(file);
    return this.#held.count > 0;
  }

  #leave(file: HeldFile): void {
    this.#failingSinceMs = undefined;
    this.#held.shift();
    this.#history.left(file.tracked, file.offsetBytes);
    this.#openWaiting();
  }

  /**
   * Nothing more will come, and nothing is left: every file is deleted and read.
   * @param safe up to where everything is delivered
   */
  isOver(safe: Position | undefined): boolean {
    const { first } = this.#held;
    if (first === undefined || this.#held.count > 1 || !first.isFinal || first.waitingBytes > 0) return false;
    const safeBytes = safe?.file === first.tracked ? safe.offsetBytes : 0;
    if (safeBytes < first.sizeBytes || this.#finder.factsOfActive() !== undefined) return false;
    return this.#context.attempt('look', first.tracked.path, () => first.facts().links) === 0;
  }

  /** What to store for a place up to which everything is safe; without one, where this run began. */
  pointAt(safe: Position | undefined): ResumePoint | undefined {
    if (this.#resume.point !== undefined) return this.#resume.point;
    const position = safe ?? this.#start;
    if (position === undefined) return undefined;
    for (const file of this.#held) this.#history.sized(file.tracked, file.sizeBytes);
    const point = this.#history.pointAt(position, this.#finder.home.parse);
    return { ...point, waiting: [...point.waiting, ...this.#resume.waiting].slice(0, MAX_WAITING) };
  }

  stop(): void {
    this.#held.closeAll();
  }
}
