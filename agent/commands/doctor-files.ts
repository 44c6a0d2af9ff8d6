/** What stands in a folder, as text: the state folder with what is below it, the folders of the logs. */

import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { printable } from '../ops/printable.ts';

const MAX_ENTRIES = 1000;
/** `deadletters/` and `spool/` of a state folder. */
const DEPTH = 2;

/** Lines: mode, owner, size, inode, time of change, path; a folder that cannot be listed says why. */
export function listFolder(folder: string, depth = DEPTH): string[] {
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch (error) {
    return [`${printable(folder)}: ${messageOf(error)}`];
  }
  const lines = [`${printable(folder)}: ${names.length} entries`];
  for (const name of names.slice(0, MAX_ENTRIES)) {
    const path = join(folder, name);
    try {
      const { mode, uid, size, ino, mtime } = lstatSync(path);
      const rights = (mode & 0o7777).toString(8).padStart(4, '0');
      lines.push(
        `  ${rights} uid ${uid} ${String(size).padStart(12)} inode ${ino} ${mtime.toISOString()} ${printable(path)}`,
      );
      if (lstatSync(path).isDirectory() && depth > 1) lines.push(...listFolder(path, depth - 1));
    } catch (error) {
      lines.push(`  ${printable(path)}: ${messageOf(error)}`);
    }
  }
  return lines;
}
