/**
 * Finds the files of one lineage that are not held yet, and puts them behind the others in the order they were
 * written: backups by the time in their names, then what stands at the active path.
 *
 * The active file is opened before the folder is listed: what is renamed in between shows up in the list, and the
 * descriptor at hand tells that it is the same file.
 */

import { basename } from 'node:path';
import { systemCode } from '../errors.ts';
import { COMPRESSED, isBackupName } from './backup-names.ts';
import { type Backup, type Home, homeAt, homeOf, listBackups } from './backups.ts';
import { type IntakeContext, KEEP_MORE, SEE_TO_DISK } from './context.ts';
import { type FileFacts, factsOfPath, type Inode, isSameInode } from './file-facts.ts';
import { GzipFile } from './gzip-file.ts';
import type { HeldFile } from './held-file.ts';
import type { HeldFiles } from './held-files.ts';
import type { History } from './history.ts';
import { LogFile } from './log-file.ts';
import type { Resume } from './resume.ts';

/** A backup that cannot be opened, or a folder that cannot be listed, holds up what came after it for this long. */
const PATIENCE_MS = 5_000;
/** Rotations followed within one look; those that come still faster are left to the next look. */
const MAX_CATCH_UPS = 8;

export interface FinderParts {
  readonly key: string;
  readonly context: IntakeContext;
  readonly held: HeldFiles;
  readonly history: History;
  readonly resume: Resume;
  /** Another lineage has this file at its active path. */
  readonly isElsewhere: (inode: Inode) => boolean;
}

export class Finder {
  home: Home;
  readonly #parts: FinderParts;
  /** Something failed that may work soon: files must not be taken up out of order, so this look is over. */
  #isStuck: boolean;
  /** Since when each look has been stuck. */
  #stuckSinceMs: number | undefined;

  constructor(parts: FinderParts) {
    this.home = homeAt(parts.key);
    this.#parts = parts;
    this.#isStuck = false;
    this.#stuckSinceMs = undefined;
  }

  factsOfActive(): FileFacts | undefined {
    const { key, context } = this.#parts;
    return context.attempt('look', key, () => factsOfPath(key));
  }

