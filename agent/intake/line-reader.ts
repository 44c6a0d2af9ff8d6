/** A line once more from its file, for who wants to show it: only where it is certainly that line. */

import fs from 'node:fs';
import { MiB } from '../limits.ts';
import type { TrackedFile } from '../position.ts';
import { factsOfDescriptor, isSameInode } from './file-facts.ts';
import { readFirstLine } from './first-line.ts';

/** Longer lines are shown by their row alone. */
const MAX_BYTES = 4 * MiB;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BRACE = 0x7b;

/**
 * The line without its end; `undefined` when its file is gone, compressed, truncated or another by now, or when the
 * line stood in another form in it (a record of a container runtime).
 */
export function readLine(
  { path, identity }: TrackedFile,
  offsetBytes: number,
  lengthBytes: number,
): Uint8Array | undefined {
  if (lengthBytes > MAX_BYTES) return undefined;
  let file: number | undefined;
  try {
    file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    if (!isSameInode(factsOfDescriptor(file), identity)) return undefined;
    if (readFirstLine(file)?.hash !== identity.firstLineHash) return undefined;
    const bytes = new Uint8Array(lengthBytes);
    if (fs.readSync(file, bytes, 0, lengthBytes, offsetBytes) !== lengthBytes) return undefined;
    if (bytes[0] !== BRACE || bytes.indexOf(NEWLINE) !== lengthBytes - 1) return undefined;
    return bytes.subarray(0, bytes.at(-2) === RETURN ? -2 : -1);
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) fs.closeSync(file);
  }
}
