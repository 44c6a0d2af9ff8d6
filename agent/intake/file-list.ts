/**
 * A fixed list of files, read once from beginning to end, one after the other: what `replay` ships. Nobody writes
 * into them any more, so that there is nothing to wait for, and a last piece without a newline is a line.
 *
 * Each file is a source of its own in the checkpoint, so that a replay that was interrupted goes on in the middle of
 * a file, and one that was finished has nothing to do.
 */

import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Position, TrackedFile } from '../position.ts';
import { COMPRESSED } from './backup-names.ts';
import { homeOf } from './backups.ts';
import { bootId } from './boot.ts';
import { IntakeContext, SEE_TO_DISK } from './context.ts';
import { GzipFile } from './gzip-file.ts';
import type { HeldFile } from './held-file.ts';
import type { ResumePoint, ResumeState } from './history.ts';
import type { LogIntake } from './intake.ts';
import { type LogFacts, logFactsOf } from './log-facts.ts';
import { LogFile } from './log-file.ts';
import type { Source } from './source.ts';
import type { IntakeStats } from './stats.ts';

const REPLAY_AGAIN = 'replay it again once it can be opened';

export class FileList implements LogIntake, Source {
  onReadable: () => void;
  onFiles: () => void;
  /** Another file may follow. */
  readonly atEndForNow = false;
  atFinalEnd: boolean;
  readonly #context: IntakeContext;
  readonly #points: Map<string, ResumePoint>;
  /** Paths to be read, the next one first. */
  readonly #waiting: { readonly path: string; readonly sizeBytes: number }[];
  #file: HeldFile | undefined;

  /**
   * Opens each file once, to see that it can be read, and how much there is to do.
   * @throws the system's error for a file that cannot be read
   */
  constructor(paths: readonly string[], resume: ResumeState | undefined, log: Logger) {
    this.onReadable = () => {};
    this.onFiles = () => {};
    this.atFinalEnd = false;
    this.#context = new IntakeContext(log, () => this.onReadable());
    this.#points = new Map(resume?.points.map((point) => [point.file.source, point]));
    this.#waiting = [];
    this.#file = undefined;
    for (const path of paths) {
      const file = this.#open(path);
      if (!isDone(file)) this.#waiting.push({ path, sizeBytes: file.waitingBytes });
      file.close();
    }
  }

  /** Files that are not shipped yet. */
  get count(): number {
    return this.#waiting.length + (this.#file === undefined ? 0 : 1);
  }

  // What the pipeline asks of whatever finds the logs.

  get sources(): readonly Source[] {
    return [this];
  }

  get stats(): IntakeStats {
    return this.#context.stats;
  }

  get ended(): boolean {
    return this.count === 0;
  }

  readonly readable = true;
  readonly unreadableReason = undefined;
  readonly watchFault = undefined;

  files(): LogFacts[] {
    return this.#file === undefined ? [] : [logFactsOf(this.#file, Date.now())];
  }

  /** Of compressed files as their trailers say: the number can be wrong, and is right once a file is read. */
  lagBytes(): number {
    return this.#waiting.reduce((sum, { sizeBytes }) => sum + sizeBytes, this.#file?.waitingBytes ?? 0);
  }

  resumeState(safe: ReadonlyMap<string, Position>): ResumeState {
    for (const [source, { file, offsetBytes }] of safe) {
      const sizeBytes = Math.max(offsetBytes, this.#points.get(source)?.sizeBytes ?? 0);
      this.#points.set(source, { file, offsetBytes, sizeBytes, waiting: [], passed: [] });
    }
    const { lostFiles, lostBytes } = this.stats;
    return { points: [...this.#points.values()], lostFiles, lostBytes, boot: bootId() };
  }

  async start(): Promise<void> {
    this.#next();
  }

  async stop(): Promise<void> {
    this.#file?.close();
  }

  // The file being read.

  get key(): string {
    return this.#file?.tracked.source ?? '';
  }

  get file(): TrackedFile | undefined {
    return this.#file?.tracked;
  }

  get offsetBytes(): number {
    return this.#file?.offsetBytes ?? 0;
  }

  read(into: Uint8Array): number {
    const file = this.#file;
    if (file === undefined) return 0;
    try {
      const count = file.read(into);
      file.records?.join(into, count, file.atFinalEnd);
      this.atFinalEnd = file.atFinalEnd;
      return count;
    } catch (error) {
      this.#giveUp(file, messageOf(error));
      return 0;
    }
  }

  consume(bytes: number): void {
    this.#file?.records?.taken(bytes);
    this.#file?.consume(bytes);
    this.stats.readBytes += bytes;
  }

  advance(): boolean {
    const file = this.#file;
    if (file === undefined) return false;
    if (file.damage !== undefined)
      this.#context.lost(file.tracked.path, 0, `it is damaged (${file.damage})`, SEE_TO_DISK);
    file.close();
    this.#next();
    return this.#file !== undefined;
  }

  #giveUp(file: HeldFile, cause: string): void {
    this.#context.lost(file.tracked.path, file.waitingBytes, cause, SEE_TO_DISK);
    this.atFinalEnd = false;
    file.close();
    this.#next();
    this.onReadable();
  }

  #next(): void {
    this.#file = undefined;
    this.atFinalEnd = false;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        this.#file = this.#open(next.path);
        return;
      } catch (error) {
        this.#context.lost(next.path, next.sizeBytes, messageOf(error), REPLAY_AGAIN);
      }
    }
  }

  /** At the place where an earlier replay left it, if it is the same file. */
  #open(path: string): HeldFile {
    // Whoever runs a replay may name a link; what is opened must not be one.
    const { target } = homeOf(path);
    const file = path.endsWith(COMPRESSED)
      ? GzipFile.openIfPresent(path, target, () => this.onReadable())
      : LogFile.openIfPresent(path, target);
    if (file === undefined) throw new Error(`there is no file ${path}`);
    file.isFinal = true;
    const point = this.#points.get(path);
    const hash = file.tracked.identity.firstLineHash;
    const isSame = point !== undefined && hash !== '' && point.file.identity.firstLineHash === hash;
    // What a compressed file says of its size is true modulo 4 GiB only.
    if (isSame && (point.offsetBytes <= file.sizeBytes || file instanceof GzipFile))
      file.offsetBytes = point.offsetBytes;
    return file;
  }
}

/** Shipped before, or empty. */
function isDone(file: HeldFile): boolean {
  return file.offsetBytes === file.sizeBytes && (file.offsetBytes > 0 || !(file instanceof GzipFile));
}
