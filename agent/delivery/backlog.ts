/**
 * Where bodies wait: memory first, then disk.
 *
 *     accept ─► outbox (memory) ─────────────► sink
 *        └────► spool (disk) ─── load ──► outbox
 *
 * While nothing waits on disk, bodies go through memory alone. When memory is full and the server is the reason,
 * all of it is written to the spool, in order, and what comes after goes there too, until the last record was read
 * back: the order is kept, and what the checkpoint may pass is a run without a gap. A body is settled when it is
 * durable on disk, or when it is done with. When the disk fails, memory alone has to do, and `accept` waits.
 */

import { Batch, Job, type Outbox } from './outbox.ts';
import type { Spool, Ticket } from './spool.ts';

export interface BacklogOptions {
  readonly outbox: Outbox;
  readonly spool: Spool | undefined;
  readonly whenFull: 'block' | 'drop_oldest';
  /** The server does not take what it is sent. */
  readonly isTroubled: () => boolean;
  /** Gives up a job that is not on its way, counted and named. */
  readonly drop: (job: Job) => void;
}

/** A server that takes bodies, but slower than they come, is waited for this long before the disk is used. */
const PATIENCE_MS = 1000;
/** Who waits looks again this often: at the server's state and at the disk, which announce nothing. */
const LOOK_MS = 100;

export class Backlog {
  /** A body has waited for room for a while: the server or the disk has to come back, and not only to catch up. */
  full: boolean;
  readonly #options: BacklogOptions;
  #closed: Error | undefined;
  #isLoading: boolean;
  #isStopping: boolean;
  #loadTimer: NodeJS.Timeout | undefined;
  #wake: () => void;

  constructor(options: BacklogOptions) {
    this.full = false;
    this.#options = options;
    this.#closed = undefined;
    this.#isLoading = false;
    this.#isStopping = false;
    this.#loadTimer = undefined;
    this.#wake = () => undefined;
    const changed = () => {
      this.#wake();
      this.#load();
    };
    options.outbox.onRoom = changed;
    if (options.spool !== undefined) options.spool.onRoom = changed;
  }

  /** Begins to read what an earlier run left on disk. */
  start(): void {
    this.#load();
  }

  /**
   * Takes a body. Resolves when it is in memory or on disk. One call at a time.
   * @throws the error given to `close`
   */
  async accept(job: Job): Promise<void> {
    const sinceMs = performance.now();
    try {
      let isLate = false;
      while (!(await this.#place(job, isLate))) {
        this.full = isLate;
        await this.#change();
        isLate = performance.now() - sinceMs >= PATIENCE_MS;
      }
    } finally {
      this.full = false;
    }
  }

  /** No more reading from disk: what is there stays for the next start. */
  stopLoading(): void {
    clearTimeout(this.#loadTimer);
    this.#isStopping = true;
  }

  /** Puts what is still in memory on disk, as far as there is room. */
  async storeAll(): Promise<void> {
    await this.#store(undefined);
  }

  /** Who waits, and who comes, gets the error. */
  close(error: Error): void {
    this.#closed = error;
    this.#wake();
  }

  async #place(job: Job, isLate: boolean): Promise<boolean> {
    if (this.#closed !== undefined) throw this.#closed;
    const { outbox, spool, whenFull, isTroubled, drop } = this.#options;
    const isBehind = spool?.unread === true;
    if (
      spool?.health.mayTry('write') === true &&
      (isBehind || (!outbox.fits(job.sizeBytes) && (isLate || isTroubled())))
    ) {
      if (await this.#store(job)) return true;
      // Full, not broken: overtaking what is on disk would gain nothing.
      if (spool.full && isBehind) return false;
    }
    if (outbox.fits(job.sizeBytes)) {
      outbox.enter(job);
      return true;
    }
    if (whenFull === 'block' || spool?.health.isWell('write') === true || !(isLate || isTroubled()))
      return false;
    const oldest = outbox.jobs.find(({ state }) => state === 'ready' || state === 'resting');
    if (oldest === undefined) return false;
    drop(oldest);
    return this.#place(job, isLate);
  }

  /** Writes what is only in memory to the spool, and `job` behind it. Returns whether `job` is durable. */
  async #store(job: Job | undefined): Promise<boolean> {
    const { outbox, spool } = this.#options;
    if (spool === undefined) return false;
    const written: { ticket: Ticket; before: Batch; now: Batch }[] = [];
    const wanted = outbox.jobs.filter(({ batch }) => !batch.isDurable);
    if (job !== undefined) wanted.push(job);
    let isStored = false;
    for (const one of wanted) {
      if (one.isGone) continue;
      const ticket = await spool.append(one.body, one !== job);
      if (ticket === undefined) break;
      const now = new Batch(true, () => spool.done(ticket));
      // Sent or cut while it was written: the record is not needed.
      if (one.isGone) {
        now.release();
        continue;
      }
      written.push({ ticket, before: one.batch, now });
      now.suspectPasses = one.batch.suspectPasses;
      one.batch = now;
      isStored = one === job;
    }
    await spool.sync();
    for (const { ticket, before, now } of written) {
      if (spool.isDurable(ticket)) {
        before.release();
        continue;
      }
      isStored = false;
      // Not durable after all: it is settled as if the disk had never been tried.
      now.isDurable = false;
      now.redirect(() => before.release());
    }
    if (isStored) this.#load();
    return isStored;
  }

  /** Reads records back into memory while there is room. */
  #load(): void {
    const { spool, outbox } = this.#options;
    if (spool === undefined || this.#isLoading || this.#isStopping || !spool.unread || !outbox.fits(0))
      return;
    this.#isLoading = true;
    clearTimeout(this.#loadTimer);
    void this.#loadAll(spool, outbox);
  }

  async #loadAll(spool: Spool, outbox: Outbox): Promise<void> {
    let sizeBytes = 0;
    // The next body is taken to be as large as the last: one that is larger exceeds the bound by the difference.
    while (!this.#isStopping && spool.unread && outbox.fits(sizeBytes)) {
      const record = await spool.next();
      if (record === undefined) break;
      const job = new Job(new Batch(true, () => spool.done(record.ticket)), record.body);
      sizeBytes = job.sizeBytes;
      outbox.enter(job);
    }
    this.#isLoading = false;
    this.#wake();
    // Still unread with room for it: the disk failed, and announces nothing when it is well.
    if (!this.#isStopping && spool.unread && outbox.fits(sizeBytes)) {
      this.#loadTimer = setTimeout(() => this.#load(), spool.health.retryMs);
    }
  }

  /** Something has changed, or may have. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LOOK_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
