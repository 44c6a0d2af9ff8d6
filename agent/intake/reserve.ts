/**
 * A little room on the disk of the state folder, for a start when that is full. Without it a spool that has filled its
 * disk could never drain after a restart, since not even the lock could be written.
 */

import fs from 'node:fs';
import { join } from 'node:path';
import { KiB } from '../limits.ts';

const NAME = 'reserve';
const RESERVE_BYTES = 64 * KiB;
/** What one start takes: a block or two of any file system, so that the reserve lasts for eight. */
const STEP_BYTES = 8 * KiB;

/** Puts aside what is missing of it, as far as there is room. Never throws: it is only needed when it was kept before. */
export function keepReserve(stateDir: string): void {
  try {
    const file = fs.openSync(join(stateDir, NAME), 'a', 0o600);
    try {
      const missing = RESERVE_BYTES - fs.fstatSync(file).size;
      if (missing > 0) fs.writeSync(file, new Uint8Array(missing));
    } finally {
      fs.closeSync(file);
    }
  } catch {
    // The trouble of the disk is said by whoever has something to lose by it.
  }
}

/** Gives a part of it back to the disk. Returns false when nothing is left. */
export function useReserve(stateDir: string): boolean {
  try {
    const path = join(stateDir, NAME);
    const { size } = fs.statSync(path);
    if (size === 0) return false;
    fs.truncateSync(path, Math.max(0, size - STEP_BYTES));
    return true;
  } catch {
    return false;
  }
}
