/** The backups of one active file as they stand in its folder now. */

import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type BackupName, backupNames } from './backup-names.ts';
import { type FileFacts, factsOfPath } from './file-facts.ts';

export interface Backup extends BackupName {
  readonly path: string;
  readonly facts: FileFacts;
}

/** Where an active path leads, and how its backups are named there. */
export interface Home {
  readonly folder: string;
  readonly parse: (name: string) => BackupName | undefined;
}

/** A symbolic link's backups stand beside its target. A path that leads nowhere is taken by its own name. */
export function homeOf(activePath: string): Home {
  const target = targetOf(activePath);
  return { folder: dirname(target), parse: backupNames(basename(target)) };
}

function targetOf(path: string): string {
  try {
    return fs.lstatSync(path).isSymbolicLink() ? fs.realpathSync(path) : path;
  } catch {
    // Missing or unreadable: opening it says so, with the cause.
    return path;
  }
}

/** Oldest first; of a backup and its compressed copy, the backup. Throws the system's error. */
export function listBackups(home: Home): Backup[] {
  const byStem = new Map<string, Backup>();
  for (const name of fs.readdirSync(home.folder)) {
    const parsed = home.parse(name);
    if (parsed === undefined || parsed.isCompressed) continue;
    const path = join(home.folder, name);
    const facts = factsOfPath(path);
    if (facts?.isFile) byStem.set(parsed.stem, { ...parsed, path, facts });
  }
  return [...byStem.values()].sort((a, b) => (a.stem < b.stem ? -1 : 1));
}
