/**
 * The logs that the configured paths and globs mean: found, looked at, and forgotten once they are deleted and
 * delivered. Bounded, because a glob may match more than anybody meant.
 */

import { MAX_LOGS } from '../limits.ts';
import type { Position } from '../position.ts';
import type { IntakeContext } from './context.ts';
import { activePaths, folderOf } from './discover.ts';
import { factsOfPath } from './file-facts.ts';
import { HELD_LIMITS, type HeldLimits } from './held-files.ts';
import type { ResumePoint, ResumeState } from './history.ts';
import { Lineage } from './lineage.ts';

export interface LogSetOptions {
  readonly paths: readonly string[];
  readonly readFrom: 'beginning' | 'end';
  readonly resume: ResumeState | undefined;
  readonly heldLimits?: HeldLimits;
}

export class LogSet {
  /** In the order of the paths, then of discovery. */
  lineages: readonly Lineage[];
  /** Why no log, and no folder of one, can be read, if it is so. */
  unreadable: string | undefined;
  readonly #options: LogSetOptions;
  readonly #context: IntakeContext;
  readonly #byKey: Map<string, Lineage>;
  /** As last handed in for a checkpoint. */
  #safe: ReadonlyMap<string, Position>;

  constructor(options: LogSetOptions, context: IntakeContext) {
    this.lineages = [];
    this.unreadable = undefined;
    this.#options = options;
    this.#context = context;
    this.#byKey = new Map();
    this.#safe = new Map();
  }

  /** Brings the logs up to date; returns whether something is new for the reader. */
  look(nowMs: number): boolean {
    let hasChanged = false;
    for (const lineage of this.lineages) if (lineage.look(nowMs)) hasChanged = true;
    return hasChanged;
  }

  /**
   * Finds logs that are not known yet. Files that appear later are read from their beginning, whatever `readFrom` says.
   * @param isFirst these are the files present at the start
   */
  discover(nowMs: number, isFirst: boolean): void {
    for (const configured of this.#options.paths) {
      for (const path of this.#context.attempt('list', configured, () => activePaths(configured)) ?? []) {
        if (this.#byKey.has(path)) continue;
        if (path !== configured && !this.#hasRoomFor(configured)) break;
        this.#add(path, nowMs, isFirst && this.#options.resume === undefined);
      }
    }
    this.#forget();
    this.#checkReadable();
  }

  #add(path: string, nowMs: number, isFirstEver: boolean): void {
    const { heldLimits = HELD_LIMITS, readFrom, resume } = this.#options;
    const lineage = new Lineage(path, this.#context, heldLimits, (inode) =>
      this.lineages.some((other) => other.key !== path && other.isNewest(inode)),
    );
    const point = resume?.points.find(({ file }) => file.source === path);
    this.#byKey.set(path, lineage);
    lineage.begin(point ?? (isFirstEver ? readFrom : 'beginning'), nowMs);
    this.lineages = [...this.#byKey.values()];
    this.#context.notify();
  }

  #hasRoomFor(glob: string): boolean {
    if (this.#byKey.size < MAX_LOGS) return true;
    this.#context.once.say(
      'error',
      `many ${glob}`,
      `cannot read more than ${MAX_LOGS} logs: others that ${glob} matches are left out until some of those are gone; narrow TETRAGON_LOG`,
    );
    return false;
  }

  /** Logs that a glob brought and that are deleted and delivered: held on, they would keep their disk space. */
  #forget(): void {
    let hasForgotten = false;
    for (const [key, lineage] of this.#byKey) {
      if (this.#options.paths.includes(key) || !lineage.isOver(this.#safe.get(key))) continue;
      lineage.stop();
      this.#byKey.delete(key);
      hasForgotten = true;
    }
    if (hasForgotten) this.lineages = [...this.#byKey.values()];
  }

  #checkReadable(): void {
    const isReadable =
      this.lineages.some(({ file }) => file !== undefined) ||
      [...this.folders()].some(
        (folder) => this.#context.attempt('list', folder, () => factsOfPath(folder)) !== undefined,
      );
    this.unreadable = isReadable
      ? undefined
      : `no log and no log folder can be read: ${this.#options.paths.join(', ')}`;
  }

  /** That hold logs, for whoever watches them. */
  folders(): Set<string> {
    const folders = new Set(this.#options.paths.map(folderOf));
    for (const lineage of this.lineages) folders.add(lineage.folder);
    return folders;
  }

  /** @param safe per source key, the place before which every byte is delivered */
  points(safe: ReadonlyMap<string, Position>): ResumePoint[] {
    this.#safe = safe;
    return this.lineages.flatMap((lineage) => lineage.pointAt(safe.get(lineage.key)) ?? []);
  }

  stop(): void {
    for (const lineage of this.lineages) lineage.stop();
  }
}
