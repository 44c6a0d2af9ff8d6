/** Compressed backups: one logical file with the plain one, read through a bounded window. */

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Intake } from '../../agent/intake/intake.ts';
import { type Bench, makeIntake, Reader, RecordingLog, temporaryFolder, Writer } from './harness.ts';

let folder: string;
let writer: Writer;
let log: RecordingLog;
let running: Intake[];
let reader: Reader;

beforeEach(() => {
  folder = temporaryFolder();
  writer = new Writer(folder);
  log = new RecordingLog();
  running = [];
  reader = new Reader();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(running.map((intake) => intake.stop()));
  fs.rmSync(folder, { recursive: true, force: true });
});

async function started(options: Bench['options'] = {}): Promise<Intake> {
  const intake = makeIntake(writer.path, log, options);
  running.push(intake);
  await intake.start();
  return intake;
}

async function lookAndRead(intake: Intake): Promise<string[]> {
  intake.look();
  await reader.readAllCompressed(intake);
  return reader.lines;
}

/** Reads one buffer's worth, and stops the intake: what a restart finds. */
async function stoppedAfterOneRead(bufferBytes: number): Promise<Bench['options']> {
  const intake = await started();
  const half = new Reader(bufferBytes);
  const [source] = intake.sources;
  if (source !== undefined) half.readOnce(source);
  reader.lines.push(...half.lines);
  const resume = intake.resumeState(half.safe);
  await intake.stop();
  return { resume };
}

test('compressed and plain backups in their order; half-written copies and doubles are not read', async () => {
  for (const line of ['a', 'b', 'c']) {
    writer.write(`${line}\n`);
    writer.rotate();
  }
  writer.write('d\n');
  const [first = '', second = '', third = ''] = writer.backups();
  writer.compress(first);
  writer.compress(second, { unlink: false });
  fs.writeFileSync(`${third}.gz.tmp`, 'no gzip');
  expect(await lookAndRead(await started())).toEqual(['a', 'b', 'c', 'd']);
});

test('a file that was read plain is not read again compressed', async () => {
  const intake = await started();
  writer.write('a\n');
  await lookAndRead(intake);
  writer.compress(writer.rotate());
  writer.write('b\n');
  expect(await lookAndRead(intake)).toEqual(['a', 'b']);
  writer.compress(writer.rotate());
  expect(await lookAndRead(intake)).toEqual(['a', 'b']);
});

test('compressed while nobody had seen the backup, while its plain form is held', async () => {
  const intake = await started();
  writer.write('a\n');
  intake.look();
  writer.write('b\n');
  writer.compress(writer.rotate());
  writer.write('c\n');
  expect(await lookAndRead(intake)).toEqual(['a', 'b', 'c']);
});

test('a file half read as plain goes on compressed at the same offset', async () => {
  writer.write('a\nb\nc\n');
  const { resume } = await stoppedAfterOneRead(4);
  expect(reader.lines).toEqual(['a', 'b']);
  writer.compress(writer.rotate());
  writer.write('d\n');
  expect(await lookAndRead(await started({ resume }))).toEqual(['a', 'b', 'c', 'd']);
  expect(log.count('error')).toBe(0);
});

test('a file half read as compressed goes on there after a restart', async () => {
  writer.write('a\nb\nc\n');
  writer.compress(writer.rotate());
  const first = await started();
  const half = new Reader(4);
  const [source] = first.sources;
  while (source !== undefined && !half.readOnce(source)) await new Promise(setImmediate);
  expect(half.lines).toEqual(['a', 'b']);
  const resume = first.resumeState(half.safe);
  await first.stop();
  reader.lines.push(...half.lines);
  writer.write('d\n');
  expect(await lookAndRead(await started({ resume }))).toEqual(['a', 'b', 'c', 'd']);
});

test('a file whose copy alone is left is found by it after a restart', async () => {
  writer.write('a\n');
  const first = await started();
  const backup = writer.rotate();
  writer.write('b\n');
  writer.compress(backup);
  first.look();
  const resume = first.resumeState(new Map());
  await first.stop();
  expect(await lookAndRead(await started({ resume }))).toEqual(['a', 'b']);
});

test('the copy of one that took the name of an empty one is read after a restart', async () => {
  writer.create();
  const first = await started();
  writer.rotate();
  writer.write('a\n');
  first.look();
  const backup = writer.rotate(true);
  reader.readAll(first);
  writer.compress(backup);
  const resume = first.resumeState(new Map());
  await first.stop();
  reader = new Reader();
  expect(await lookAndRead(await started({ resume }))).toEqual(['a']);
});

