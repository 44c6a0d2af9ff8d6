/** The text of a checkpoint. What is read back is hostile: every field is checked. */

import { basename } from 'node:path';
import type { ResumePoint, ResumeState } from './history.ts';
import { MAX_PASSED } from './history.ts';

export const CHECKPOINT_VERSION = 1;

export function printCheckpoint({ points, lostFiles, lostBytes }: ResumeState): string {
  const lineages = points.map(({ file, offsetBytes, sizeBytes, passed }) => ({
    source: file.source,
    path: file.path,
    device: file.identity.device,
    inode: file.identity.inode,
    firstLineHash: file.identity.firstLineHash,
    offset: offsetBytes,
    size: sizeBytes,
    passed,
  }));
  return `${JSON.stringify({ version: CHECKPOINT_VERSION, lostFiles, lostBytes, lineages }, undefined, 2)}\n`;
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
  if (value['version'] > CHECKPOINT_VERSION) return value['version'];
  const { lostFiles, lostBytes, lineages } = value;
  if (!isCount(lostFiles) || !isCount(lostBytes) || !Array.isArray(lineages)) return 'a field is missing';
  const points: ResumePoint[] = [];
  for (const lineage of lineages) {
    const point = pointOf(lineage);
    if (point === undefined || points.some(({ file }) => file.source === point.file.source)) {
      return 'a lineage in it is damaged';
    }
    points.push(point);
  }
  return { points, lostFiles, lostBytes };
}

function pointOf(value: unknown): ResumePoint | undefined {
  if (!isRecord(value)) return undefined;
  const { source, path, device, inode, firstLineHash, offset, size, passed } = value;
  const isGood =
    isText(source) &&
    isText(path) &&
    isText(firstLineHash) &&
    isCount(device) &&
    isCount(inode) &&
    isCount(offset) &&
    isCount(size) &&
    size >= offset &&
    isNames(passed);
  if (!isGood) return undefined;
  const identity = { device, inode, firstLineHash };
  return { file: { source, path, identity }, offsetBytes: offset, sizeBytes: size, passed };
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

function isNames(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_PASSED &&
    value.every((name) => isText(name) && name === basename(name))
  );
}
