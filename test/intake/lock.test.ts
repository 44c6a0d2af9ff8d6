/** One agent to one state folder, whatever the one before it died of. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TetrashipError } from '../../agent/errors.ts';
import { lockStateFolder } from '../../agent/intake/lock.ts';
import { temporaryFolder } from './harness.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, 'lock');
});

afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

/** What this process would write, changed. */
function written(changes: Record<string, unknown>): void {
  const lock = lockStateFolder(folder);
  const holder: unknown = JSON.parse(fs.readFileSync(path, 'utf8'));
  lock.release();
  fs.writeFileSync(path, JSON.stringify(Object.assign({}, holder, { id: 'other' }, changes)));
}

function aged(seconds: number): void {
  const then = new Date(Date.now() - seconds * 1000);
  fs.utimesSync(path, then, then);
}

test('a second agent is refused and told the holder; after the first one is gone it may', () => {
  const first = lockStateFolder(folder);
  expect(() => lockStateFolder(folder)).toThrow(TetrashipError);
  expect(() => lockStateFolder(folder)).toThrow(`held by process ${process.pid}`);
  first.release();
  expect(fs.readdirSync(folder)).toEqual([]);
  lockStateFolder(folder).release();
});

test('another process that is killed leaves a lock that is taken over', async () => {
  const module = new URL('../../agent/intake/lock.ts', import.meta.url).href;
  const program = `import { lockStateFolder } from ${JSON.stringify(module)};
    lockStateFolder(${JSON.stringify(folder)}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  expect(() => lockStateFolder(folder)).toThrow(`held by process ${child.pid}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  lockStateFolder(folder).release();
});

describe('a holder', () => {
  const check = (
    name: string,
    changes: Record<string, unknown>,
    ageSeconds: number,
    isHeld: boolean,
  ): void => {
    test(`${name}: ${isHeld ? 'holds' : 'is stale'}`, () => {
      written(changes);
      aged(ageSeconds);
      if (isHeld) expect(() => lockStateFolder(folder)).toThrow(TetrashipError);
      else lockStateFolder(folder).release();
      expect(fs.existsSync(path)).toBe(isHeld);
    });
  };
  check('that lives', {}, 3600, true);
  check('whose id belongs to another process now', { startTime: '1' }, 0, false);
  check('that is no more', { pid: 2 ** 22 + 1 }, 0, false);
  check('of another container, touched lately', { namespace: 'pid:[1]', pid: 1 }, 3, true);
  check('of another container, silent', { namespace: 'pid:[1]', pid: process.pid }, 30, false);
  check('of another host, touched lately', { host: 'elsewhere', boot: 'other' }, 3, true);
  check('of this host before it was booted', { boot: 'other' }, 0, false);
});

test('a lock that names nobody is no lock', () => {
  fs.writeFileSync(path, '{"pid":');
  lockStateFolder(folder).release();
});

test('a lock lost to another is told, and not released by its former holder', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const lost: string[] = [];
  const lock = lockStateFolder(folder, (error) => lost.push(error.message));
  vi.advanceTimersByTime(10_000);
  expect(lost).toEqual([]);
  fs.unlinkSync(path);
  vi.advanceTimersByTime(2_000);
  expect(fs.existsSync(path)).toBe(true);
  const other = fs.readFileSync(path, 'utf8').replace(/"id":"[^"]*"/, '"id":"other"');
  fs.writeFileSync(path, other);
  vi.advanceTimersByTime(10_000);
  expect(lost).toEqual([expect.stringContaining('is held by process')]);
  lock.release();
  expect(fs.readFileSync(path, 'utf8')).toBe(other);
  vi.useRealTimers();
});

test('a folder that cannot be written is said', () => {
  expect(() => lockStateFolder(join(folder, 'missing'))).toThrow(/cannot lock .*missing/);
});
