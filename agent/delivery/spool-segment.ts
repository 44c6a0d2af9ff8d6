/**
 * One file of the spool: records are appended at its end, read once from its beginning, and marked done in any
 * order; when all are done the file goes.
 *
 *     header │ done │ being sent │ unread … │ not yet durable │
 *                                ▲ readAt   ▲ durable         ▲ end
 *
 * Owns the file. Invariant: nothing beyond `durable` is ever read, so that what a failed write or sync left is
 * never taken for a record.
 */

import { KiB } from '../limits.ts';
import type { Body } from './body.ts';
import type { Disk, DiskFile } from './disk.ts';
import {
  DONE,
  DONE_AT,
  parseHeader,
  parsePayload,
  RECORD_HEADER_BYTES,
  type RecordHeader,
  SEGMENT_HEADER_BYTES,
  segmentHeader,
} from './spool-format.ts';

/** Bytes looked at in one go for the next record after damage. */
const SEARCH_BYTES = 64 * KiB;

/** What a segment has read. */
export interface ReadRecord {
  readonly body: Body;
  readonly offset: number;
  readonly createdMs: number;
}

export interface SegmentCounts {
  /** Records that were damaged, and the rows of those of which they are known. */
  damagedRecords: number;
  damagedRows: number;
}

export class Segment {
  readonly id: number;
  readonly file: string;
  /** Eight bytes from its name; see spool-format.ts. */
  readonly mark: Uint8Array;
  /** Bytes of the file. */
  endBytes: number;
  durableBytes: number;
  /** Records in memory, read or known since they were written, and not done yet. */
  open: number;
  /** No record will be appended any more. */
  sealed: boolean;
  /** A write or sync failed: what lies beyond `durable` is waste. */
  abandoned: boolean;
  /** Could not be read: the file stays for the next start. */
  left: boolean;
  removed: boolean;
  #readAt: number;
  #handle: Promise<DiskFile> | undefined;
  /** Records that are in memory since they were written: not read again. */
  readonly #known: Set<number>;
  readonly #disk: Disk;
  readonly #counts: SegmentCounts;

  /** @param endBytes of an existing file; 0 for one to be created */
  constructor(
    disk: Disk,
    id: number,
    file: string,
    mark: Uint8Array,
    endBytes: number,
    counts: SegmentCounts,
  ) {
    this.id = id;
    this.file = file;
    this.mark = mark;
    this.endBytes = endBytes;
    this.durableBytes = endBytes;
    this.open = 0;
    this.sealed = false;
    this.abandoned = false;
    this.left = false;
    this.removed = false;
    this.#readAt = Math.min(endBytes, SEGMENT_HEADER_BYTES);
    this.#handle = undefined;
    this.#known = new Set();
    this.#disk = disk;
    this.#counts = counts;
  }

  /** Records may stand between the place of reading and the durable end. */
  get unread(): boolean {
    return this.#readAt < this.durableBytes;
  }

  /** Nothing in it is needed any more. */
  get finished(): boolean {
    return (
      !this.left && !this.unread && this.open === 0 && (this.abandoned || this.durableBytes === this.endBytes)
    );
  }

  /** Makes the file. */
  async create(): Promise<void> {
    const created = this.#disk.create(this.file);
    this.#handle = created;
    const header = segmentHeader();
    if ((await (await created).write([header], 0)) !== header.length) throw new Error('the disk is full');
    this.#readAt = header.length;
    this.endBytes = header.length;
    this.durableBytes = header.length;
  }

