/**
 * The spool: bodies on disk, in order, while the server is away.
 *
 * Owns the folder and its segments. Promises: a record whose ticket `isDurable` after `sync` survives a power
 * failure; records are read in the order in which they were written, each once; damage costs the records it
 * touches, counted; the files stay under the bound; a segment goes when its last record is done. A disk that
 * fails is said and counted, never thrown: `append` then answers undefined for a while, and the caller goes on
 * without. A kill at any instant costs at most that records which were sent are sent again.
 */

import type { Logger } from '../log.ts';
import type { Body } from './body.ts';
import { type Disk, REAL_DISK } from './disk.ts';
import { joinRange, type Range, rangesOf } from './ranges.ts';
import { SpoolFolder } from './spool-folder.ts';
import { payloadParts, recordBytes, recordHeader, SEGMENT_HEADER_BYTES } from './spool-format.ts';
import { SpoolHealth } from './spool-health.ts';
import type { ReadRecord, Segment } from './spool-segment.ts';
import { type DeliveryStats, SpoolStats } from './stats.ts';

export interface SpoolOptions {
  readonly folder: string;
  /** Bound of all segments together. */
  readonly maxBytes: number;
  /** When full: give up the oldest segment instead of refusing. */
  readonly dropOldest: boolean;
  readonly log: Logger;
  readonly stats: DeliveryStats;
  readonly disk?: Disk | undefined;
  /** How long a disk is left alone after a failure. */
  readonly diskRetryMs?: number | undefined;
}

/** Where a body stands in the spool. */
export interface Ticket {
  readonly segment: Segment;
  readonly offset: number;
}

export type SpooledBody = ReadRecord & { readonly ticket: Ticket };

/** Failed readings of one segment, a pause between them, before those behind it have their turn. */
const READ_TRIES = 12;

const WHY_FULL = 'the server is away for too long, or TETRASHIP_SPOOL_BYTES is too small';

export class Spool {
  readonly stats: SpoolStats;
  readonly health: SpoolHealth;
  /** The last `append` found no room. */
  full: boolean;
  /** Called when room has become free. */
  onRoom: () => void;
  readonly #options: SpoolOptions;
  readonly #folder: SpoolFolder;
  #readFailures: number;
  /** Reading and dropping take turns. */
  #lastRead: Promise<unknown>;
  /** Dropped since that was last said. */
  #unsaid: { rows: number; ranges: Range[] };
  /** Done marks that are being written. */
  readonly #marks: Set<Promise<unknown>>;
  #probeTimer: NodeJS.Timeout | undefined;
  #probing: Promise<void>;
  #isClosed: boolean;

