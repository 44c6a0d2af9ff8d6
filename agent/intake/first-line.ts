/**
 * The hash of a file's whole first line, its newline included: with device and inode it tells files apart.
 * A prefix would not do: lines share their first KiB, and differ in the `time` at their end.
 */

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { MiB } from '../limits.ts';
import { isContainerRecord } from './container-records.ts';

/** Of a first line longer than this, the hash covers this much. */
export const FIRST_LINE_LIMIT_BYTES = MiB;
/** 128 bits: more than enough against accidents, and nobody gains by a forgery. */
const HASH_HEX_DIGITS = 32;
const PIECE_BYTES = 16 * 1024;
const NEWLINE = 0x0a;

export interface FirstLine {
  readonly hash: string;
  readonly lengthBytes: number;
  /** Written by a container runtime. */
  readonly isContainerRecord: boolean;
}

/** Reused by every call: all of them are synchronous. */
const piece = Buffer.allocUnsafe(PIECE_BYTES);

/** `undefined` while the line has no newline yet. Throws the system's error when the file cannot be read. */
export function readFirstLine(fd: number): FirstLine | undefined {
  return firstLineOf((at, most) => {
    const count = fs.readSync(fd, piece, 0, Math.min(PIECE_BYTES, most), at);
    return piece.subarray(0, count);
  });
}

/** @param read gives some of the bytes from an offset on, at most so many; none at the end */
export function firstLineOf(read: (at: number, most: number) => Uint8Array): FirstLine | undefined {
  const hash = createHash('sha256');
  let isContainer = false;
  for (let at = 0; at < FIRST_LINE_LIMIT_BYTES; ) {
    const bytes = read(at, FIRST_LINE_LIMIT_BYTES - at);
    if (bytes.length === 0) return undefined;
    if (at === 0) isContainer = isContainerRecord(bytes);
    const end = bytes.indexOf(NEWLINE) + 1;
    const length = end || bytes.length;
    hash.update(bytes.subarray(0, length));
    at += length;
    if (end > 0 || at === FIRST_LINE_LIMIT_BYTES) {
      const text = hash.digest('hex').slice(0, HASH_HEX_DIGITS);
      return { hash: text, lengthBytes: at, isContainerRecord: isContainer };
    }
  }
  return undefined;
}

/** The offset behind the last newline before `endBytes`, where a reader may begin; `endBytes` when none is near. */
export function lastLineStart(fd: number, endBytes: number): number {
  const lowest = Math.max(0, endBytes - FIRST_LINE_LIMIT_BYTES);
  for (let high = endBytes; high > lowest; ) {
    const low = Math.max(lowest, high - PIECE_BYTES);
    const count = fs.readSync(fd, piece, 0, high - low, low);
    const newline = piece.subarray(0, count).lastIndexOf(NEWLINE);
    if (newline >= 0) return low + newline + 1;
    high = low;
  }
  return lowest === 0 ? 0 : endBytes;
}
