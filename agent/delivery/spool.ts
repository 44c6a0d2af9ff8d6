/**
 * The spool: bodies on disk, in order, while the server is away.
 *
 * Owns the folder and its segments. Promises: a record whose ticket `isDurable` after `sync` survives a power
 * failure; records are read in the order in which they were written, each once; damage costs the records it
 * touches, counted; the files stay under the bound; a segment goes when its last record is done. A disk that
 * fails is said and counted, never thrown: `append` then answers undefined for a while, and the caller goes on
 * without. A kill at any instant costs at most that records which were sent are sent again.
 */

import { TetrashipError } from '../errors.ts';
import { KiB, MiB } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { Body } from './body.ts';
import { type Disk, REAL_DISK } from './disk.ts';
import { joinRange, type Range, rangesOf } from './ranges.ts';
import { createSegment, listSegments } from './spool-folder.ts';
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

/** A full spool frees or drops this share at a time; and no file is larger than MAX_SEGMENT_BYTES. */
const SEGMENTS_AT_BOUND = 64;
const MIN_SEGMENT_BYTES = 64 * KiB;
const MAX_SEGMENT_BYTES = 16 * MiB;

/** Failed readings of one segment before it is given up. */
const READ_TRIES = 5;

export class Spool {
  readonly stats: SpoolStats;
  readonly health: SpoolHealth;
  /** The last `append` found no room. */
  full: boolean;
  /** Called when room has become free. */
  onRoom: () => void;
  readonly #options: SpoolOptions;
  readonly #disk: Disk;
  readonly #segmentBytes: number;
  /** The oldest first. */
  readonly #segments: Segment[];
  #isListed: boolean;
  #readFailures: number;
  /** Reading and dropping take turns. */
  #lastRead: Promise<unknown>;

  constructor(options: SpoolOptions) {
    this.stats = new SpoolStats();
    this.health = new SpoolHealth(options.log, options.diskRetryMs);
    this.full = false;
    this.onRoom = () => undefined;
    this.#options = options;
    this.#disk = options.disk ?? REAL_DISK;
    const share = Math.floor(options.maxBytes / SEGMENTS_AT_BOUND);
    this.#segmentBytes = Math.min(MAX_SEGMENT_BYTES, Math.max(MIN_SEGMENT_BYTES, share));
    this.#segments = [];
    this.#isListed = false;
    this.#readFailures = 0;
    this.#lastRead = Promise.resolve();
  }

  /**
   * Finds what an earlier run left.
   * @throws {TetrashipError} STATE when a newer version wrote it; other trouble is said and tried again
   */
  open(): void {
    try {
      this.#list();
    } catch (error) {
      if (error instanceof TetrashipError) throw error;
      this.health.fail('look into the spool', error);
    }
  }

