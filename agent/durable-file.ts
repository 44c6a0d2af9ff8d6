/** Small state files that are replaced whole. */

import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Puts a text in a file's place: on disk there is always the old one or the new one, whole.
 * @throws the system's errors; the old file is still there then
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  // A crash from here to the rename leaves the old file, and a temporary one that is overwritten.
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    // Without this, a crash of the machine could leave the new name with an empty file behind it.
    await file.sync();
  } finally {
    await file.close();
  }
  // Atomic: a crash leaves the old one or the new one.
  await rename(temporary, path);
  // Until this returns, a crash of the machine may bring the old one back.
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
