/** From configured paths and globs to the active files that are there. */

import fs from 'node:fs';
import { basename, dirname, sep } from 'node:path';
import { isBackupName } from './backup-names.ts';

const GLOB_CHARACTERS = /[*?[{]/;

/**
 * A path without glob characters stands for itself, whether it exists or not; a glob for the files it matches now,
 * sorted, backups left out. Throws the system's error.
 */
export function activePaths(configured: string): string[] {
  if (!isGlob(configured)) return [configured];
  return fs
    .globSync(configured)
    .filter((path) => !isBackupName(basename(path)))
    .sort();
}

/** A file that is named like a glob is meant itself. */
export function isGlob(configured: string): boolean {
  return GLOB_CHARACTERS.test(configured) && !fs.existsSync(configured);
}

/** The folder in which new files of a path or glob appear: for a glob, its longest part without a pattern. */
export function folderOf(configured: string): string {
  let folder = dirname(configured);
  if (!isGlob(configured)) return folder;
  while (GLOB_CHARACTERS.test(folder)) folder = dirname(folder);
  return folder === '' ? sep : folder;
}