  /** Takes up every file that came since; returns whether there was any. */
  catchUp(): boolean {
    const { held, resume } = this.#parts;
    const countBefore = held.taken;
    for (let tries = 0; tries < MAX_CATCH_UPS; tries++) {
      this.#isStuck = false;
      this.#findHome();
      const active = this.#openActive();
      if (!this.#isStuck) this.#takeNew(this.#list(), active);
      if (this.#isStuck && active !== undefined && held.find(active.inode) === undefined) this.#close(active);
      // What the path names may have changed while the folder was listed.
      const now = this.factsOfActive();
      if (now === undefined || this.#isStuck) break;
      if (active === undefined) this.#leaveTo(now);
      else if (isSameInode(now, active.inode)) break;
    }
    if (!this.#isStuck) this.#stuckSinceMs = undefined;
    if (held.count > 0 && !this.#isStuck) resume.end();
    return held.taken > countBefore;
  }

  /** Leaves everything out that is there now, but for the active file. */
  skipBackups(): void {
    this.#findHome();
    for (const { stem, facts } of this.#list()) this.#parts.history.knows(stem, facts.inode);
  }

  /** Takes up the file of a restart where it was last seen: behind a link, no name leads to it any more. */
  tryResumePath(): void {
    const { key, resume } = this.#parts;
    const path = resume.point?.file.path;
    if (path === undefined || path === key || isBackupName(basename(path))) return;
    const file = this.#open(path);
    if (file === undefined) return;
    if (resume.isWanted(file)) this.#take(file, resume.found(file));
    else this.#close(file);
  }

  /** The compressed copy of a plain backup that is gone, to go on where that one was left. */
  copyOf(file: HeldFile): HeldFile | undefined {
    const { path, identity } = file.tracked;
    if (path === this.home.target) return undefined;
    const copy = this.#openCopy(path.endsWith(COMPRESSED) ? path : path + COMPRESSED);
    if (copy === undefined) return undefined;
    // One that waited from its first byte on was not looked into yet: the name must do.
    if (identity.firstLineHash !== '' && copy.tracked.identity.firstLineHash !== identity.firstLineHash) {
      this.#close(copy);
      return undefined;
    }
    copy.offsetBytes = file.offsetBytes;
    this.#parts.history.replaced(file.tracked, copy.tracked, copy.sizeBytes);
    return copy;
  }

  #takeNew(backups: readonly Backup[], active: HeldFile | undefined): void {
    const { held, history } = this.#parts;
    for (const backup of backups) {
      const { stem, path, facts, isCompressed } = backup;
      // Its new name is news, where the folder could not be listed before.
      const known = held.find(facts, path) ?? (isCompressed ? undefined : held.find(facts, this.home.target));
      if (known !== undefined) {
        known.tracked.path = path;
        if (!known.isOpen) known.sawSize(facts.sizeBytes);
      } else if (active !== undefined && isSameInode(active.inode, facts)) {
        active.tracked.path = path;
        this.#take(active);
      } else if (!this.#isKnown(backup)) {
        this.#takeBackup(backup);
        if (this.#isStuck) return;
      }
      history.knows(stem, facts.inode, known?.tracked ?? held.find(facts)?.tracked);
    }
    if (active !== undefined && !this.#isStuck && held.find(active.inode) === undefined) this.#take(active);
  }

  /** Held before, or older than what is wanted; also as the compressed copy of such a one. */
  #isKnown({ stem, path, facts, isCompressed }: Backup): boolean {
    const { history, resume } = this.#parts;
    const hash = history.firstLineOf(stem);
    const isInode = history.isKnown(stem, facts.inode);
    if (!isCompressed || hash === undefined) return isInode;
    // One without a first line was known by its name alone, and by a number: another may have taken both since.
    if (hash === '' ? !resume.isSearching : isInode) return true;
    const copy = this.#openCopy(path);
    this.#close(copy);
    const copyHash = copy?.tracked.identity.firstLineHash ?? '';
    return hash === '' ? !resume.isLookedFor(copyHash) : copyHash === hash;
  }

  /** Deals with the backup, unless this look is stuck. */
  #takeBackup(backup: Backup): void {
    const { path, isCompressed } = backup;
    const file = isCompressed ? undefined : this.#open(path);
    if (file !== undefined) {
      this.#take(file);
      return;
    }
    if (this.#isStuck) return;
    // Between listing and opening, the plain file may have given way to its copy.
    const copy = this.#openCopy(isCompressed ? path : path + COMPRESSED);
    if (copy !== undefined) this.#takeCopy(copy);
    else if (!this.#isStuck) this.#giveUp(backup);
  }

  /** A backup that was listed and cannot be opened: at once when it is gone, else after a while. */
  #giveUp({ path, facts, isCompressed }: Backup): void {
    const { context, resume } = this.#parts;
    const now = context.attempt('look', path, () => factsOfPath(path) ?? 'gone');
    if (now !== 'gone' && this.#mayWait()) {
      this.#isStuck = true;
      return;
    }
    if (resume.willCount(facts.inode)) return;
    const why = now === 'gone' ? 'it was deleted before it could be opened' : 'it cannot be opened';
    context.lost(path, isCompressed ? 0 : facts.sizeBytes, why, now === 'gone' ? KEEP_MORE : SEE_TO_DISK);
  }

  #mayWait(): boolean {
    const nowMs = performance.now();
    this.#stuckSinceMs ??= nowMs;
    return nowMs - this.#stuckSinceMs < PATIENCE_MS;
  }

  /** A copy of what is held or done is not another file, but its name from now on. */
  #takeCopy(copy: GzipFile): void {
    const { held, history, resume } = this.#parts;
    const { path, identity } = copy.tracked;
    const { firstLineHash } = identity;
    const plain =
      firstLineHash === ''
        ? undefined
        : (held.plainOf(firstLineHash, copy.sizeBytes) ?? history.plainOf(firstLineHash, copy.sizeBytes));
    if (plain !== undefined) {
      plain.path = path;
      this.#close(copy);
    } else if (resume.isWantedCopy(copy)) this.#take(copy, resume.found(copy));
    else this.#take(copy);
  }

  /** Puts an open file behind all others, at the offset where it was left if it is not new. */
  #take(file: HeldFile, offsetBytes?: number): void {
    const { held, history, resume } = this.#parts;
    const { tracked, sizeBytes } = file;
    if (offsetBytes === undefined && resume.isWanted(file)) offsetBytes = resume.found(file);
    file.offsetBytes = offsetBytes ?? history.takeOffset(tracked.identity, sizeBytes) ?? 0;
    held.push(file);
    resume.met(file);
    history.taken(tracked, sizeBytes);
  }

  /** The path names a file that cannot be opened: the one before it is over all the same. */
  #leaveTo(successor: Inode): void {
    const { last } = this.#parts.held;
    if (last !== undefined && !isSameInode(last.inode, successor)) last.isFinal = true;
  }

  /** The file at the active path: held already, or newly opened. */
  #openActive(): HeldFile | undefined {
    const { key, context, held, isElsewhere } = this.#parts;
    const facts = this.factsOfActive();
    // A missing file is the usual case here, and an exception is dear.
    if (facts === undefined) return undefined;
    const known = held.find(facts);
    if (known !== undefined) return known;
    if (isElsewhere(facts)) {
      context.once.say(
        'warn',
        `twice ${key}`,
        `${key} is read under another of the configured paths; it is left out here, so that nothing is sent twice; name it once in TETRAGON_LOG`,
      );
      return undefined;
    }
    const file = this.#open(this.home.target);
    const again = file === undefined ? undefined : held.find(file.inode);
    if (again !== undefined) this.#close(file);
    return again ?? file;
  }

  #open(path: string): LogFile | undefined {
    const { key, context } = this.#parts;
    return context.attempt('open', path, () => this.#noting(() => LogFile.openIfPresent(key, path)));
  }

  #openCopy(path: string): GzipFile | undefined {
    const { key, context } = this.#parts;
    return context.attempt('open', path, () =>
      this.#noting(() => GzipFile.openIfPresent(key, path, context.notify)),
    );
  }

