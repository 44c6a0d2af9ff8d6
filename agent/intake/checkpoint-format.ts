/**
 * The text of a checkpoint. What is read back is hostile: every field is checked, and the whole against a checksum,
 * because a flipped digit in an offset would be good to read and skip what was never sent.
 *
 * In every version there are the fields `version` and `checksum`, and the checksum is that of all the others, so that
 * a damaged version is not taken for a newer one.
 */

import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { FileIdentity } from '../position.ts';
import {
  MAX_PASSED,
  MAX_WAITING,
  type PassedBackup,
  type ResumePoint,
  type ResumeState,
  type SeenFile,
} from './history.ts';

export const CHECKPOINT_VERSION = 1;

/** 128 bits. */
const CHECKSUM_HEX_DIGITS = 32;

export function printCheckpoint({ points, lostFiles, lostBytes, boot }: ResumeState): string {
  const lineages = points.map(({ file, offsetBytes, sizeBytes, waiting, passed }) => ({
    source: file.source,
    ...fieldsOf({ ...file, sizeBytes }),
    offset: offsetBytes,
    waiting: waiting.map(fieldsOf),
    passed,
  }));
  const fields = { version: CHECKPOINT_VERSION, boot, lostFiles, lostBytes, lineages };
  return `${JSON.stringify({ ...fields, checksum: checksumOf(fields) }, undefined, 2)}\n`;
}

function fieldsOf({ path, identity, sizeBytes }: SeenFile) {
  const { device, inode, firstLineHash } = identity;
  return { path, device, inode, firstLineHash, size: sizeBytes };
}

function checksumOf(fields: Record<string, unknown>): string {
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, CHECKSUM_HEX_DIGITS);
}

/** The state; what is wrong with it, as text; or, for a newer version, its number. */
export function parseCheckpoint(text: string): ResumeState | string | number {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  if (!isRecord(value) || !isCount(value['version'])) return 'it has no version';
  const { checksum, ...fields } = value;
  if (checksum !== checksumOf(fields)) return 'its checksum is wrong';
  if (value['version'] > CHECKPOINT_VERSION) return value['version'];
  const { lostFiles, lostBytes, boot, lineages } = fields;
  if (!isCount(lostFiles) || !isCount(lostBytes) || !isText(boot) || !Array.isArray(lineages))
    return 'a field is missing';
  const points: ResumePoint[] = [];
  for (const lineage of lineages) {
    const point = pointOf(lineage);
    if (point === undefined || points.some(({ file }) => file.source === point.file.source)) {
      return 'a lineage in it is damaged';
    }
    points.push(point);
  }
  return { points, lostFiles, lostBytes, boot };
}

function pointOf(value: unknown): ResumePoint | undefined {
  const seen = seenOf(value);
  if (seen === undefined || !isRecord(value)) return undefined;
  const { source, offset, waiting, passed } = value;
  const { path, identity, sizeBytes } = seen;
  if (!isText(source) || !isCount(offset) || offset > sizeBytes || !isPassed(passed)) return undefined;
  const files = waitingOf(waiting);
  return (
    files && { file: { source, path, identity }, offsetBytes: offset, sizeBytes, waiting: files, passed }
  );
}

function seenOf(value: unknown): SeenFile | undefined {
  if (!isRecord(value)) return undefined;
  const { path, device, inode, firstLineHash, size } = value;
  if (!isText(path) || !isText(firstLineHash) || !isCount(device) || !isCount(inode) || !isCount(size))
    return undefined;
  const identity: FileIdentity = { device, inode, firstLineHash };
  return { path, identity, sizeBytes: size };
}

function waitingOf(value: unknown): SeenFile[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_WAITING) return undefined;
  const files: SeenFile[] = [];
  for (const one of value) {
    const file = seenOf(one);
    if (file === undefined) return undefined;
    files.push(file);
  }
  return files;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isPassed(value: unknown): value is PassedBackup[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_PASSED &&
    value.every(
      (one) => isRecord(one) && isName(one['stem']) && isCount(one['inode']) && isText(one['firstLineHash']),
    )
  );
}

function isName(value: unknown): boolean {
  return isText(value) && value === basename(value);
}