test('a backup that is compressed while the folder is being listed is found by its copy, in its order', async () => {
  writer.write('a\n');
  const backup = writer.rotate();
  writer.write('b\n');
  writer.rotate();
  writer.write('c\n');
  const real = fs.readdirSync;
  vi.spyOn(fs, 'readdirSync').mockImplementationOnce((...args: Parameters<typeof fs.readdirSync>) => {
    const names = real(...args);
    writer.compress(backup);
    return names;
  });
  expect(await lookAndRead(await started())).toEqual(['a', 'b', 'c']);
});

test('one that waits closed, grew, and was rotated and compressed before the next look is no other file, nor lost', async () => {
  const intake = await started({ heldLimits: { files: 1, deletedBytes: 1 << 30 } });
  for (const line of ['a', 'b']) {
    writer.write(`${line}\n`);
    writer.rotate();
    writer.write(`${line}${line}\n`);
    intake.look();
  }
  writer.write('grown\n');
  writer.compress(writer.rotate());
  writer.write('c\n');
  writer.rotate();
  intake.look();
  writer.compress(writer.backups().at(-1) ?? '');
  writer.write('d\n');
  expect(await lookAndRead(intake)).toEqual(['a', 'aa', 'b', 'bb', 'grown', 'c', 'd']);
  expect(intake.stats).toMatchObject({ lostFiles: 0, lostBytes: 0, openFiles: 1 });
});

test('a backup that waits closed is read from its copy', async () => {
  const intake = await started({ heldLimits: { files: 1, deletedBytes: 1 << 30 } });
  for (const line of ['a', 'b', 'c']) {
    writer.write(`${line}\n`);
    writer.rotate();
    intake.look();
  }
  for (const backup of writer.backups().slice(1)) writer.compress(backup);
  expect(await lookAndRead(intake)).toEqual(['a', 'b', 'c']);
  expect(intake.stats.lostFiles).toBe(0);
});

describe('beyond the limit of held files', () => {
  const heldLimits = { files: 2, deletedBytes: 1 << 30 };

  /** A log that is rotated while nobody reads: each file is new and empty when it is seen first. */
  function outgrow(intake: Intake, lines: readonly string[], rotate: () => void): void {
    for (const line of lines) {
      intake.look();
      writer.write(`${line}\n`);
      intake.look();
      writer.write(`more of ${line}\n`);
      rotate();
    }
    intake.look();
  }

  const linesOf = (names: readonly string[]): string[] => names.flatMap((name) => [name, `more of ${name}`]);
  const rotateAndCompress = (): void => {
    writer.compress(writer.rotate());
  };

  test('files that were empty when seen first, and compressed before they were seen as backups, are not lost', async () => {
    const intake = await started({ heldLimits });
    outgrow(intake, ['a', 'b', 'c', 'd', 'e'], rotateAndCompress);
    expect(intake.stats.openFiles).toBe(2);
    expect(await lookAndRead(intake)).toEqual(linesOf(['a', 'b', 'c', 'd', 'e']));
    expect(intake.stats).toMatchObject({ lostFiles: 0, lostBytes: 0, openFiles: 1 });
    expect(log.count('bytes are lost')).toBe(0);
  });

  test('those of which no whole line was seen neither', async () => {
    const intake = await started({ heldLimits });
    for (const line of ['a', 'b', 'c', 'd']) {
      intake.look();
      writer.write(line);
      intake.look();
      writer.write('\n');
      rotateAndCompress();
    }
    expect(await lookAndRead(intake)).toEqual(['a', 'b', 'c', 'd']);
    expect(intake.stats).toMatchObject({ lostFiles: 0, lostBytes: 0 });
  });

  test('the number of a file that waits closed, given to the next one, is no proof', async () => {
    const intake = await started({ heldLimits });
    writer.create();
    writer.rotate();
    writer.write('a\n');
    writer.rotate();
    intake.look();
    writer.write('b\n');
    rotateAndCompress();
    // Most file systems give it the number that the compressed file has just left.
    writer.rotate();
    expect(await lookAndRead(intake)).toEqual(['a', 'b']);
  });

  test('what is really deleted is counted once, also after restarts', async () => {
    const intake = await started({ heldLimits });
    outgrow(intake, ['a', 'b', 'c', 'd'], rotateAndCompress);
    const [, , third = ''] = copies();
    fs.unlinkSync(third);
    const lostBytes = 'c\nmore of c\n'.length;
    const killed = intake.resumeState(new Map());
    const all = linesOf(['a', 'b', 'd']);
    expect(await lookAndRead(intake)).toEqual(all);
    expect(intake.stats).toMatchObject({ lostFiles: 1, lostBytes });
    // Killed before the loss was written down; after, with nothing delivered; and with everything.
    const restarts = [
      { resume: killed, lines: all },
      { resume: intake.resumeState(new Map()), lines: all },
      { resume: intake.resumeState(reader.safe), lines: [] },
    ];
    for (const { resume, lines } of restarts) {
      const again = await started({ resume, heldLimits });
      reader = new Reader();
      expect(await lookAndRead(again)).toEqual(lines);
      expect(again.stats).toMatchObject({ lostFiles: 1, lostBytes });
    }
  });

  test('a kill in that state: all is read again from the copies, and nothing is called lost', async () => {
    const intake = await started({ heldLimits });
    outgrow(intake, ['a', 'b', 'c', 'd'], rotateAndCompress);
    const resume = intake.resumeState(new Map());
    await intake.stop();
    outgrow(intake, ['e'], rotateAndCompress);
    const again = await started({ resume, heldLimits });
    expect(await lookAndRead(again)).toEqual(linesOf(['a', 'b', 'c', 'd', 'e']));
    expect(again.stats).toMatchObject({ lostFiles: 0, lostBytes: 0 });
    expect(log.count('bytes are lost')).toBe(0);
  });
});

