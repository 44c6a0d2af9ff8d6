/**
 * Finds the logs, follows them through rotation, and tells the reader when there is something to read.
 *
 * Owns all descriptors of logs and everything that waits for them. It notices as a network driver does: while
 * little happens it waits for notifications; once they come thick and fast it turns them off and looks on a short
 * timer until the log is quiet again. A slow timer runs always, so that a missed notification costs a second.
 * Looking and reading are apart: files are noticed and held also while nobody reads.
 */

import type { Readable } from 'node:stream';
import type { Logger } from '../log.ts';
import type { Position } from '../position.ts';
import { bootId } from './boot.ts';
import { IntakeContext } from './context.ts';
import type { HeldLimits } from './held-files.ts';
import type { ResumeState } from './history.ts';
import type { LogFacts } from './log-facts.ts';
import { LogSet } from './log-set.ts';
import { Notifier } from './notifier.ts';
import type { Source } from './source.ts';
import type { IntakeStats } from './stats.ts';
import { STDIN, StdinSource } from './stdin-source.ts';

const DEFAULT_POLL_INTERVAL_MS = 1_000;
/**
 * Between looks while the log grows fast: half of it is what an alert waits on average. 4 ms would save 3 of 6 ms in
 * the median, and cost as much CPU as all the rest at 1 MB/s.
 */
const BUSY_LOOK_INTERVAL_MS = 10;
/** A log that has not grown for this long is quiet. */
const QUIET_AFTER_MS = 1_000;
/** While the reader keeps up, it finds what is new by reading; the path is asked this often whether it is still that file. */
const PATH_LOOK_INTERVAL_MS = 100;
/** Notifications are turned off at more than this many in one window: one costs more than a look on the timer. */
const STORM_EVENTS = 10;
const STORM_WINDOW_MS = 100;

export interface IntakeOptions {
  /** Active files or globs; `-` is standard input, and then alone. */
  readonly paths: readonly string[];
  /** For the files present at the very first start, when there is no checkpoint at all. */
  readonly readFrom: 'beginning' | 'end';
  /** From the checkpoint; `undefined`: there is none. */
  readonly resume: ResumeState | undefined;
  readonly log: Logger;
  readonly pollIntervalMs?: number;
  readonly heldLimits?: HeldLimits;
  readonly stdin?: Readable;
}

/** What the pipeline needs of whatever finds and holds the logs. */
export type LogIntake = Pick<
  Intake,
  | 'onReadable'
  | 'onFiles'
  | 'sources'
  | 'stats'
  | 'ended'
  | 'readable'
  | 'unreadableReason'
  | 'watchFault'
  | 'files'
  | 'lagBytes'
  | 'resumeState'
  | 'start'
  | 'stop'
>;

export class Intake {
  /** Something may be readable, or has changed. Set by the pipeline. */
  onReadable: () => void;
  /** The files to be read are others than before: worth a checkpoint, also when nothing is delivered. */
  onFiles: () => void;
  readonly #options: IntakeOptions;
  readonly #context: IntakeContext;
  readonly #notifier: Notifier;
  readonly #logs: LogSet;
  #stdin: StdinSource | undefined;
  #mode: 'new' | 'calm' | 'busy' | 'stopped';
  #timer: NodeJS.Timeout | undefined;
  #isLookDue: boolean;
  #isTold: boolean;
  #lastGrowthMs: number;
  #lastDiscoveryMs: number;
  #lastLookMs: number;
  /** Consumed at the last tick. */
  #readBytesTicked: number;
  #windowStartMs: number;
  #windowEvents: number;
  /** Changes counted when `onFiles` was called last. */
  #filesTold: number;

  constructor(options: IntakeOptions) {
    this.onReadable = () => {};
    this.onFiles = () => {};
    this.#options = options;
    this.#context = new IntakeContext(options.log, () => this.#tell());
    this.#notifier = new Notifier(() => this.#noticed(), this.#context.once);
    this.#logs = new LogSet(options, this.#context);
    this.#stdin = undefined;
    this.#mode = 'new';
    this.#timer = undefined;
    this.#isLookDue = false;
    this.#isTold = false;
    this.#lastGrowthMs = 0;
    this.#lastDiscoveryMs = Number.NEGATIVE_INFINITY;
    this.#lastLookMs = 0;
    this.#readBytesTicked = 0;
    this.#windowStartMs = 0;
    this.#windowEvents = 0;
    this.#filesTold = 0;
  }

  get sources(): readonly Source[] {
    return this.#stdin === undefined ? this.#logs.lineages : [this.#stdin];
  }

  get stats(): IntakeStats {
    return this.#context.stats;
  }

