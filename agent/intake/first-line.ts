/**
 * The hash of a file's whole first line, its newline included: with device and inode it tells files apart.
 * A prefix would not do: lines share their first KiB, and differ in the `time` at their end.
 */

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { MiB } from '../limits.ts';

/** Of a first line longer than this, the hash covers this much. */
export const FIRST_LINE_LIMIT_BYTES = MiB;
/** 128 bits: more than enough against accidents, and nobody gains by a forgery. */
const HASH_HEX_DIGITS = 32;
const PIECE_BYTES = 16 * 1024;
const NEWLINE = 0x0a;

export interface FirstLine {
  readonly hash: string;
  readonly lengthBytes: number;
}

/** Reused by every call: all of them are synchronous. */
const piece = Buffer.allocUnsafe(PIECE_BYTES);

/** `undefined` while the line has no newline yet. Throws the system's error when the file cannot be read. */
export function readFirstLine(fd: number): FirstLine | undefined {
  const hash = createHash('sha256');
  for (let at = 0; at < FIRST_LINE_LIMIT_BYTES; ) {
    const count = fs.readSync(fd, piece, 0, Math.min(PIECE_BYTES, FIRST_LINE_LIMIT_BYTES - at), at);
    if (count === 0) return undefined;
    const end = piece.subarray(0, count).indexOf(NEWLINE) + 1;
    hash.update(piece.subarray(0, end || count));
    at += end || count;
    if (end > 0 || at === FIRST_LINE_LIMIT_BYTES) {
      return { hash: hash.digest('hex').slice(0, HASH_HEX_DIGITS), lengthBytes: at };
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