/** Compressed ones, the oldest first. */
function copies(): string[] {
  const names = fs.readdirSync(folder).filter((name) => name.endsWith('.gz'));
  return names.sort().map((name) => join(folder, name));
}

test('a large one comes through a bounded window, whole', async () => {
  const lines = Array.from({ length: 20_000 }, (_, line) => `${line} ${randomBytes(100).toString('hex')}`);
  writer.write(`${lines.join('\n')}\n`);
  writer.compress(writer.rotate());
  const intake = await started();
  expect(intake.lagBytes()).toBe(lines.join('\n').length + 1);
  expect(await lookAndRead(intake)).toEqual(lines);
  expect(intake.stats.openFiles).toBe(1);
});

test('a damaged one is read as far as it goes, said and counted', async () => {
  const text = Array.from(
    { length: 5_000 },
    (_, line) => `${line} ${randomBytes(20).toString('hex')}\n`,
  ).join('');
  const packed = gzipSync(text);
  fs.writeFileSync(
    join(folder, 'tetragon-2026-01-02T15-04-05.000.log.gz'),
    packed.subarray(0, packed.length / 2),
  );
  writer.write('last\n');
  const intake = await started();
  const lines = await lookAndRead(intake);
  expect(lines.length).toBeGreaterThan(1_000);
  expect(lines.at(-1)).toBe('last');
  expect(lines.slice(0, 1_000).join('\n')).toBe(text.split('\n').slice(0, 1_000).join('\n'));
  expect(intake.stats.lostFiles).toBe(1);
  expect(log.count('it is damaged')).toBe(1);
});

test('one that is no gzip at all, or empty, or a bomb, holds nothing up', async () => {
  fs.writeFileSync(join(folder, 'tetragon-2026-01-02T15-04-05.000.log.gz'), 'no gzip');
  fs.writeFileSync(join(folder, 'tetragon-2026-01-02T15-04-05.001.log.gz'), '');
  fs.writeFileSync(
    join(folder, 'tetragon-2026-01-02T15-04-05.002.log.gz'),
    gzipSync(Buffer.alloc(20 << 20, '\n')),
  );
  writer.write('a\n');
  const intake = await started();
  expect(await lookAndRead(intake)).toEqual(['a']);
  expect(intake.stats.openFiles).toBe(1);
});

test('a restart in the middle of decompressing leaves nothing open', async () => {
  writer.write(`${'x'.repeat(1 << 20)}\n`);
  writer.compress(writer.rotate());
  const before = fs.readdirSync('/proc/self/fd').length;
  for (let round = 0; round < 5; round++) {
    const intake = await started();
    reader.readAll(intake);
    await intake.stop();
  }
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  expect(fs.readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before + 1);
});
