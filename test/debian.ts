/**
 * Programs of Debian packages that some tests need (promtool, amtool, chromium). A test uses what is installed; on a
 * continuous-integration machine, as root, it installs what is missing; elsewhere it is skipped with a message.
 */

import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Several test files may install at the same time: the later ones wait for the lock of the first. */
const LOCK_WAIT_S = 300;
const INSTALL_TIMEOUT_MS = 400_000;
/** Where Debian keeps programs of services, which a user's PATH need not name. */
const SYSTEM_FOLDERS = ['/usr/bin', '/usr/sbin', '/bin', '/sbin'];

/**
 * The path of `program`, installing `packageName` where that is allowed. Says on the console why, when it is not
 * there; call it once, at the top of a test file:
 *
 *     const promtool = programOf('promtool', 'prometheus');
 *     test.skipIf(promtool === undefined)('…', () => …);
 */
export function programOf(program: string, packageName: string): string | undefined {
  const found = find(program);
  if (found !== undefined) return found;
  if (process.env['CI'] !== 'true' || process.getuid?.() !== 0) {
    console.log(
      `skipped: needs ${program} (as root: apt-get install --no-install-recommends ${packageName})`,
    );
    return undefined;
  }
  const fault = install(packageName);
  const installed = find(program);
  if (installed === undefined)
    console.log(`skipped: needs ${program}, and ${packageName} cannot be installed: ${fault}`);
  return installed;
}

export const hasProgram = (program: string, packageName: string): boolean =>
  programOf(program, packageName) !== undefined;

function find(program: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_FOLDERS];
  return folders.map((folder) => join(folder, program)).find(executable);
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The lists of a fresh machine may be missing or old, so a refusal is tried once more after an update. */
function install(packageName: string): string {
  const wanted = ['install', '-y', '-q', '--no-install-recommends', packageName];
  const fault = aptGet(wanted);
  if (fault === '') return '';
  return aptGet(['update', '-q']) || aptGet(wanted);
}

/** What went wrong, or nothing. */
function aptGet(args: readonly string[]): string {
  const { status, error, stderr } = spawnSync(
    'apt-get',
    ['-o', `DPkg::Lock::Timeout=${LOCK_WAIT_S}`, ...args],
    {
      encoding: 'utf8',
      timeout: INSTALL_TIMEOUT_MS,
      stdio: ['ignore', 'ignore', 'pipe'],
      // Run level 1: the services of the packages are not started.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    },
  );
  if (status === 0) return '';
  return error?.message ?? (stderr.trim().split('\n').at(-1) || `apt-get ended with ${status}`);
}
