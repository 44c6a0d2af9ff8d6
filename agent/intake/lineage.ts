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

import type { Position, TrackedFile } from '../position.ts';
import { type Backup, type Home, homeOf, listBackups } from './backups.ts';
import type { IntakeContext } from './context.ts';
import { type FileFacts, factsOfPath, type Inode, isSameInode } from './file-facts.ts';
import { HeldFiles, type HeldLimits } from './held-files.ts';
import { History, type ResumePoint } from './history.ts';
import { LogFile } from './log-file.ts';
import type { Source } from './source.ts';

/** Rotations followed within one look; those that come still faster are left to the next look. */
const MAX_CATCH_UPS = 8;
/** A file without name or successor that has not grown for this long is over: its writer has gone. */
const QUIET_MS = 10_000;

export class Lineage implements Source {
  readonly key: string;
  readonly #context: IntakeContext;
  readonly #held: HeldFiles;
  readonly #history: History;
  /** Another lineage has this file at its active path. */
  readonly #isElsewhere: (inode: Inode) => boolean;
  #home: Home;
  /** Not found again so far. */
  #resume: ResumePoint | undefined;
  #start: Position | undefined;
  #hasBegun: boolean;
  #lastGrowthMs: number;

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
    this.#isElsewhere = isElsewhere;
    this.#home = homeOf(key);
    this.#resume = undefined;
    this.#start = undefined;
    this.#hasBegun = false;
    this.#lastGrowthMs = 0;
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

  get waitingBytes(): number {
    return this.#held.waitingBytes;
  }

  /** The folder that holds the files, for whoever watches it. */
  get folder(): string {
    return this.#home.folder;
  }

  /** Whether this file stands at the active path, as far as known. */
  isNewest(inode: Inode): boolean {
    const last = this.#held.last;
    return last !== undefined && isSameInode(last.inode, inode);
  }

  /** Where the first start begins, or where a restart goes on. To be called once, before the first look. */
  begin(how: 'beginning' | 'end' | ResumePoint, nowMs: number): void {
    this.#lastGrowthMs = nowMs;
    if (how === 'end') this.#beginAtEnd();
    else if (how !== 'beginning') {
      this.#resume = how;
      this.#history.resume(how.passed);
    }
    this.look(nowMs);
    this.#hasBegun = true;
  }

  #beginAtEnd(): void {
    for (const { stem, facts } of this.#listBackups()) this.#history.knows(stem, facts.inode);
    const file = this.#openActive();
    if (file === undefined) return;
    this.#take(file);
    this.#context.attempt('read', this.key, () => file.skipToEnd());
    this.#start = { file: file.tracked, offsetBytes: file.offsetBytes };
  }

  /** Brings the picture up to date; returns whether there is something new for the reader. */
  look(nowMs: number): boolean {
    if (this.#held.first?.isOpen === false) this.#held.openWaiting(() => this.#catchUp());
    const active = this.#factsOfActive();
    const newest = this.#held.last;
    let hasChanged = newest !== undefined && this.#saw(newest, active);
    if (hasChanged) this.#lastGrowthMs = nowMs;
    if (newest !== undefined && active !== undefined && isSameInode(active, newest.inode)) {
      newest.isFinal = false;
      return hasChanged;
    }
    if (this.#catchUp()) hasChanged = true;
    const last = this.#held.last;
    if (last !== undefined && last === newest && !last.isFinal && nowMs - this.#lastGrowthMs >= QUIET_MS) {
      last.isFinal = true;
      hasChanged = true;
    }
    return hasChanged;
  }

  #saw(newest: LogFile, active: FileFacts | undefined): boolean {
    const isActive = active !== undefined && isSameInode(active, newest.inode);
    if (!isActive && !newest.isOpen) return false;
    return (
      this.#context.attempt('look', newest.tracked.path, () =>
        newest.sawSize((isActive ? active : newest.facts()).sizeBytes),
      ) === true
    );
  }

  /** Takes up every file that came since: backups not seen before, in order, and what is at the path now. */
  #catchUp(): boolean {
    let hasChanged = false;
    for (let tries = 0; tries < MAX_CATCH_UPS; tries++) {
      this.#home = homeOf(this.key);
      const active = this.#openActive();
      if (this.#takeNew(this.#listBackups(), active)) hasChanged = true;
      // What the path names may have changed while the folder was listed.
      const now = this.#factsOfActive();
      if (now === undefined) break;
      if (active === undefined) this.#leaveTo(now);
      else if (isSameInode(now, active.inode)) break;
    }
    this.#settleResume();
    return hasChanged;
  }

  #takeNew(backups: readonly Backup[], active: LogFile | undefined): boolean {
    let hasChanged = false;
    for (const { stem, path, facts } of backups) {
      const isActive = active !== undefined && isSameInode(active.inode, facts);
      const held = isActive ? active : this.#held.find(facts);
      if (held === undefined) {
        if (this.#history.isKnown(stem, facts.inode)) continue;
        const file = this.#open(path);
        if (file === undefined) continue;
        this.#take(file);
        hasChanged = true;
      } else {
        held.tracked.path = path;
        if (!held.isOpen) held.sawSize(facts.sizeBytes);
        if (isActive && this.#held.find(facts) === undefined) {
          this.#take(active);
          hasChanged = true;
        }
      }
      this.#history.knows(stem, facts.inode);
    }
    if (active !== undefined && this.#held.find(active.inode) === undefined) {
      this.#take(active);
      hasChanged = true;
    }
    return hasChanged;
  }

