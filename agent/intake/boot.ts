/** Which boot of the machine this is. */

import fs from 'node:fs';

/** `''` where the system does not tell. */
export function bootId(): string {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
