/** When the state is written: at once while it is small, and the larger the less often. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AlertStateFile } from '../../agent/alerts/state-file.ts';
import { MiB } from '../../agent/limits.ts';
import { LogBook, until } from './support.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'alert-state-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A state of this size that says which one it is. */
function fileOf(bytes: number): { readonly file: AlertStateFile; move(): void; onDisk(): number } {
  let offsetBytes = 0;
  const identity = { device: 1, inode: 1, firstLineHash: 'x'.repeat(bytes) };
  const file = new AlertStateFile(folder, new LogBook(), () => ({
    ...{ rules: [], targets: [], positions: [{ source: 's', identity, offsetBytes }] },
  }));
  return {
    file,
    move: () => {
      offsetBytes++;
      file.changed();
    },
    onDisk: () => Number(/"offset":(\d+)/.exec(readFileSync(join(folder, 'alerts.json'), 'utf8'))?.[1]),
  };
}

test('a small state is on disk for each that asks', async () => {
  const { file, move, onDisk } = fileOf(100);
  for (let asked = 1; asked <= 20; asked++) {
    move();
    expect(await file.save()).toBe(true);
    expect(onDisk()).toBe(asked);
  }
  await file.close();
});

test('a change is on disk without anybody asking', async () => {
  const { file, move, onDisk } = fileOf(100);
  move();
  move();
  await until(() => file.stats.writes === 1);
  expect(onDisk()).toBe(2);
  await file.close();
});

test('a large one has a pace: who asks waits for it, and gets what was true when it was written', async () => {
  const { file, move, onDisk } = fileOf(MiB);
  expect(await file.save()).toBe(true);
  const startMs = performance.now();
  const asked: Promise<boolean>[] = [];
  // More than each of them can have a write of.
  for (let turn = 0; turn < 20; turn++) {
    move();
    asked.push(file.save());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  move();
  expect(await Promise.all(asked)).toEqual(Array.from(asked, () => true));
  const tookMs = performance.now() - startMs;
  expect(onDisk()).toBeGreaterThanOrEqual(20);
  // 2 MiB a second, and the first one goes at once.
  expect((file.stats.writes - 1) * 500).toBeLessThanOrEqual(tookMs * 1.05 + 25);
  await file.close();
});

test('the end waits for no pace, and forgets nobody who waits', async () => {
  const { file, move, onDisk } = fileOf(24 * MiB);
  expect(await file.save()).toBe(true);
  const startMs = performance.now();
  const asked = file.save();
  move();
  expect(await file.close()).toBe(true);
  expect(await asked).toBe(true);
  expect(await file.save()).toBe(true);
  expect(performance.now() - startMs).toBeLessThan(12_000);
  expect(onDisk()).toBe(1);
});
