/**
 * Encoded bodies in memory that wait for the server, in order and bounded in bytes.
 *
 *     enter ─► [ job job job job ] ─► sink
 *                ▲ oldest    ▲ newest
 *
 * Owns the bodies' bytes. A job leaves when it is stored, dead-lettered or dropped, or is replaced by its pieces.
 * Invariant: `usedBytes` is the sum over the jobs in it. Who enters has asked `fits` before, so that the capacity
 * is exceeded only by one body that alone is larger, and by what re-encoding the pieces of a cut body adds.
 */

import { KiB } from '../limits.ts';
import type { Body } from './body.ts';
import type { DeliveryStats } from './stats.ts';

/** What several jobs that came from one body share: with the last of them, somebody is told. */
export class Batch {
  pieces: number;
  /** Stands on disk: the checkpoint has passed it. */
  isDurable: boolean;
  /** Bodies stored when the first failure was counted against any piece of it; see blame.ts. */
  suspectPasses: number;
  #onDone: () => void;

  constructor(isDurable: boolean, onDone: () => void) {
    this.pieces = 1;
    this.isDurable = isDurable;
    this.suspectPasses = Number.POSITIVE_INFINITY;
    this.#onDone = onDone;
  }

  /** One piece less. */
  release(): void {
    this.pieces--;
    if (this.pieces === 0) this.#onDone();
  }

  /** Tells another instead; at once when the last piece is gone already. */
  redirect(onDone: () => void): void {
    this.#onDone = onDone;
    if (this.pieces === 0) onDone();
  }
}

export type JobState = 'ready' | 'flying' | 'resting' | 'gone';

/** A body, or a piece of one, with what its tries have taught. */
export class Job {
  batch: Batch;
  readonly body: Body;
  readonly sizeBytes: number;
  state: JobState;
  lastTryMs: number;
  /** Tried in this instead of the sink's own encoding; `undefined`: no suspicion. */
  trial: Body['encoding'] | undefined;
  strikes: number;
  /** The words of the last strike: another failure begins a new count. */
  strikeText: string;
  /** Bodies stored when the last strike was counted. */
  strikePasses: number;
  /** Times its connection was cut while it was sent uncompressed. */
  cuts: number;
  /** Tries that ended in an error of our own. */
  mishaps: number;

  constructor(batch: Batch, body: Body) {
    this.batch = batch;
    this.body = body;
    this.sizeBytes = bodySize(body);
    this.state = 'ready';
    this.lastTryMs = 0;
    this.trial = undefined;
    this.strikes = 0;
    this.strikeText = '';
    this.strikePasses = 0;
    this.cuts = 0;
    this.mishaps = 0;
  }

  /** Out of the outbox, perhaps since the last `await`. */
  get isGone(): boolean {
    return this.state === 'gone';
  }
}

/** Objects and timers around a small body, roughly: many tiny bodies are bounded too. */
const JOB_OVERHEAD_BYTES = KiB;
/** ends, offsets, lengths. */
const ROW_TABLE_BYTES = 4 + 8 + 4;

function bodySize(body: Body): number {
  return body.bytes.length + body.rowCount * ROW_TABLE_BYTES + JOB_OVERHEAD_BYTES;
}

export class Outbox {
  usedBytes: number;
  /** Called for each job as it enters. */
  onEnter: (job: Job) => void;
  /** Called when a job has left. */
  onRoom: () => void;
  readonly #capacityBytes: number;
  readonly #stats: DeliveryStats;
  readonly #jobs: Job[];

  constructor(capacityBytes: number, stats: DeliveryStats) {
    this.usedBytes = 0;
    this.onEnter = () => undefined;
    this.onRoom = () => undefined;
    this.#capacityBytes = capacityBytes;
    this.#stats = stats;
    this.#jobs = [];
  }

  /** The jobs, oldest first. */
  get jobs(): readonly Job[] {
    return this.#jobs;
  }

  /** There is room for a job of this size; an empty outbox takes any. */
  fits(sizeBytes: number): boolean {
    return this.#jobs.length === 0 || this.usedBytes + sizeBytes <= this.#capacityBytes;
  }

  enter(job: Job): void {
    this.#jobs.push(job);
    this.usedBytes += job.sizeBytes;
    this.#count();
    this.onEnter(job);
  }

  /** The job is done with. */
  remove(job: Job): void {
    this.replace(job, []);
    this.onRoom();
  }

  /** The pieces take the job's place in the order. */
  replace(job: Job, pieces: readonly Job[]): void {
    const at = this.#jobs.indexOf(job);
    if (at < 0) return;
    job.state = 'gone';
    this.#jobs.splice(at, 1, ...pieces);
    this.usedBytes -= job.sizeBytes;
    for (const piece of pieces) this.usedBytes += piece.sizeBytes;
    this.#count();
  }

  #count(): void {
    this.#stats.outboxBytes = this.usedBytes;
    this.#stats.outboxBodies = this.#jobs.length;
  }
}
