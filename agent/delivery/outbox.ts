/**
 * Encoded bodies that wait for the server, in order and bounded in bytes.
 *
 *     accept ─► [ job job job job ] ─► sink
 *                 ▲ oldest    ▲ admitted when there is room
 *
 * Owns the bodies' bytes. A job leaves when it is stored, dead-lettered or dropped, or is replaced by its pieces.
 * Invariant: `usedBytes` is the sum over the jobs in it; it exceeds the capacity only by one body that alone is
 * larger, and by what re-encoding the pieces of a cut body adds.
 */

import { KiB } from '../limits.ts';
import type { Body } from './body.ts';
import type { DeliveryStats } from './stats.ts';

/** What several jobs that came from one batch share: the batch is settled with the last of them. */
export class Batch {
  readonly sequence: number;
  pieces: number;
  /** Bodies stored when the first failure was counted against any piece of it; see blame.ts. */
  suspectPasses: number;

  constructor(sequence: number) {
    this.sequence = sequence;
    this.pieces = 1;
    this.suspectPasses = Number.POSITIVE_INFINITY;
  }
}

export type JobState = 'ready' | 'flying' | 'resting' | 'gone';

/** A body, or a piece of one, with what its tries have taught. */
export class Job {
  readonly batch: Batch;
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
}

/** Objects and timers around a small body, roughly: many tiny bodies are bounded too. */
const JOB_OVERHEAD_BYTES = KiB;
/** ends, offsets, lengths. */
const ROW_TABLE_BYTES = 4 + 8 + 4;

function bodySize(body: Body): number {
  return body.bytes.length + body.rowCount * ROW_TABLE_BYTES + JOB_OVERHEAD_BYTES;
}

interface Waiter {
  readonly job: Job;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Outbox {
  usedBytes: number;
  readonly #stats: DeliveryStats;
  readonly #capacityBytes: number;
  readonly #jobs: Job[];
  readonly #waiters: Waiter[];
  #closed: Error | undefined;
  readonly #admitted: (job: Job) => void;

  /** @param admitted called for each job as it enters */
  constructor(capacityBytes: number, stats: DeliveryStats, admitted: (job: Job) => void) {
    this.usedBytes = 0;
    this.#stats = stats;
    this.#capacityBytes = capacityBytes;
    this.#jobs = [];
    this.#waiters = [];
    this.#closed = undefined;
    this.#admitted = admitted;
  }

  /** The jobs, oldest first. */
  get jobs(): readonly Job[] {
    return this.#jobs;
  }

  /** Somebody waits for room. */
  get full(): boolean {
    return this.#waiters.length > 0;
  }

  /** Resolves once the job is in: at once while there is room, later in the order of the calls. */
  admit(job: Job): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    if (this.#waiters.length === 0 && this.#fits(job)) {
      this.#enter(job);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ job, resolve, reject });
    });
  }

  /** The job is done with. */
  remove(job: Job): void {
    this.replace(job, []);
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
    this.#letIn();
  }

  /** Nobody is let in any more: those who wait, and those who come, get the error. */
  close(error: Error): void {
    this.#closed = error;
    for (const { reject } of this.#waiters.splice(0)) reject(error);
  }

  #letIn(): void {
    for (
      let first = this.#waiters[0];
      first !== undefined && this.#fits(first.job);
      first = this.#waiters[0]
    ) {
      this.#waiters.shift();
      this.#enter(first.job);
      first.resolve();
    }
  }

  #fits(job: Job): boolean {
    return this.#jobs.length === 0 || this.usedBytes + job.sizeBytes <= this.#capacityBytes;
  }

  #enter(job: Job): void {
    this.#jobs.push(job);
    this.usedBytes += job.sizeBytes;
    this.#count();
    this.#admitted(job);
  }

  #count(): void {
    this.#stats.outboxBytes = this.usedBytes;
    this.#stats.outboxBodies = this.#jobs.length;
  }
}
