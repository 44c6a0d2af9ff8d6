/** The spool's folder: which files are segments, in which order, and how a new one is named. */

import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { TetrashipError } from '../errors.ts';
import type { Disk } from './disk.ts';
import { MARK_BYTES, SEGMENT_HEADER_BYTES, SPOOL_VERSION, segmentVersion } from './spool-format.ts';
import { Segment, type SegmentCounts } from './spool-segment.ts';

/** Number in the order of writing, and the mark of the segment's records. */
const NAME = /^(\d{12})-([0-9a-f]{16})\.spool$/;

/**
 * The segments that earlier runs left, the oldest first. Other files are left alone.
 * @throws {TetrashipError} STATE when a newer version wrote one; system errors of the disk
 */
export function listSegments(disk: Disk, folder: string, counts: SegmentCounts): Segment[] {
  const found: Segment[] = [];
  for (const { name, sizeBytes } of disk.list(folder)) {
    const [, id, mark] = NAME.exec(name) ?? [];
    if (id === undefined || mark === undefined) continue;
    const file = path.join(folder, name);
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
  return found.sort((a, b) => a.id - b.id);
}

/** A new segment, its file made. */
export async function createSegment(
  disk: Disk,
  folder: string,
  id: number,
  counts: SegmentCounts,
): Promise<Segment> {
  const mark = randomBytes(MARK_BYTES);
  const file = path.join(folder, `${String(id).padStart(12, '0')}-${mark.toString('hex')}.spool`);
  const segment = new Segment(disk, id, file, mark, 0, counts);
  try {
    await segment.create();
    return segment;
  } catch (error) {
    // Perhaps the file was made and the header was not: a later start would only remove it.
    await segment.remove().catch(() => undefined);
    throw error;
  }
}
