/** One broken system call at a time: what is said, what is counted, and that nothing is lost by it. */

import fs from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Intake } from '../../agent/intake/intake.ts';
import { BrokenFs } from '../disk/broken-fs.ts';
import { makeIntake, Reader, RecordingLog, temporaryFolder, Writer } from './harness.ts';

let folder: string;
let writer: Writer;
let log: RecordingLog;
let intake: Intake;
let reader: Reader;

beforeEach(async () => {
  folder = temporaryFolder();
  writer = new Writer(folder);
  log = new RecordingLog();
  reader = new Reader();
  intake = makeIntake(writer.path, log);
  await intake.start();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await intake.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: broken`), { code });
}

function lookAndRead(): string[] {
  intake.look();
  reader.readAll(intake);
  return reader.lines;
}

test('a log that may not be read: said once with the way out, read once it may', () => {
  writer.write('a\n');
  vi.spyOn(fs, 'openSync').mockImplementation(() => {
    throw failure('EACCES');
  });
  for (let look = 0; look < 5; look++) intake.look();
  expect(log.count('CAP_DAC_READ_SEARCH')).toBe(1);
  expect(intake.stats.readErrors.get('EACCES')).toBeGreaterThan(0);
  vi.restoreAllMocks();
  expect(lookAndRead()).toEqual(['a']);
});

test('no descriptors: files are taken up in order once there are some again', () => {
  writer.write('a\n');
  writer.rotate();
  writer.write('b\n');
  writer.rotate();
  writer.write('c\n');
  const real = fs.openSync;
  let left = 1;
  vi.spyOn(fs, 'openSync').mockImplementation((...args) => {
    if (left-- <= 0) throw failure('EMFILE');
    return real(...args);
  });
  expect(lookAndRead()).toEqual([]);
  expect(intake.stats.readErrors.get('EMFILE')).toBe(1);
  expect(log.count('raise the limit of open files')).toBe(1);
  vi.restoreAllMocks();
  expect(lookAndRead()).toEqual(['a', 'b', 'c']);
  expect(intake.stats.openFiles).toBe(1);
});

test('a read that fails is tried again; the newest file is never given up', () => {
  writer.write('a\n');
  intake.look();
  vi.spyOn(fs, 'readSync').mockImplementation(() => {
    throw failure('EIO');
  });
  vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValue(3_600_000);
  expect(lookAndRead()).toEqual([]);
  reader.readAll(intake);
  vi.restoreAllMocks();
  expect(log.count('EIO')).toBe(1);
  expect(lookAndRead()).toEqual(['a']);
  expect(intake.stats.lostFiles).toBe(0);
});

test('a file that cannot be read holds up those behind it for a minute, then it is lost and counted', () => {
  writer.write('aa\n');
  intake.look();
  writer.rotate();
  writer.write('b\n');
  intake.look();
  const bad = intake.sources[0]?.file?.identity.inode;
  const real = fs.readSync;
  const isBad = (fd: number): boolean => Number(fs.fstatSync(fd).ino) === bad;
  vi.spyOn(fs, 'readSync').mockImplementation((...args: Parameters<typeof fs.readSync>) => {
    if (isBad(args[0])) throw failure('EIO');
    return real(...args);
  });
  const now = vi.spyOn(performance, 'now').mockReturnValue(1_000);
  reader.readAll(intake);
  now.mockReturnValue(60_000);
  reader.readAll(intake);
  expect(reader.lines).toEqual([]);
  now.mockReturnValue(62_000);
  reader.readAll(intake);
  reader.readAll(intake);
  expect(reader.lines).toEqual(['b']);
  expect(intake.stats).toMatchObject({ lostFiles: 1, lostBytes: 3 });
});

test('a folder that cannot be listed: the path is followed all the same', () => {
  writer.write('a\n');
  lookAndRead();
  vi.spyOn(fs, 'readdirSync').mockImplementation(() => {
    throw failure('EACCES');
  });
  writer.rotate();
  writer.write('b\n');
  expect(lookAndRead()).toEqual(['a', 'b']);
  expect(log.count('EACCES')).toBe(1);
  vi.restoreAllMocks();
  expect(lookAndRead()).toEqual(['a', 'b']);
});

test('a successor that may not be opened: the file before it is over, its last piece is a line', () => {
  writer.write('a\npiece');
  lookAndRead();
  writer.rotate();
  writer.write('b\n');
  vi.spyOn(fs, 'openSync').mockImplementation(() => {
    throw failure('EACCES');
  });
  expect(lookAndRead()).toEqual(['a', 'piece']);
  vi.restoreAllMocks();
  expect(lookAndRead()).toEqual(['a', 'piece', 'b']);
});

test('a folder that vanishes and comes back', () => {
  writer.write('a\n');
  lookAndRead();
  writer.write('b\n');
  fs.rmSync(folder, { recursive: true });
  expect(lookAndRead()).toEqual(['a', 'b']);
  fs.mkdirSync(folder);
  writer.write('c\n');
  expect(lookAndRead()).toEqual(['a', 'b', 'c']);
  expect(intake.readable).toBe(true);
});

test('without a log and a folder nothing is readable, and the reason names the paths', async () => {
  const nowhere = makeIntake(`${folder}/missing/tetragon.log`, log, { pollIntervalMs: 0 });
  await nowhere.start();
  expect(nowhere.readable).toBe(false);
  expect(nowhere.unreadableReason).toContain('missing/tetragon.log');
  fs.mkdirSync(`${folder}/missing`);
  nowhere.look();
  expect(nowhere.readable).toBe(true);
  await nowhere.stop();
});

test('a torn last line that a restarted writer completes in the same file is one line', () => {
  writer.write('a\nto');
  expect(lookAndRead()).toEqual(['a']);
  intake.look(performance.now() + 3_600_000);
  reader.readAll(intake);
  writer.write('rn\n');
  expect(lookAndRead()).toEqual(['a', 'torn']);
});

test('a first start at the end whose last line cannot be looked for begins at the beginning: sent, not skipped', async () => {
  writer.write('a\n');
  await intake.stop();
  {
    using broken = new BrokenFs(folder);
    broken.fault = ({ site, operation }) =>
      operation === 'read' && site.includes('first-line') && ++reads > 1 ? 'EIO' : undefined;
    let reads = 0;
    intake = makeIntake(writer.path, log, { readFrom: 'end' });
    await intake.start();
  }
  expect(log.count('EIO')).toBe(1);
  expect(lookAndRead()).toEqual(['a']);
});
