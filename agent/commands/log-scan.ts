/** Finished logs, one after the other: for the commands that ask what rules would have done, or what columns there are. */

import { statSync } from 'node:fs';
import { messageOf, TetrashipError } from '../errors.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { type ScanHandlers, type Scanned, scanBytes } from './byte-scan.ts';
import { LogBytes } from './log-bytes.ts';
import { Progress } from './progress.ts';
import { countOf, warn } from './say.ts';

const PACKED = '.gz';

/** What one file was made of. */
export interface ScannedLog extends Scanned {
  readonly path: string;
  /** Why it ended early, when it is compressed and damaged. */
  readonly damage: string | undefined;
}

/**
 * Reads files in the order given, with a bar for whoever watches.
 * @throws {TetrashipError} INTAKE when one is not there, before anything is read, or cannot be read
 */
export async function scanLogs(
  named: readonly string[],
  kernel: Kernel,
  on: ScanHandlers,
): Promise<readonly ScannedLog[]> {
  const paths = withoutCopies(named);
  const sizes = paths.map(sizeOf);
  const progress = new Progress(sizes.reduce((sum, size) => sum + size, 0));
  const scanned: ScannedLog[] = [];
  try {
    for (const [index, path] of paths.entries()) {
      scanned.push(await scanLog(path, kernel, on, progress));
      progress.fileDone(sizes[index] ?? 0);
    }
  } finally {
    progress.end();
  }
  return scanned;
}

/** While a backup is compressed, and for a moment longer, `X.log` and `X.log.gz` are both there and the same. */
function withoutCopies(paths: readonly string[]): readonly string[] {
  const names = new Set(paths);
  return paths.filter((path) => {
    const isCopy = path.endsWith(PACKED) && names.has(path.slice(0, -PACKED.length));
    if (isCopy) warn(`${path} is passed over: it holds the same as the file without ${PACKED}`);
    return !isCopy;
  });
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    throw new TetrashipError('INTAKE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

async function scanLog(
  path: string,
  kernel: Kernel,
  on: ScanHandlers,
  progress: Progress,
): Promise<ScannedLog> {
  const log = new LogBytes(path);
  try {
    const onRead = (): void => progress.show(log.readBytes);
    const { bytes, events, rejected } = await scanBytes(log, kernel, { ...on, onRead });
    return { path, bytes, events, rejected, damage: log.damage };
  } finally {
    log.close();
  }
}

/**
 * Says what else stood in the logs, on standard error.
 * @throws {TetrashipError} INTAKE when a log is damaged or holds no event: what was printed is not the whole answer
 */
export function complainAbout(logs: readonly ScannedLog[]): void {
  const faults: string[] = [];
  for (const { path, bytes, events, rejected, damage } of logs) {
    const bad = [...rejected.values()].reduce((sum, count) => sum + count, 0);
    const reasons = [...rejected].map(([reason, count]) => `${reason} ${count}`).join(', ');
    if (damage !== undefined) {
      const kept = `${countOf(events, 'event')} before that place ${events === 1 ? 'was' : 'were'} read`;
      faults.push(`${path} is damaged: ${damage}; ${kept}`);
    } else if (bytes === 0) warn(`${path} is empty`);
    else if (events === 0)
      faults.push(`no line of ${path} is an event (${reasons || 'blank'}): is it Tetragon's log?`);
    else if (bad > 0)
      warn(`${path}: ${countOf(bad, 'line')} ${bad === 1 ? 'is' : 'are'} no event (${reasons})`);
  }
  if (faults.length > 0) throw new TetrashipError('INTAKE', faults.join('\n'));
}
