/** Being told by the kernel, through the real chokidar: no timer runs within these tests but the short one of a storm. */

import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Intake } from '../../agent/intake/intake.ts';
import { makeIntake, Reader, RecordingLog, temporaryFolder, Writer } from './harness.ts';

let folder: string;
let intake: Intake;
let reader: Reader;

beforeEach(() => {
  folder = temporaryFolder();
  reader = new Reader();
});

afterEach(async () => {
  await intake.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Reads when told to, until this many lines are there. */
function linesTold(count: number): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const readOn = (): void => {
      reader.readAll(intake);
      if (reader.lines.length >= count) resolve(reader.lines);
    };
    intake.onReadable = readOn;
    readOn();
  });
}

test('a line, a rotation and what comes after it are told', async () => {
  const writer = new Writer(folder);
  writer.write('a\n');
  intake = makeIntake(writer.path, new RecordingLog());
  await intake.start();
  expect(await linesTold(1)).toEqual(['a']);
  writer.write('b\n');
  expect(await linesTold(2)).toEqual(['a', 'b']);
  writer.write('c');
  writer.rotate();
  expect(await linesTold(3)).toEqual(['a', 'b', 'c']);
  writer.write('d\n');
  expect(await linesTold(4)).toEqual(['a', 'b', 'c', 'd']);
  expect(intake.watchFault).toBeUndefined();
});

test('a file that appears in a watched folder is told', async () => {
  const writer = new Writer(folder);
  intake = makeIntake(writer.path, new RecordingLog());
  await intake.start();
  writer.write('a\n');
  expect(await linesTold(1)).toEqual(['a']);
});

test('the target of a link in another folder is watched', async () => {
  const target = join(folder, 'target');
  fs.mkdirSync(target);
  const writer = new Writer(target, '0.log');
  writer.write('a\n');
  fs.mkdirSync(join(folder, 'links'));
  const link = join(folder, 'links', 'pod.log');
  fs.symlinkSync(writer.path, link);
  intake = makeIntake(link, new RecordingLog());
  await intake.start();
  await linesTold(1);
  writer.write('b\n');
  expect(await linesTold(2)).toEqual(['a', 'b']);
});

test('a storm turns notifications off, is read to its end, and a calm after it is told again', async () => {
  const writer = new Writer(folder);
  intake = makeIntake(writer.path, new RecordingLog());
  await intake.start();
  writer.write('first\n');
  await linesTold(1);
  let lineCount = 1;
  for (; intake.stats.storms === 0; lineCount++) {
    writer.write(`${lineCount}\n`);
    await new Promise(setImmediate);
  }
  for (let more = 0; more < 1_000; more++, lineCount++) {
    writer.write(`${lineCount}\n`);
    if (more % 300 === 299) writer.rotate();
    if (more % 100 === 0) await new Promise(setImmediate);
  }
  expect((await linesTold(lineCount)).length).toBe(lineCount);
  await vi.waitFor(() => expect(intake.isCalm).toBe(true), { timeout: 4_000 });
  writer.write('last\n');
  expect((await linesTold(lineCount + 1)).at(-1)).toBe('last');
  expect(intake.stats.storms).toBe(1);
});