  /** Bytes on disk that are not consumed, over all sources and the files queued behind. */
  lagBytes(): number {
    let sum = this.#stdin?.waitingBytes ?? 0;
    for (const { waitingBytes } of this.#logs.lineages) sum += waitingBytes;
    return sum;
  }

  /** Every file that is not read to its end, in the order of reading; for people. */
  files(): LogFacts[] {
    return this.#logs.lineages.flatMap((lineage) => lineage.files());
  }

  /** Whether any log, or the folder of one, can be read. */
  get readable(): boolean {
    return this.#logs.unreadable === undefined;
  }

  /** Why not, for people. */
  get unreadableReason(): string | undefined {
    return this.#logs.unreadable;
  }

  /** Standard input is over and consumed; files never end. */
  get ended(): boolean {
    return this.#stdin?.hasEnded ?? false;
  }

  /** Why notifications are missing, if they are; everything is noticed within a second all the same. */
  get watchFault(): string | undefined {
    return this.#notifier.fault;
  }

  /** Notifications are waited for; otherwise the short timer runs. */
  get isCalm(): boolean {
    return this.#mode === 'calm';
  }

  /** Opens what is there and waits for the rest. Never fails for a missing or unreadable file. */
  async start(): Promise<void> {
    this.#mode = 'calm';
    const { resume } = this.#options;
    this.stats.lostFiles = resume?.lostFiles ?? 0;
    this.stats.lostBytes = resume?.lostBytes ?? 0;
    this.#context.isRebooted = resume !== undefined && resume.boot !== bootId();
    if (this.#options.paths.includes(STDIN)) {
      this.#stdin = new StdinSource(this.#context, this.#options.stdin ?? process.stdin);
      return;
    }
    this.#discover(performance.now(), true);
    this.look();
    if (this.sources.every((source) => source.file === undefined)) {
      this.#context.log.warn(
        `no log yet at ${this.#options.paths.join(', ')}; one that appears is read from its beginning; if none does, compare TETRAGON_LOG with Tetragon's exportFilename`,
      );
    }
    this.#notifier.watch(this.#logs.folders());
    this.#arm();
  }

  async stop(): Promise<void> {
    this.#mode = 'stopped';
    clearInterval(this.#timer);
    this.#logs.stop();
    this.#stdin?.stop();
    await this.#notifier.off();
  }

  /**
   * What the checkpoint stores: where each lineage would go on after a restart.
   * @param safe per source key, the place before which every byte is delivered; where there is none, nothing is yet
   */
  resumeState(safe: ReadonlyMap<string, Position>): ResumeState {
    // Standard input has no place to go on at; where the files were left, it does not touch.
    const points =
      this.#stdin === undefined ? this.#logs.points(safe) : [...(this.#options.resume?.points ?? [])];
    const { lostFiles, lostBytes } = this.stats;
    return { points, lostFiles, lostBytes, boot: bootId() };
  }

  /** Brings everything up to date at once. Called on notifications and timers; tests drive it. */
  look(nowMs: number = performance.now()): void {
    if (this.#mode === 'stopped' || this.#stdin !== undefined) return;
    this.#lastLookMs = nowMs;
    if (nowMs - this.#lastDiscoveryMs >= this.#pollIntervalMs) this.#discover(nowMs, false);
    if (!this.#logs.look(nowMs)) return;
    this.#lastGrowthMs = nowMs;
    const { filesTaken, truncations, lostFiles } = this.stats;
    if (filesTaken + truncations + lostFiles !== this.#filesTold) this.onFiles();
    this.#filesTold = filesTaken + truncations + lostFiles;
    this.#tell();
  }

  #discover(nowMs: number, isFirst: boolean): void {
    this.#lastDiscoveryMs = nowMs;
    this.#logs.discover(nowMs, isFirst);
  }

  get #pollIntervalMs(): number {
    return this.#options.pollIntervalMs ?? DEFAULT_POLL_INTERVAL_MS;
  }

  /** At most one call per turn of the event loop. */
  #tell(): void {
    if (this.#isTold) return;
    this.#isTold = true;
    setImmediate(() => {
      this.#isTold = false;
      if (this.#mode !== 'stopped') this.onReadable();
    });
  }

  #noticed(): void {
    if (this.#mode !== 'calm') return;
    const nowMs = performance.now();
    if (nowMs - this.#windowStartMs >= STORM_WINDOW_MS) {
      this.#windowStartMs = nowMs;
      this.#windowEvents = 0;
    }
    if (++this.#windowEvents > STORM_EVENTS) this.#toBusy();
    if (this.#isLookDue) return;
    this.#isLookDue = true;
    setImmediate(() => {
      this.#isLookDue = false;
      this.look();
    });
  }

  #toBusy(): void {
    this.#mode = 'busy';
    this.stats.storms++;
    void this.#notifier.off();
    this.#arm();
  }

  #arm(): void {
    clearInterval(this.#timer);
    const delayMs = this.#mode === 'busy' ? BUSY_LOOK_INTERVAL_MS : this.#pollIntervalMs;
    this.#timer = setInterval(() => this.#tick(), delayMs);
  }

  #tick(): void {
    if (this.#mode === 'stopped') return;
    const nowMs = performance.now();
    if (this.#isFollowed(nowMs)) {
      this.#lastGrowthMs = nowMs;
      this.onReadable();
      return;
    }
    this.look(nowMs);
    const before = this.#mode;
    const isQuiet = nowMs - this.#lastGrowthMs >= QUIET_AFTER_MS;
    if (this.#mode === 'busy' && isQuiet) this.#mode = 'calm';
    else if (this.#mode === 'calm' && !isQuiet && this.#notifier.fault !== undefined) this.#mode = 'busy';
    if (this.#mode === 'calm') this.#notifier.watch(this.#logs.folders());
    if (this.#mode !== before) this.#arm();
  }

  /** The reader is at the end of the newest files, and they grow: then reading is the cheapest look. */
  #isFollowed(nowMs: number): boolean {
    const hasRead = this.stats.readBytes > this.#readBytesTicked;
    this.#readBytesTicked = this.stats.readBytes;
    return (
      this.#mode === 'busy' &&
      hasRead &&
      nowMs - this.#lastLookMs < PATH_LOOK_INTERVAL_MS &&
      this.lagBytes() === 0
    );
  }
}
