/** What every part of intake shares. */

import { messageOf, systemCode } from '../errors.ts';
import type { Logger } from '../log.ts';
import { OnceLog } from './once-log.ts';
import { IntakeStats } from './stats.ts';

// What `lost` advises.
export const KEEP_MORE =
  'have more or larger backups kept (exportFileMaxBackups and exportFileMaxSizeMB of Tetragon), and see what held reading up';
export const ROTATE_BY_RENAMING = 'have the log rotated by renaming it, not by cutting it (copytruncate)';
export const SEE_TO_DISK = 'see to its disk';

/** What fails and heals by itself: a file can be looked at that cannot be opened. */
type Deed = 'look' | 'open' | 'list' | 'read' | 'close';

export class IntakeContext {
  readonly log: Logger;
  readonly once: OnceLog;
  readonly stats: IntakeStats;
  /** The machine was booted since the checkpoint was written. */
  isRebooted: boolean;
  /** Something may be readable. */
  readonly notify: () => void;

  constructor(log: Logger, notify: () => void) {
    this.log = log;
    this.isRebooted = false;
    this.notify = notify;
    this.once = new OnceLog(log);
    this.stats = new IntakeStats();
  }

  /** Makes a system call; its failure is counted and said once, and gives `undefined`. */
  attempt<T>(deed: Deed, path: string, call: () => T): T | undefined {
    try {
      const result = call();
      this.once.over(`${deed} ${path}`);
      return result;
    } catch (error) {
      this.failed(deed, path, error);
      return undefined;
    }
  }

  failed(deed: Deed, path: string, error: unknown): void {
    const code = systemCode(error);
    this.stats.countReadError(code || 'unknown');
    this.once.say('error', `${deed} ${path}`, `cannot read ${path}: ${messageOf(error)}; ${adviceFor(code)}`);
  }

  /** @param advice how to have it happen no more */
  lost(path: string, bytes: number, why: string, advice: string): void {
    this.stats.lostFiles++;
    this.stats.lostBytes += bytes;
    this.log.error(
      `cannot read the rest of ${path}: ${why}; at least ${bytes} bytes are lost, what is before and after is sent; ${advice}`,
      { path, bytes },
    );
  }
}

function adviceFor(code: string): string {
  const meaning = 'nothing is skipped, it is tried again';
  if (code === 'EACCES' || code === 'EPERM') {
    return `${meaning}; run as root or with CAP_DAC_READ_SEARCH, or give others the right to read it (exportFilePerm of Tetragon)`;
  }
  if (code === 'EMFILE' || code === 'ENFILE') return `${meaning}; raise the limit of open files`;
  return `${meaning}; if it lasts, see to what stands at the path, and to its disk`;
}