  /** Puts a newly opened file behind all others, at the offset where it was left if it is not new. */
  #take(file: LogFile): void {
    const { tracked, sizeBytes } = file;
    file.offsetBytes = this.#resumeOffset(file) ?? this.#history.takeOffset(tracked.identity, sizeBytes) ?? 0;
    if (this.#hasBegun && this.#start !== undefined) this.#context.stats.rotations++;
    this.#held.push(file);
    this.#history.taken(tracked, sizeBytes);
    this.#start ??= { file: tracked, offsetBytes: file.offsetBytes };
  }

  /** How far the file was read before the restart, if it is the one to go on with. */
  #resumeOffset({ tracked, sizeBytes }: LogFile): number | undefined {
    const point = this.#resume;
    if (point === undefined) return undefined;
    const { inode, firstLineHash } = point.file.identity;
    // Device numbers change with the order of disks at boot; inode and first line do not.
    if (tracked.identity.inode !== inode) return undefined;
    if (tracked.identity.firstLineHash !== firstLineHash && firstLineHash !== '') return undefined;
    this.#resume = undefined;
    // Without a newline nothing was read of it, or all of it as a last piece; more than that is not the same any more.
    if (firstLineHash === '') return point.offsetBytes === sizeBytes ? sizeBytes : 0;
    if (point.offsetBytes <= sizeBytes) return point.offsetBytes;
    this.#context.stats.truncations++;
    return 0;
  }

  /** The file to go on with is known to be gone once any other file of the lineage is there. */
  #settleResume(): void {
    const point = this.#resume;
    if (point === undefined || this.#held.count === 0) return;
    this.#resume = undefined;
    const lostBytes = point.sizeBytes - point.offsetBytes;
    if (lostBytes > 0) {
      this.#context.lost(point.file.path, lostBytes, 'it was deleted or overwritten while nobody read it');
    }
  }

  /** The path names a file that cannot be opened: the one before it is over all the same. */
  #leaveTo(successor: Inode): void {
    const last = this.#held.last;
    if (last !== undefined && !isSameInode(last.inode, successor)) last.isFinal = true;
  }

  #factsOfActive(): FileFacts | undefined {
    return this.#context.attempt('look', this.key, () => factsOfPath(this.key));
  }

  /** The file at the active path, held already or newly opened. */
  #openActive(): LogFile | undefined {
    // A missing file is the usual case here, and an exception is dear.
    const file = this.#factsOfActive() === undefined ? undefined : this.#open(this.key);
    if (file === undefined) return undefined;
    const held = this.#held.find(file.inode);
    if (held !== undefined) {
      file.close();
      return held;
    }
    if (!this.#isElsewhere(file.inode)) return file;
    file.close();
    this.#context.once.say(
      'warn',
      `twice ${this.key}`,
      `${this.key} is read under another of the configured paths; it is left out here`,
    );
    return undefined;
  }

  #open(path: string): LogFile | undefined {
    return this.#context.attempt('open', path, () => LogFile.openIfPresent(this.key, path));
  }

  #listBackups(): Backup[] {
    const { folder } = this.#home;
    if (this.#context.attempt('look', folder, () => factsOfPath(folder)) === undefined) return [];
    const backups = this.#context.attempt('list', folder, () => {
      return listBackups(this.#home);
    });
    if (backups !== undefined && this.#resume === undefined)
      this.#history.prune(new Set(backups.map(({ stem }) => stem)));
    return backups ?? [];
  }

  read(into: Uint8Array): number {
    const file = this.#held.first;
    if (file === undefined || !file.isOpen) return 0;
    try {
      if (file.isTruncated) this.#startOver(file);
      return file.read(into);
    } catch (error) {
      this.#context.failed('read', file.tracked.path, error);
      return 0;
    }
  }

  #startOver(file: LogFile): void {
    const lostBytes = file.waitingBytes;
    const { path } = file.tracked;
    this.#history.sized(file.tracked, file.offsetBytes);
    file.startOver();
    this.#history.taken(file.tracked, file.sizeBytes);
    this.#context.stats.truncations++;
    if (lostBytes > 0) this.#context.lost(path, lostBytes, 'it was cut in place before it was read');
    else this.#context.log.info(`${path} was cut in place; it is read from its beginning`);
  }

  consume(bytes: number): void {
    this.#held.first?.consume(bytes);
    this.#context.stats.readBytes += bytes;
  }

  advance(): boolean {
    const file = this.#held.first;
    if (file === undefined || !file.atFinalEnd || this.#held.count < 2) return false;
    const facts = this.#context.attempt('look', file.tracked.path, () => file.facts());
    if (facts !== undefined && facts.sizeBytes > file.offsetBytes) {
      // Its writer came back after all, as one does that renames first and reopens later.
      file.atFinalEnd = false;
      return false;
    }
    this.#held.shift();
    this.#history.sized(file.tracked, file.offsetBytes);
    this.#history.left(file.tracked.identity, file.offsetBytes);
    this.#held.openWaiting(() => this.#catchUp());
    return this.#held.count > 0;
  }

  /** What to store for a place up to which everything is safe; without one, where this run began. */
  pointAt(safe: Position | undefined): ResumePoint | undefined {
    if (this.#resume !== undefined) return this.#resume;
    const position = safe ?? this.#start;
    if (position === undefined) return undefined;
    for (const file of this.#held) this.#history.sized(file.tracked, file.sizeBytes);
    return this.#history.pointAt(position, this.#home.parse);
  }

  stop(): void {
    this.#held.closeAll();
  }
}