  /**
   * Appends a record; durable after `sync`. Returns its offset.
   * @param parts header and payload, with this segment's mark
   * @param known the body stays in memory: the record is not to be read
   */
  async append(parts: readonly Uint8Array[], known: boolean): Promise<number> {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const offset = this.endBytes;
    // Counted before it is written, so that the bound holds whatever a failure leaves.
    this.endBytes += length;
    const written = await (await this.#opened()).write(parts, offset);
    if (written !== length) throw new Error(`the disk took ${written} of ${length} bytes: it is full`);
    if (known) {
      this.open++;
      this.#known.add(offset);
    }
    return offset;
  }

  /** What was appended survives a power failure. */
  async sync(): Promise<void> {
    const end = this.endBytes;
    await (await this.#opened()).sync();
    this.durableBytes = end;
  }

  /** Takes back what is not durable. It is never read, whether the disk lets go of it or not. */
  async takeBack(): Promise<void> {
    this.sealed = true;
    this.abandoned = true;
    for (const offset of this.#known) {
      if (offset < this.durableBytes) continue;
      this.#known.delete(offset);
      this.open--;
    }
    await (await this.#opened()).truncate(this.durableBytes);
    this.endBytes = this.durableBytes;
  }

  /** The next record that is to be sent; undefined at the durable end. */
  async next(): Promise<ReadRecord | undefined> {
    while (this.unread && !this.removed) {
      const offset = this.#readAt;
      const header = await this.#header(offset);
      if (header === undefined) {
        this.#counts.damagedRecords++;
        this.#readAt = await this.#search(offset + 1);
        continue;
      }
      if (header.isDone || this.#known.delete(offset)) {
        this.#readAt = offset + header.totalBytes;
        continue;
      }
      const body = await this.#body(offset, header);
      this.#readAt = offset + header.totalBytes;
      if (body !== undefined) {
        this.open++;
        return { body, offset, createdMs: header.createdMs };
      }
      this.#counts.damagedRecords++;
      this.#counts.damagedRows += header.rowCount;
    }
    return undefined;
  }

  /** Marks a record done, so that no later start sends it again. */
  async done(offset: number): Promise<void> {
    this.open--;
    // Done before it was durable: should the record be taken back, it must not be counted twice.
    if (offset >= this.durableBytes) this.#known.delete(offset);
    if (!this.removed && offset < this.endBytes) await (await this.#opened()).write([DONE], offset + DONE_AT);
  }

  /** Gives up what is still unread. */
  skip(): void {
    this.#readAt = this.durableBytes;
  }

  async close(): Promise<void> {
    const opened = this.#handle;
    this.#handle = undefined;
    await (await opened?.catch(() => undefined))?.close();
  }

  async remove(): Promise<void> {
    this.removed = true;
    await this.close().finally(() => this.#disk.remove(this.file));
  }

  async #opened(): Promise<DiskFile> {
    this.#handle ??= this.#disk.open(this.file);
    try {
      return await this.#handle;
    } catch (error) {
      // The next call tries again.
      this.#handle = undefined;
      throw error;
    }
  }

  /** The sound header at `offset` of a record that ends before the durable end. */
  async #header(offset: number): Promise<RecordHeader | undefined> {
    const bytes = await this.#read(offset, RECORD_HEADER_BYTES);
    const header = parseHeader(bytes, this.mark);
    return header !== undefined && offset + header.totalBytes <= this.durableBytes ? header : undefined;
  }

  async #body(offset: number, header: RecordHeader): Promise<Body | undefined> {
    const front = await this.#read(offset + RECORD_HEADER_BYTES, header.frontBytes);
    const bytes = await this.#read(offset + RECORD_HEADER_BYTES + header.frontBytes, header.bodyBytes);
    return parsePayload(header, front, bytes);
  }

  /** The first place from `from` on where a sound record begins; the durable end when there is none. */
  async #search(from: number): Promise<number> {
    for (let at = from; at < this.durableBytes; at += SEARCH_BYTES) {
      // The windows overlap, so that a mark on the border is seen whole.
      const bytes = Buffer.from((await this.#read(at, SEARCH_BYTES + this.mark.length - 1)).buffer);
      for (let hit = bytes.indexOf(this.mark); hit >= 0; hit = bytes.indexOf(this.mark, hit + 1)) {
        if ((await this.#header(at + hit)) !== undefined) return at + hit;
      }
    }
    return this.durableBytes;
  }

  /** Up to `length` bytes, never beyond the durable end. */
  async #read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.durableBytes - offset)));
    const got = await (await this.#opened()).read(bytes, offset);
    return got === bytes.length ? bytes : bytes.slice(0, got);
  }
}
