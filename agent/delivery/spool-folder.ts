/**
 * The spool's folder: which files are segments, in which order; where the next record goes; and that a segment goes
 * when nothing in it is needed any more. A disk that fails is told to `health`, and tried again by a timer.
 */

import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { TetrashipError } from '../errors.ts';
import { KiB, MiB } from '../limits.ts';
import type { Disk } from './disk.ts';
import { MARK_BYTES, SEGMENT_HEADER_BYTES, SPOOL_VERSION, segmentVersion } from './spool-format.ts';
import type { SpoolHealth } from './spool-health.ts';
import { Segment, type SegmentCounts } from './spool-segment.ts';

/** A full spool frees or drops this share at a time; and no file is larger than MAX_SEGMENT_BYTES. */
const SEGMENTS_AT_BOUND = 64;
const MIN_SEGMENT_BYTES = 64 * KiB;
const MAX_SEGMENT_BYTES = 16 * MiB;

/** Begins the names of files that only try the disk. */
const PROBE = 'probe-';
/** Room for a small body. */
const PROBE_BYTES = 64 * KiB;

/** Number in the order of writing, and the mark of the segment's records. */
const NAME = /^(\d{12})-([0-9a-f]{16})\.spool$/;

export interface SpoolFolderOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly maxBytes: number;
  readonly counts: SegmentCounts;
  readonly health: SpoolHealth;
  /** What earlier runs left was found, or a file has gone. */
  readonly onChange: () => void;
}

export class SpoolFolder {
  /** The oldest first. */
  readonly segments: Segment[];
  readonly #options: SpoolFolderOptions;
  readonly #segmentBytes: number;
  #isListed: boolean;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SpoolFolderOptions) {
    this.segments = [];
    this.#options = options;
    const share = Math.floor(options.maxBytes / SEGMENTS_AT_BOUND);
    this.#segmentBytes = Math.min(MAX_SEGMENT_BYTES, Math.max(MIN_SEGMENT_BYTES, share));
    this.#isListed = false;
    this.#timer = undefined;
  }

  get usedBytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.endBytes, 0);
  }

  /**
   * Finds what earlier runs left; once.
   * @throws {TetrashipError} STATE when a newer version wrote it; other trouble is tried again later
   */
  open(): void {
    if (this.#isListed) return;
    try {
      this.list();
    } catch (error) {
      if (error instanceof TetrashipError) throw error;
      this.#options.health.failed('read', 'look into the spool', error);
      this.#later();
    }
  }

  /** @throws {TetrashipError} STATE when a newer version wrote it; and system errors of the disk */
  list(): void {
    if (this.#isListed) return;
    const { disk, folder, counts, health } = this.#options;
    const found: Segment[] = [];
    for (const { name, sizeBytes } of disk.list(folder)) {
      const file = path.join(folder, name);
      // Left by a kill.
      if (name.startsWith(PROBE)) void disk.remove(file).catch(() => undefined);
      const [, id, mark] = NAME.exec(name) ?? [];
      if (id === undefined || mark === undefined) continue;
      const version = segmentVersion(disk.head(file, SEGMENT_HEADER_BYTES));
      if (version !== undefined && version > SPOOL_VERSION) {
        throw new TetrashipError(
          'STATE',
          `cannot use the spool: ${file} is of version ${version} and this agent knows ${SPOOL_VERSION}; ` +
            'nothing was changed: start the newer agent again, or move the folder away',
        );
      }
      const segment = new Segment(disk, Number(id), file, Buffer.from(mark, 'hex'), sizeBytes, counts);
      segment.sealed = true;
      found.push(segment);
    }
    this.segments.push(...found.sort((a, b) => a.id - b.id));
    this.#isListed = true;
    health.worked('read');
    this.clean();
  }

  /** The segment that a record of this length goes to. */
  async writable(length: number): Promise<Segment> {
    const last = this.segments.at(-1);
    if (last !== undefined && !last.sealed && !last.removed) {
      if (last.endBytes + length <= this.#segmentBytes || last.endBytes <= SEGMENT_HEADER_BYTES) return last;
      last.sealed = true;
    }
    const { disk, folder, counts } = this.#options;
    const id = (last?.id ?? 0) + 1;
    const mark = randomBytes(MARK_BYTES);
    const file = path.join(folder, `${String(id).padStart(12, '0')}-${mark.toString('hex')}.spool`);
    const segment = new Segment(disk, id, file, mark, 0, counts);
    try {
      await segment.create();
    } catch (error) {
      // Perhaps the file was made and the header was not: a later start would only remove it.
      await segment.remove().catch(() => undefined);
      throw error;
    }
    this.segments.push(segment);
    return segment;
  }

  /** Removes segments of which nothing is needed any more. */
  clean(): void {
    // After a failure the timer tries again.
    if (this.#options.health.isWell('remove')) this.#clean();
  }

  /** Removes a segment, needed or not. Returns false when the disk fails; then it is tried again. */
  async remove(segment: Segment): Promise<boolean> {
    const { health, onChange } = this.#options;
    segment.sealed = true;
    try {
      await segment.remove();
    } catch (error) {
      segment.removed = false;
      health.failed('remove', 'remove a file of the spool', error);
      this.#later();
      return false;
    }
    health.worked('remove');
    const at = this.segments.indexOf(segment);
    if (at >= 0) this.segments.splice(at, 1);
    onChange();
    return true;
  }

  /** Whether the disk takes a little: so that its recovery is seen though nothing has to be written. */
  async probe(): Promise<void> {
    const { disk, folder } = this.#options;
    const file = path.join(folder, `${PROBE}${randomBytes(MARK_BYTES).toString('hex')}`);
    const created = await disk.create(file);
    try {
      const bytes = new Uint8Array(PROBE_BYTES);
      if ((await created.write([bytes], 0)) !== bytes.length) throw new Error('the disk is full');
      await created.sync();
    } finally {
      await created.close().finally(() => disk.remove(file));
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.allSettled(this.segments.map((segment) => segment.close()));
  }

  #clean(): void {
    for (const segment of [...this.segments]) {
      if (!segment.removed && segment.finished) void this.remove(segment);
    }
  }

  /** Nobody may come by again before the disk is well. */
  #later(): void {
    const { health, onChange } = this.#options;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      try {
        this.open();
      } catch (error) {
        health.failed('read', 'look into the spool', error);
      }
      this.#clean();
      onChange();
    }, health.retryMs).unref();
  }
}