  constructor(options: SpoolOptions) {
    this.stats = new SpoolStats();
    this.health = new SpoolHealth(options.log, options.diskRetryMs);
    this.full = false;
    this.onRoom = () => undefined;
    this.#options = options;
    this.#folder = new SpoolFolder({
      ...{ disk: options.disk ?? REAL_DISK, folder: options.folder, maxBytes: options.maxBytes },
      ...{ counts: this.stats, health: this.health },
      onChange: () => {
        this.full = false;
        this.onRoom();
      },
    });
    this.#readFailures = 0;
    this.#lastRead = Promise.resolve();
    this.#unsaid = { rows: 0, ranges: [] };
    this.#marks = new Set();
    this.#probeTimer = undefined;
    this.#probing = Promise.resolve();
    this.#isClosed = false;
  }

  /**
   * Finds what an earlier run left.
   * @throws {TetrashipError} STATE when a newer version wrote it; other trouble is said and tried again
   */
  open(): void {
    this.#folder.open();
  }

  get usedBytes(): number {
    return this.#folder.usedBytes;
  }

  /** Records wait to be read. */
  get unread(): boolean {
    return this.#folder.segments.some((segment) => segment.unread);
  }

  /**
   * Appends a body; durable after `sync`. Resolves to undefined when there is no room or the disk fails.
   * @param known the body stays in memory and is not to be read
   */
  async append(body: Body, known: boolean): Promise<Ticket | undefined> {
    if (!this.health.mayTry('write')) return undefined;
    let segment: Segment | undefined;
    try {
      this.#folder.list();
      const payload = payloadParts(body);
      const length = recordBytes(payload);
      if (!(await this.#hasRoom(length + SEGMENT_HEADER_BYTES))) return undefined;
      segment = await this.#folder.writable(length);
      const header = recordHeader(body, payload, segment.mark, Date.now());
      const offset = await segment.append([header, ...payload], known);
      this.stats.writtenRecords++;
      return { segment, offset };
    } catch (error) {
      this.#writeFailed('write to the spool', error);
      if (segment !== undefined) await this.#takeBack(segment);
      return undefined;
    }
  }

  /** Makes everything appended durable, as far as the disk can: see `isDurable`. */
  async sync(): Promise<void> {
    for (const segment of [...this.#folder.segments]) {
      if (segment.abandoned || segment.durableBytes === segment.endBytes) continue;
      try {
        await segment.sync();
        this.health.worked('write');
      } catch (error) {
        this.#writeFailed('make the spool durable', error);
        await this.#takeBack(segment);
      }
    }
  }

  isDurable({ segment, offset }: Ticket): boolean {
    return offset < segment.durableBytes;
  }

  /** The oldest record not read yet. Undefined with `unread` still true: the disk fails, ask again later. */
  next(): Promise<SpooledBody | undefined> {
    return this.#inTurn(() => this.#next());
  }

  /** The record was delivered or dead-lettered: no later start sends it again. */
  done({ segment, offset }: Ticket): void {
    const mark = segment
      .done(offset)
      // It costs a second sending after a restart, no more; and the file goes with its last record all the same.
      .catch(() => this.health.diskErrors++)
      .finally(() => {
        this.#marks.delete(mark);
        this.#folder.clean();
      });
    this.#marks.add(mark);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#probeTimer);
    await Promise.allSettled([this.#lastRead, this.#probing, ...this.#marks]);
    await this.#folder.close();
    if (this.#unsaid.rows > 0)
      this.#options.log.error(`the spool was full: more events were dropped; ${WHY_FULL}`, this.#unsaid);
  }

  async #next(): Promise<SpooledBody | undefined> {
    for (const segment of [...this.#folder.segments]) {
      const record = segment.unread && !segment.removed ? await this.#read(segment) : undefined;
      if (record !== undefined) {
        this.stats.readRecords++;
        this.stats.readCreatedMs = record.createdMs;
        return { ...record, ticket: { segment, offset: record.offset } };
      }
      // Failed, not at its end: the order is kept, so those behind it wait too.
      if (segment.unread && !segment.removed) return undefined;
    }
    this.#folder.clean();
    return undefined;
  }

  async #read(segment: Segment): Promise<ReadRecord | undefined> {
    const { damagedRecords, damagedRows } = this.stats;
    try {
      const record = await segment.next();
      this.#readFailures = 0;
      this.health.worked('read');
      this.#reportDamage(
        segment,
        this.stats.damagedRecords - damagedRecords,
        this.stats.damagedRows - damagedRows,
      );
      return record;
    } catch (error) {
      this.health.failed('read', 'read from the spool', error);
      if (++this.#readFailures < READ_TRIES) return undefined;
      this.#readFailures = 0;
      this.#leave(segment);
      return undefined;
    }
  }

  /** Lets those behind it have their turn. */
  #leave(segment: Segment): void {
    segment.left = true;
    segment.skip();
    const message =
      'a file of the spool cannot be read: its events wait there for the next start; mend the disk, then start the agent again';
    this.health.complain('left', message, { file: segment.file, bytes: segment.endBytes });
  }

  /** Whether a record of this length fits now, after dropping what may be dropped. */
  async #hasRoom(length: number): Promise<boolean> {
    const { maxBytes, dropOldest } = this.#options;
    while (this.usedBytes + length > maxBytes) {
      this.full = !dropOldest || length > maxBytes || !(await this.#inTurn(() => this.#drop()));
      if (this.full) return false;
    }
    this.full = false;
    return true;
  }

  /** Gives the oldest segment with unread records up. Returns false when there is none. */
  async #drop(): Promise<boolean> {
    const oldest = this.#folder.segments.find((segment) => segment.unread);
    if (oldest === undefined) return false;
    oldest.sealed = true;
    const unsaid = this.#unsaid;
    const before = unsaid.rows;
    for (let record = await this.#read(oldest); record !== undefined; record = await this.#read(oldest)) {
      this.stats.droppedRecords++;
      unsaid.rows += record.body.rowCount;
      for (const range of rangesOf(record.body.rows)) joinRange(unsaid.ranges, range);
    }
    // What could not be read either is one record at least.
    if (oldest.unread) this.stats.droppedRecords++;
    oldest.skip();
    const rows = unsaid.rows - before;
    this.stats.droppedRows += rows;
    this.#options.stats.lost.dropped += rows;
    const message = `the spool is full: the oldest events are dropped; ${WHY_FULL}`;
    const isSaid = this.health.complain('full', message, { ...unsaid, droppedRows: this.stats.droppedRows });
    if (isSaid) this.#unsaid = { rows: 0, ranges: [] };
    return this.#folder.remove(oldest);
  }

  #writeFailed(what: string, error: unknown): void {
    this.health.failed('write', what, error);
    clearTimeout(this.#probeTimer);
    if (this.#isClosed) return;
    this.#probeTimer = setTimeout(() => {
      this.#probing = this.#probe();
    }, this.health.retryMs).unref();
  }

  /** Perhaps nobody has a body for the disk for a long time: that it is well again must show all the same. */
  async #probe(): Promise<void> {
    if (this.health.isWell('write')) return;
    try {
      await this.#folder.probe();
      this.health.worked('write');
    } catch (error) {
      this.#writeFailed('write to the spool', error);
    }
  }

  async #takeBack(segment: Segment): Promise<void> {
    await segment.takeBack().catch(() => this.health.diskErrors++);
    this.#folder.clean();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#lastRead.then(work);
    this.#lastRead = done.catch(() => undefined);
    return done;
  }

  #reportDamage({ file }: Segment, records: number, rows: number): void {
    if (records === 0) return;
    this.#options.stats.lost.damaged += rows;
    const { damagedRecords } = this.stats;
    const message = 'records of the spool are damaged: their events are lost; see whether the disk is well';
    this.health.complain('damage', message, { file, records, rows, damagedRecords });
  }
}
