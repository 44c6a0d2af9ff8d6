/** Small state files that are replaced whole. */

import fs from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from './errors.ts';

/**
 * Puts this in a file's place: on disk there is always the old one or the new one, whole. One call at a time for a path.
 * @throws the system's errors; the old file is still there then, or the new one
 */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  // A crash from here to the rename leaves the old file, and a temporary one that is overwritten.
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(content);
    // Without this, a crash of the machine could leave the new name with an empty file behind it.
    await file.sync();
  } finally {
    await file.close();
  }
  // Atomic: a crash leaves the old one or the new one.
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Until this returns, a crash of the machine may undo what was made, renamed or removed in the folder. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Keeps a damaged file for people to look at, beside its place: `x.json` as `x.damaged-TIME`. @returns what to say */
export function setAside(path: string): string {
  const aside = `${path.replace(/\.json$/, '')}.damaged-${new Date().toISOString().replaceAll(':', '-')}`;
  try {
    fs.renameSync(path, aside);
    return `it is kept as ${aside}`;
  } catch (error) {
    return `it cannot be set aside either (${messageOf(error)})`;
  }
}
