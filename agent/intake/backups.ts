/** The backups of one active file as they stand in its folder now. */

import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type BackupName, backupNames, COMPRESSED } from './backup-names.ts';
import { type FileFacts, factsOfEntry, isAbsent } from './file-facts.ts';

export interface Backup {
  readonly stem: string;
  /** The plain file; where there is none, the compressed copy. */
  readonly path: string;
  readonly facts: FileFacts;
  readonly isCompressed: boolean;
}

/** Where an active path leads, and how its backups are named there. */
export interface Home {
  /** The active path itself, or what it links to. */
  readonly target: string;
  readonly folder: string;
  readonly parse: (name: string) => BackupName | undefined;
}

/**
 * A symbolic link's backups stand beside its target. A path that leads nowhere is taken by its own name. Throws the
 * system's error.
 */
export function homeOf(activePath: string): Home {
  return homeAt(targetOf(activePath));
}

export function homeAt(target: string): Home {
  return { target, folder: dirname(target), parse: backupNames(basename(target)) };
}

function targetOf(path: string): string {
  try {
    // A missing file is a usual case, and an exception is dear.
    const stats = fs.lstatSync(path, { throwIfNoEntry: false });
    return stats?.isSymbolicLink() === true ? fs.realpathSync(path) : path;
  } catch (error) {
    if (isAbsent(error)) return path;
    throw error;
  }
}

/** Oldest first; of a backup and its compressed copy, the backup. Throws the system's error. */
export function listBackups(home: Home): Backup[] {
  const byStem = new Map<string, Backup>();
  for (const name of fs.readdirSync(home.folder)) {
    const parsed = home.parse(name);
    if (parsed === undefined || (parsed.isCompressed && byStem.has(parsed.stem))) continue;
    const backup = backupAt(join(home.folder, name), parsed);
    if (backup !== undefined) byStem.set(parsed.stem, backup);
  }
  return [...byStem.values()].sort((a, b) => (a.stem < b.stem ? -1 : 1));
}

function backupAt(path: string, name: BackupName): Backup | undefined {
  // No rotator makes links: one that is named like a backup is somebody's trick.
  const facts = factsOfEntry(path);
  if (facts?.isFile) return { ...name, path, facts };
  // Compressed since the folder was read; its copy may not have been there then.
  return facts === undefined && !name.isCompressed
    ? backupAt(path + COMPRESSED, { ...name, isCompressed: true })
    : undefined;
}