  get usedBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.endBytes, 0);
  }

  /** Records wait to be read. */
  get unread(): boolean {
    return this.#segments.some((segment) => segment.unread);
  }

  /**
   * Appends a body; durable after `sync`. Resolves to undefined when there is no room or the disk fails.
   * @param known the body stays in memory and is not to be read
   */
  async append(body: Body, known: boolean): Promise<Ticket | undefined> {
    if (!this.health.ready) return undefined;
    let segment: Segment | undefined;
    try {
      if (!this.#isListed) this.#list();
      const payload = payloadParts(body);
      const length = recordBytes(payload);
      if (!(await this.#hasRoom(length + SEGMENT_HEADER_BYTES))) return undefined;
      segment = this.#writable(length) ?? (await this.#newSegment());
      const header = recordHeader(body, payload, segment.mark, Date.now());
      const offset = await segment.append([header, ...payload], known);
      this.stats.writtenRecords++;
      return { segment, offset };
    } catch (error) {
      this.health.fail('write to the spool', error);
      if (segment !== undefined) await this.#takeBack(segment);
      return undefined;
    }
  }

  /** Makes everything appended durable, as far as the disk can: see `isDurable`. */
  async sync(): Promise<void> {
    for (const segment of [...this.#segments]) {
      if (segment.abandoned || segment.durableBytes === segment.endBytes) continue;
      try {
        await segment.sync();
        this.health.well();
      } catch (error) {
        this.health.fail('make the spool durable', error);
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
    segment
      .done(offset)
      .catch((error: unknown) => this.health.fail('mark a record of the spool as sent', error))
      .finally(() => this.#clean());
  }

  async close(): Promise<void> {
    await this.#lastRead;
    await Promise.allSettled(this.#segments.map((segment) => segment.close()));
  }

  #list(): void {
    this.#segments.unshift(...listSegments(this.#disk, this.#options.folder, this.stats));
    this.#isListed = true;
    this.#clean();
  }

  async #next(): Promise<SpooledBody | undefined> {
    for (const segment of [...this.#segments]) {
      const record = segment.unread && !segment.removed ? await this.#read(segment) : undefined;
      if (record !== undefined) {
        this.stats.readRecords++;
        this.stats.readCreatedMs = record.createdMs;
        return { ...record, ticket: { segment, offset: record.offset } };
      }
      // Failed, not at its end: the order is kept, so those behind it wait too.
      if (segment.unread && !segment.removed) return undefined;
    }
    this.#clean();
    return undefined;
  }

  async #read(segment: Segment): Promise<ReadRecord | undefined> {
    const { damagedRecords, damagedRows } = this.stats;
    try {
      const record = await segment.next();
      this.#readFailures = 0;
      this.#reportDamage(
        segment,
        this.stats.damagedRecords - damagedRecords,
        this.stats.damagedRows - damagedRows,
      );
      return record;
    } catch (error) {
      this.health.fail('read from the spool', error);
      if (++this.#readFailures < READ_TRIES) return undefined;
      this.#readFailures = 0;
      this.stats.damagedRecords++;
      this.#reportDamage(segment, 1, 0);
      segment.skip();
      return undefined;
    }
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
    const oldest = this.#segments.find((segment) => segment.unread);
    if (oldest === undefined) return false;
    oldest.sealed = true;
    let rows = 0;
    const ranges: Range[] = [];
    for (let record = await this.#read(oldest); record !== undefined; record = await this.#read(oldest)) {
      this.stats.droppedRecords++;
      rows += record.body.rowCount;
      for (const range of rangesOf(record.body.rows)) joinRange(ranges, range);
    }
    oldest.skip();
    this.stats.droppedRows += rows;
    this.#options.stats.rowsLost += rows;
    this.health.complain(
      'full',
      'the spool is full: the oldest events are dropped; the server is away for too long, or TETRASHIP_SPOOL_BYTES is too small',
      { rows, ranges, droppedRows: this.stats.droppedRows },
    );
    return this.#remove(oldest);
  }

  #writable(length: number): Segment | undefined {
    const last = this.#segments.at(-1);
    if (last === undefined || last.sealed || last.removed) return undefined;
    if (last.endBytes + length <= this.#segmentBytes || last.endBytes <= SEGMENT_HEADER_BYTES) return last;
    last.sealed = true;
    return undefined;
  }

  async #newSegment(): Promise<Segment> {
    const id = (this.#segments.at(-1)?.id ?? 0) + 1;
    const segment = await createSegment(this.#disk, this.#options.folder, id, this.stats);
    this.#segments.push(segment);
    return segment;
  }

  async #takeBack(segment: Segment): Promise<void> {
    await segment.takeBack().catch(() => this.health.diskErrors++);
    this.#clean();
  }

  /** Removes segments of which nothing is needed any more. */
  #clean(): void {
    for (const segment of [...this.#segments]) {
      if (!segment.removed && segment.finished && this.health.ready) void this.#remove(segment);
    }
  }

  async #remove(segment: Segment): Promise<boolean> {
    segment.sealed = true;
    try {
      await segment.remove();
    } catch (error) {
      segment.removed = false;
      this.health.fail('remove a file of the spool', error);
      return false;
    }
    const at = this.#segments.indexOf(segment);
    if (at >= 0) this.#segments.splice(at, 1);
    this.full = false;
    this.onRoom();
    return true;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#lastRead.then(work);
    this.#lastRead = done.catch(() => undefined);
    return done;
  }

  #reportDamage({ file }: Segment, records: number, rows: number): void {
    if (records === 0) return;
    this.#options.stats.rowsLost += rows;
    const { damagedRecords } = this.stats;
    const message = 'records of the spool are damaged: their events are lost';
    this.health.complain('damage', message, { file, records, rows, damagedRecords });
  }
}
