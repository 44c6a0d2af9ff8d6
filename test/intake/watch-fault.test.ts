/** What happens when the kernel gives no notifications (inotify limits): stand-in for chokidar, real files. */

import { EventEmitter, once } from 'node:events';
import fs from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { makeIntake, Reader, RecordingLog, temporaryFolder, Writer } from './harness.ts';

vi.mock('chokidar', () => ({
  watch: () => {
    const watcher = Object.assign(new EventEmitter(), { close: () => Promise.resolve() });
    setImmediate(() =>
      watcher.emit('error', Object.assign(new Error('ENOSPC: no space for watchers'), { code: 'ENOSPC' })),
    );
    return watcher;
  },
}));

const folder = temporaryFolder();
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

test('a watch that fails is said once, shows, and the timer does its work', async () => {
  const writer = new Writer(folder);
  const log = new RecordingLog();
  const intake = makeIntake(writer.path, log, { pollIntervalMs: 20 });
  const told = new EventEmitter();
  intake.onReadable = () => told.emit('readable');
  await intake.start();
  const reader = new Reader();
  for (const line of ['a', 'b']) {
    writer.write(`${line}\n`);
    while (!reader.lines.includes(line)) {
      await once(told, 'readable');
      reader.readAll(intake);
    }
  }
  expect(log.count('cannot watch the log folders: ENOSPC')).toBe(1);
  expect(intake.watchFault).toContain('ENOSPC');
  await intake.stop();
});