  #close(file: HeldFile | undefined): void {
    if (file !== undefined) this.#parts.context.attempt('close', file.tracked.path, () => file.close());
  }

  #noting<T>(open: () => T): T {
    try {
      return open();
    } catch (error) {
      const code = systemCode(error);
      this.#isStuck ||= code === 'EMFILE' || code === 'ENFILE';
      throw error;
    }
  }

  #findHome(): void {
    const { key, context } = this.#parts;
    const home = context.attempt('look', key, () => homeOf(key));
    if (home !== undefined) this.home = home;
    else this.#waitIfSearching();
  }

  /** The log is followed by its path all the same, but what is not seen now is not gone because of that. */
  #waitIfSearching(): void {
    if (this.#parts.resume.isSearching && this.#mayWait()) this.#isStuck = true;
  }

  #list(): Backup[] {
    const { context, history, resume } = this.#parts;
    const { folder } = this.home;
    if (context.attempt('look', folder, () => factsOfPath(folder)) === undefined) return [];
    const list = () => context.attempt('list', folder, () => listBackups(this.home));
    let backups = list();
    // A listing is no snapshot: what is compressed meanwhile may stand in it under neither name.
    for (let tries = 0; resume.isSearching && tries < MAX_CATCH_UPS; tries++) {
      const before = backups;
      backups = list();
      if (isSameListing(before, backups)) break;
    }
    // Until the file of a restart is found, the folder may not be the right one yet: not mounted, say.
    if (backups !== undefined && resume.point === undefined)
      history.prune(new Set(backups.map(({ stem }) => stem)));
    if (backups === undefined) this.#waitIfSearching();
    return backups ?? [];
  }
}

function isSameListing(one: readonly Backup[] | undefined, other: readonly Backup[] | undefined): boolean {
  return one?.map(({ path }) => path).join('\0') === other?.map(({ path }) => path).join('\0');
}
