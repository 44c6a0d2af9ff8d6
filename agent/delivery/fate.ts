/**
 * What becomes of a job in the end: stored, cut in two, dead-lettered or lost. Each way but the cut takes it out of
 * the outbox, and the last piece of a batch settles the batch; there is no other way out.
 */

import { halve, rowOrigin, soleRow } from './bisect.ts';
import type { Body, Encoding } from './body.ts';
import type { DeadLetters, LineReader } from './deadletter.ts';
import type { Encoder } from './encode.ts';
import { Job, type Outbox } from './outbox.ts';
import { describe, type Outcome } from './retry.ts';
import type { Spokesman } from './spokesman.ts';
import type { DeliveryStats } from './stats.ts';

export interface FateOptions {
  readonly encoder: Encoder;
  readonly stats: DeliveryStats;
  readonly deadLetters: Pick<DeadLetters, 'append' | 'flush'>;
  readonly lineOf?: LineReader | undefined;
}

export class Fate {
  readonly #options: FateOptions;
  readonly #outbox: Outbox;
  readonly #spokesman: Spokesman;

  constructor(options: FateOptions, outbox: Outbox, spokesman: Spokesman) {
    this.#options = options;
    this.#outbox = outbox;
    this.#spokesman = spokesman;
  }

  /** The server has acknowledged it. */
  stored(job: Job, sentBytes: number, nowMs: number): void {
    const { stats } = this.#options;
    stats.rowsDelivered += job.body.rowCount;
    stats.deliveredBytes += job.body.rawLength;
    stats.sentBytes += sentBytes;
    stats.lastAckMs = nowMs;
    stats.lastAckedEventMs = newest(stats.lastAckedEventMs, job.body.lastEventTimeMs);
    stats.credentialsRefused = false;
    this.#finish(job);
  }

  /**
   * The server will never take it as it is. Resolves to the pieces that stand in its place: two halves, or none
   * when a single event was left, which is dead-lettered.
   */
  async refused(job: Job, outcome: Outcome, encoding: Encoding): Promise<readonly Job[]> {
    if (job.body.rowCount > 1) return this.cut(job, encoding);
    await this.#bury(job.body, outcome);
    // The checkpoint has passed it already: without its letter on disk its record must not be marked as done, so that
    // the next start sends it again.
    if (job.batch.isDurable && !this.#options.deadLetters.flush()) job.batch.redirect(() => undefined);
    this.#finish(job);
    return [];
  }

  async cut(job: Job, encoding: Encoding): Promise<readonly Job[]> {
    const halves = await halve(this.#options.encoder, job.body, encoding);
    const pieces = halves.map((body) => new Job(job.batch, body));
    this.#options.stats.splits++;
    job.batch.pieces++;
    this.#outbox.replace(job, pieces);
    return pieces;
  }

  /** Given up, counted and named. */
  lost(job: Job, why: string): void {
    this.#options.stats.lost.unsendable += job.body.rowCount;
    this.#spokesman.lost(job.body, why);
    this.#finish(job);
  }

  /** Given up for room. */
  dropped(job: Job): void {
    const { lost } = this.#options.stats;
    lost.dropped += job.body.rowCount;
    this.#spokesman.dropped(job.body, lost.dropped);
    this.#finish(job);
  }

  async #bury(body: Body, outcome: Outcome): Promise<void> {
    const { deadLetters, stats, lineOf } = this.#options;
    const row = await soleRow(body);
    const { file, offsetBytes, lengthBytes } = rowOrigin(body.rows, 0);
    deadLetters.append({
      reason: 'refused',
      file: file?.path ?? '',
      offset: offsetBytes,
      length: lengthBytes,
      status: outcome.kind === 'answer' ? outcome.status : null,
      message: outcome.kind === 'answer' ? outcome.text : describe(outcome),
      line: file === undefined ? undefined : lineOf?.(file, offsetBytes, lengthBytes),
      row,
    });
    stats.rowsDeadLettered++;
  }

  #finish(job: Job): void {
    // The batch first: who is told of room may look at what is settled.
    job.batch.release();
    this.#outbox.remove(job);
  }
}

/** The later of two times, either of which may be NaN. */
function newest(a: number, b: number): number {
  return a > b || Number.isNaN(b) ? a : b;
}
