/** One lineage through rotation, truncation, deletion and restart; the looks are driven by hand. */

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Intake } from '../../agent/intake/intake.ts';
import { MAX_LOGS } from '../../agent/limits.ts';
import { type Bench, makeIntake, Reader, RecordingLog, temporaryFolder, Writer } from './harness.ts';

let folder: string;
let writer: Writer;
let log: RecordingLog;
let running: Intake[];

beforeEach(() => {
  folder = temporaryFolder();
  writer = new Writer(folder);
  log = new RecordingLog();
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((intake) => intake.stop()));
  fs.rmSync(folder, { recursive: true, force: true });
});

async function started(options: Bench['options'] = {}): Promise<Intake> {
  const intake = makeIntake(writer.path, log, options);
  running.push(intake);
  await intake.start();
  return intake;
}

function lookAndRead(intake: Intake, reader: Reader): string[] {
  intake.look();
  reader.readAll(intake);
  return reader.lines;
}

describe('finding the log', () => {
  test('a file that appears later, in a folder that appears later, is read from its beginning', async () => {
    writer = new Writer(join(folder, 'cilium', 'tetragon'));
    const intake = await started({ readFrom: 'end' });
    expect(intake.sources[0]?.file).toBeUndefined();
    expect(log.count('no log yet')).toBe(1);
    fs.mkdirSync(writer.folder, { recursive: true });
    writer.write('a\nb\n');
    const reader = new Reader();
    expect(lookAndRead(intake, reader)).toEqual(['a', 'b']);
    expect(intake.lagBytes()).toBe(0);
  });

  test('the beginning is the oldest backup', async () => {
    writer.write('a\n');
    writer.rotate();
    writer.write('b\n');
    writer.rotate();
    writer.write('c\n');
    fs.writeFileSync(join(folder, 'other.log'), 'x\n');
    fs.writeFileSync(join(folder, 'tetragon-2026-01-02T15-04-05.000.log.gz.tmp'), 'x\n');
    const reader = new Reader();
    const intake = await started();
    expect(lookAndRead(intake, reader)).toEqual(['a', 'b', 'c']);
    expect(intake.stats.rotations).toBe(0);
    expect(intake.stats.openFiles).toBe(1);
  });

  test('the end is behind the last whole line of the active file', async () => {
    writer.write('a\n');
    writer.rotate();
    writer.write('b\nc');
    const intake = await started({ readFrom: 'end' });
    const reader = new Reader();
    expect(lookAndRead(intake, reader)).toEqual([]);
    writer.write('c\n');
    expect(lookAndRead(intake, reader)).toEqual(['cc']);
  });

  test('a glob means active files only, also later ones', async () => {
    writer.write('a\n');
    writer.rotate();
    writer.write('b\n');
    const intake = await started({ paths: [join(folder, '*.log')], pollIntervalMs: 0 });
    expect(intake.sources.map(({ key }) => key)).toEqual([writer.path]);
    fs.writeFileSync(join(folder, 'second.log'), 'x\n');
    expect(lookAndRead(intake, new Reader())).toEqual(['a', 'b', 'x']);
  });

  test('a file under two of the paths is read once', async () => {
    writer.write('a\n');
    fs.symlinkSync(folder, `${folder}-link`);
    try {
      const intake = await started({ paths: [writer.path, join(`${folder}-link`, 'tetragon.log')] });
      expect(lookAndRead(intake, new Reader())).toEqual(['a']);
      expect(log.count('left out here')).toBe(1);
    } finally {
      fs.unlinkSync(`${folder}-link`);
    }
  });

  test('a folder or a pipe at the path is refused, once', async () => {
    fs.mkdirSync(writer.path);
    const intake = await started();
    intake.look();
    expect(log.count('not a regular file')).toBe(1);
    fs.rmdirSync(writer.path);
    writer.write('a\n');
    expect(lookAndRead(intake, new Reader())).toEqual(['a']);
  });
});

describe('what somebody may put beside the log', () => {
  test('links, pipes, folders and files named like backups: no other file is read, and nothing hangs', async () => {
    fs.writeFileSync(join(folder, 'secret'), 'secret\n');
    const named = (second: number): string => join(folder, `tetragon-2026-01-02T15-04-0${second}.000.log`);
    fs.symlinkSync(join(folder, 'secret'), named(1));
    execFileSync('mkfifo', [named(2)]);
    fs.mkdirSync(named(3));
    fs.symlinkSync('/dev/zero', `${named(4)}.gz`);
    fs.linkSync(join(folder, 'secret'), join(folder, 'tetragon-not-a-time.log'));
    writer.write('a\n');
    expect(lookAndRead(await started(), new Reader())).toEqual(['a']);
  });

  test('a pipe at the path itself: refused once, and left for the log that takes its place', async () => {
    execFileSync('mkfifo', [writer.path]);
    const intake = await started();
    intake.look();
    expect(log.count('not a regular file')).toBe(1);
    fs.unlinkSync(writer.path);
    writer.write('a\n');
    expect(lookAndRead(intake, new Reader())).toEqual(['a']);
  });

  test('a folder of thousands of files costs a look at their names, and only on a rotation', async () => {
    for (let file = 0; file < 2_000; file++) fs.closeSync(fs.openSync(join(folder, `x${file}`), 'w'));
    const list = vi.spyOn(fs, 'readdirSync');
    const intake = await started();
    writer.write('a\n');
    for (let look = 0; look < 100; look++) intake.look();
    const lists = list.mock.calls.length;
    expect(lists).toBeLessThan(5);
    writer.rotate();
    expect(lookAndRead(intake, new Reader())).toEqual(['a']);
    expect(list.mock.calls.length - lists).toBeLessThan(3);
    vi.restoreAllMocks();
  });

  test('a glob that matches thousands: so many are read, said once, and others when those are gone', async () => {
    for (let file = 0; file < 1_000; file++) {
      fs.writeFileSync(join(folder, `${String(file).padStart(4, '0')}.log`), `${file}\n`);
    }
    const intake = await started({ paths: [join(folder, '*.log')], pollIntervalMs: 0 });
    const reader = new Reader();
    expect(lookAndRead(intake, reader).length).toBe(MAX_LOGS);
    expect(log.count('narrow TETRAGON_LOG')).toBe(1);
    expect(intake.stats.openFiles).toBe(MAX_LOGS);
  });

  test("a glob's log that is deleted and delivered is let go, and its disk space with it", async () => {
    const paths = [join(folder, '*.log')];
    const intake = await started({ paths, pollIntervalMs: 0 });
    const reader = new Reader();
    fs.writeFileSync(join(folder, 'one.log'), 'a\n');
    fs.writeFileSync(join(folder, 'two.log'), 'b\n');
    lookAndRead(intake, reader);
    fs.unlinkSync(join(folder, 'one.log'));
    const later = performance.now() + 20_000;
    intake.look(later);
    reader.readAll(intake);
    // Not delivered yet, as far as anybody has said.
    intake.look(later + 1);
    expect(intake.stats.openFiles).toBe(2);
    intake.resumeState(reader.safe);
    intake.look(later + 2);
    expect(intake.stats.openFiles).toBe(1);
    expect(intake.resumeState(reader.safe).points.map(({ file }) => file.source)).toEqual([
      join(folder, 'two.log'),
    ]);
    fs.writeFileSync(join(folder, 'one.log'), 'c\n');
    intake.look(later + 3);
    reader.readAll(intake);
    expect(reader.lines).toEqual(['a', 'b', 'c']);
  });
});

describe('rotation', () => {
  test('the old file is drained to its end before the new one, a torn piece included', async () => {
    const intake = await started();
    const reader = new Reader();
    writer.write('a\nto');
    expect(lookAndRead(intake, reader)).toEqual(['a']);
    writer.write('rn\nb');
    const backup = writer.rotate();
    writer.write('c\n');
    expect(lookAndRead(intake, reader)).toEqual(['a', 'torn', 'b', 'c']);
    expect(intake.stats.rotations).toBe(1);
    expect(reader.safe.get(writer.path)?.file.path).toBe(writer.path);
    expect(fs.existsSync(backup)).toBe(true);
  });

  test('an instant without an active file ends nothing', async () => {
    const intake = await started();
    const reader = new Reader();
    writer.write('a\npiece');
    writer.rename();
    expect(lookAndRead(intake, reader)).toEqual(['a']);
    writer.create();
    expect(lookAndRead(intake, reader)).toEqual(['a', 'piece']);
  });

  test('several rotations between two looks, in order', async () => {
    const intake = await started();
    const reader = new Reader();
    writer.write('a\n');
    lookAndRead(intake, reader);
    for (const line of ['b', 'c', 'd', 'e']) {
      writer.write(`${line}\n`);
      writer.rotate();
    }
    writer.write('f\n');
    expect(lookAndRead(intake, reader)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(intake.stats.openFiles).toBe(1);
  });

  test('rotated files that nobody read yet survive their deletion', async () => {
    const intake = await started();
    for (const line of ['a', 'b', 'c']) {
      writer.write(`${line}\n`);
      writer.rotate();
      intake.look();
    }
    for (const backup of writer.backups()) fs.unlinkSync(backup);
    expect(intake.lagBytes()).toBe(6);
    expect(intake.stats.openFiles).toBe(4);
    expect(lookAndRead(intake, new Reader())).toEqual(['a', 'b', 'c']);
    expect(intake.stats.openFiles).toBe(1);
  });

  test('a backup overwritten within one millisecond is saved by its descriptor', async () => {
    const intake = await started();
    writer.write('a\n');
    writer.rotate();
    intake.look();
    writer.write('b\n');
    intake.look();
    writer.rotate(true);
    writer.write('c\n');
    expect(lookAndRead(intake, new Reader())).toEqual(['a', 'b', 'c']);
  });

  test('a file put over the active one replaces it', async () => {
    const intake = await started();
    const reader = new Reader();
    writer.write('a\nb');
    lookAndRead(intake, reader);
    fs.writeFileSync(join(folder, 'new'), 'c\n');
    fs.renameSync(join(folder, 'new'), writer.path);
    expect(lookAndRead(intake, reader)).toEqual(['a', 'b', 'c']);
  });

  test('deleted and created anew, also when the inode number is the same', async () => {
    const intake = await started();
    const reader = new Reader();
    for (const line of ['a', 'b', 'c', 'd']) {
      writer.write(`${line}\n`);
      lookAndRead(intake, reader);
      fs.unlinkSync(writer.path);
    }
    expect(reader.lines).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a deleted file is read on while its writer holds it', async () => {
    const intake = await started();
    const reader = new Reader();
    const fd = fs.openSync(writer.path, 'a');
    fs.writeSync(fd, 'a\n');
    lookAndRead(intake, reader);
    fs.unlinkSync(writer.path);
    fs.writeSync(fd, 'b\nc');
    expect(lookAndRead(intake, reader)).toEqual(['a', 'b']);
    intake.look(performance.now() + 20_000);
    reader.readAll(intake);
    expect(reader.lines).toEqual(['a', 'b', 'c']);
    fs.writeSync(fd, 'd\n');
    fs.closeSync(fd);
    writer.write('e\n');
    expect(lookAndRead(intake, reader)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('growth that the reader sees first is growth: the deleted file is not over', async () => {
    const intake = await started();
    const reader = new Reader();
    const startMs = performance.now();
    const fd = fs.openSync(writer.path, 'a');
    fs.writeSync(fd, 'a\n');
    lookAndRead(intake, reader);
    fs.unlinkSync(writer.path);
    fs.writeSync(fd, 'b\n');
    reader.readAll(intake);
    intake.look(startMs + 8_000);
    fs.writeSync(fd, 'piece');
    reader.readAll(intake);
    intake.look(startMs + 12_000);
    reader.readAll(intake);
    expect(intake.sources[0]?.atFinalEnd).toBe(false);
    fs.writeSync(fd, ' of c\n');
    fs.closeSync(fd);
    expect(lookAndRead(intake, reader)).toEqual(['a', 'b', 'piece of c']);
  });

  test('a link that is turned to another file and back is read on where it was left', async () => {
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    fs.writeFileSync(one, 'a\n');
    fs.writeFileSync(two, 'b\n');
    const turnTo = (target: string): void => {
      fs.symlinkSync(target, `${writer.path}.new`);
      fs.renameSync(`${writer.path}.new`, writer.path);
    };
    turnTo(one);
    const intake = await started();
    const reader = new Reader();
    lookAndRead(intake, reader);
    turnTo(two);
    lookAndRead(intake, reader);
    turnTo(one);
    fs.appendFileSync(one, 'c\n');
    lookAndRead(intake, reader);
    expect(lookAndRead(intake, reader)).toEqual(['a', 'b', 'c']);
  });

  test('a file moved away and back is still the active one', async () => {
    const intake = await started();
    const reader = new Reader();
    writer.write('a\n');
    lookAndRead(intake, reader);
    const away = writer.rename();
    intake.look(performance.now() + 20_000);
    reader.readAll(intake);
    expect(intake.sources[0]?.atFinalEnd).toBe(true);
    fs.renameSync(away, writer.path);
    writer.write('piece');
    expect(lookAndRead(intake, reader)).toEqual(['a']);
    writer.write(' whole\n');
    expect(lookAndRead(intake, reader)).toEqual(['a', 'piece whole']);
  });

  test('a writer that goes on in the old file after the new one is there', async () => {
    writer.write('a\n');
    const intake = await started();
    const [source] = intake.sources;
    const old = writer.rotate();
    writer.write('d\n');
    intake.look();
    const into = Buffer.alloc(100);
    expect(source?.read(into)).toBe(2);
    expect(source?.atFinalEnd).toBe(true);
    source?.consume(2);
    fs.appendFileSync(old, 'b\nc\n');
    expect(source?.advance()).toBe(true);
    expect(lookAndRead(intake, new Reader())).toEqual(['b', 'c', 'd']);
    expect(intake.stats.lostBytes).toBe(0);
  });

  test('a full read is no end of a rotated file', async () => {
    writer.write('a\nbbb\nc');
    writer.rotate();
    const intake = await started();
    expect(lookAndRead(intake, new Reader(4))).toEqual(['a', 'bbb', 'c']);
  });

  test('a rotation while the folder is being listed is seen in the same look', async () => {
    writer.write('a\n');
    const intake = await started();
    writer.rotate();
    writer.write('b\n');
    const real = fs.readdirSync;
    vi.spyOn(fs, 'readdirSync').mockImplementationOnce((...args: Parameters<typeof fs.readdirSync>) => {
      const names = real(...args);
      writer.rotate();
      writer.write('c\n');
      return names;
    });
    intake.look();
    vi.restoreAllMocks();
    expect(intake.stats.openFiles).toBe(3);
    expect(lookAndRead(intake, new Reader())).toEqual(['a', 'b', 'c']);
  });

  test('a backup under the name of an older one that was read, as after the clock went back', async () => {
    const intake = await started();
    const reader = new Reader();
    writer.write('a\n');
    const first = writer.rotate();
    lookAndRead(intake, reader);
    writer.write('b\n');
    writer.rotate();
    writer.write('c\n');
    fs.renameSync(writer.path, first);
    writer.write('d\n');
    expect(lookAndRead(intake, reader)).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('cut in place', () => {
  const check = (
    before: string,
    read: boolean,
    after: string,
    want: { lines: string[]; lost: number },
  ): void => {
    test(`${JSON.stringify(before)} ${read ? 'read' : 'unread'}, then ${JSON.stringify(after)}`, async () => {
      writer.write(before);
      const intake = await started();
      const reader = new Reader();
      if (read) reader.readAll(intake);
      fs.truncateSync(writer.path, 0);
      writer.write(after);
      expect(lookAndRead(intake, reader)).toEqual(want.lines);
      expect(intake.stats.truncations).toBe(1);
      expect(intake.stats.lostBytes).toBe(want.lost);
    });
  };
  check('a\nb\n', true, 'c\n', { lines: ['a', 'b', 'c'], lost: 0 });
  check('a\nb\n', false, 'c\n', { lines: ['c'], lost: 4 });
  check('a\n', true, '', { lines: ['a'], lost: 0 });
  // Longer than before: only the first line tells.
  check('a\n', true, 'longer\nthan before\n', { lines: ['a', 'longer', 'than before'], lost: 0 });
});

describe('bounds', () => {
  test('files beyond the limit wait closed, and are read in their turn', async () => {
    const intake = await started({ heldLimits: { files: 2, deletedBytes: 1 << 30 } });
    for (const line of ['a', 'b', 'c', 'd']) {
      writer.write(`${line}\n`);
      writer.rotate();
      intake.look();
    }
    writer.write('e\n');
    expect(intake.stats.openFiles).toBe(2);
    expect(log.count('cannot hold more unread files')).toBe(1);
    expect(lookAndRead(intake, new Reader())).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(intake.stats.lostFiles).toBe(0);
  });

  test('what is deleted while it waits closed is lost, and counted', async () => {
    const intake = await started({ heldLimits: { files: 2, deletedBytes: 1 << 30 } });
    for (const line of ['a', 'b', 'ccc', 'd']) {
      writer.write(`${line}\n`);
      writer.rotate();
      intake.look();
    }
    fs.unlinkSync(writer.backups()[2] ?? '');
    expect(lookAndRead(intake, new Reader())).toEqual(['a', 'b', 'd']);
    expect(intake.stats).toMatchObject({ lostFiles: 1, lostBytes: 4 });
    expect(log.count('error')).toBe(2);
  });

  test('what came since the last look counts too, also of a file that was empty then', async () => {
    const intake = await started({ heldLimits: { files: 2, deletedBytes: 1 << 30 } });
    for (const line of ['a', 'b', 'ccc']) {
      intake.look();
      writer.write(`${line}\n`);
      writer.rotate();
    }
    intake.look();
    fs.unlinkSync(writer.backups()[2] ?? '');
    expect(lookAndRead(intake, new Reader())).toEqual(['a', 'b']);
    expect(intake.stats).toMatchObject({ lostFiles: 1, lostBytes: 4 });
  });

  test('the one being read is not closed for its successor', async () => {
    const intake = await started({ heldLimits: { files: 1, deletedBytes: 1 } });
    writer.write('a\n');
    intake.look();
    const backup = writer.rotate();
    intake.look();
    fs.unlinkSync(backup);
    expect(lookAndRead(intake, new Reader())).toEqual(['a']);
    expect(intake.stats.lostFiles).toBe(0);
  });

  test('one that is closed while the folder cannot be listed is found under its new name, in its order', async () => {
    const intake = await started({ heldLimits: { files: 2, deletedBytes: 1 << 30 } });
    for (const line of ['a', 'b']) {
      writer.write(`${line}\n`);
      intake.look();
      writer.rotate();
      if (line === 'b') {
        const failure = Object.assign(new Error('EMFILE'), { code: 'EMFILE' });
        vi.spyOn(fs, 'readdirSync').mockImplementationOnce(() => {
          throw failure;
        });
      }
      intake.look();
    }
    writer.write('c\n');
    expect(lookAndRead(intake, new Reader())).toEqual(['a', 'b', 'c']);
    expect(intake.stats.lostFiles).toBe(0);
  });

  test('deleted files held unread are bounded by their bytes', async () => {
    const intake = await started({ heldLimits: { files: 10, deletedBytes: 3 } });
    for (const line of ['a', 'b', 'c', 'd']) {
      writer.write(`${line}\n`);
      const backup = writer.rotate();
      intake.look();
      fs.unlinkSync(backup);
    }
    const lines = lookAndRead(intake, new Reader());
    expect(lines.length * 2 + intake.stats.lostBytes).toBe(8);
    expect(intake.stats.lostFiles).toBeGreaterThan(0);
  });
});

describe('after a restart', () => {
  async function restarted(intake: Intake, reader: Reader): Promise<Intake> {
    const resume = intake.resumeState(reader.safe);
    await intake.stop();
    return started({ resume, readFrom: 'end' });
  }

  test('goes on at the offset, through the backups that came meanwhile', async () => {
    writer.write('old\n');
    writer.rotate();
    writer.write('a\n');
    const first = await started();
    const reader = new Reader();
    lookAndRead(first, reader);
    const resume = first.resumeState(reader.safe);
    await first.stop();
    writer.write('b\n');
    writer.rotate();
    writer.write('c\n');
    writer.rotate();
    writer.write('d\n');
    const second = await started({ resume, readFrom: 'end' });
    expect(lookAndRead(second, reader)).toEqual(['old', 'a', 'b', 'c', 'd']);
    expect(log.count('error')).toBe(0);
  });

  test('what vanished meanwhile is counted with what was last seen of it', async () => {
    writer.write('a\nb\n');
    const first = await started();
    const source = first.sources[0];
    const reader = new Reader(2);
    if (source) reader.readOnce(source);
    const resume = first.resumeState(reader.safe);
    await first.stop();
    const gone = writer.rotate();
    writer.write('c\n');
    writer.rotate();
    fs.unlinkSync(gone);
    const second = await started({ resume });
    expect(lookAndRead(second, reader)).toEqual(['a', 'c']);
    expect(second.stats).toMatchObject({ lostFiles: 1, lostBytes: 2 });
    expect(log.lines.filter((line) => line.startsWith('error')).join()).toContain(writer.path);
    const third = await restarted(second, reader);
    expect(third.stats).toMatchObject({ lostFiles: 1, lostBytes: 2 });
    expect(lookAndRead(third, reader)).toEqual(['a', 'c']);
  });

  test('a file that vanishes between the listing and its opening is counted once', async () => {
    writer.write('a\n');
    const first = await started();
    writer.write('b\n');
    writer.rotate();
    writer.write('cc\n');
    first.look();
    const resume = first.resumeState(new Map());
    await first.stop();
    writer.rotate();
    const real = fs.readdirSync;
    vi.spyOn(fs, 'readdirSync').mockImplementationOnce((...args: Parameters<typeof fs.readdirSync>) => {
      const names = real(...args);
      const open = fs.openSync;
      vi.spyOn(fs, 'openSync').mockImplementation((...opened: Parameters<typeof fs.openSync>) => {
        if (String(opened[0]).endsWith('.002.log')) fs.rmSync(String(opened[0]));
        return open(...opened);
      });
      return names;
    });
    const second = await started({ resume });
    vi.restoreAllMocks();
    expect(lookAndRead(second, new Reader())).toEqual(['a', 'b']);
    expect(second.stats).toMatchObject({ lostFiles: 1, lostBytes: 3 });
  });

  test('where the end was, although nothing came of it', async () => {
    writer.write('a\n');
    writer.rotate();
    writer.write('b\n');
    const first = await started({ readFrom: 'end' });
    const second = await restarted(first, new Reader());
    writer.write('c\n');
    expect(lookAndRead(second, new Reader())).toEqual(['c']);
  });

  test('a folder that is not mounted yet loses nothing', async () => {
    writer.write('a\n');
    const first = await started();
    const reader = new Reader();
    lookAndRead(first, reader);
    const hidden = `${folder}-hidden`;
    const resume = first.resumeState(reader.safe);
    await first.stop();
    fs.renameSync(folder, hidden);
    const second = await started({ resume });
    const again = second.resumeState(new Map());
    expect(again).toEqual(resume);
    fs.renameSync(hidden, folder);
    writer.write('b\n');
    expect(lookAndRead(second, reader)).toEqual(['a', 'b']);
    expect(second.stats.lostFiles).toBe(0);
  });

  test('a rotated file without any newline is not read twice', async () => {
    writer.write('piece');
    writer.rotate();
    const first = await started();
    const reader = new Reader();
    lookAndRead(first, reader);
    const second = await restarted(first, reader);
    writer.write('a\n');
    expect(lookAndRead(second, reader)).toEqual(['piece', 'a']);
  });

  test('a file that has become shorter than what was read of it is read from its beginning', async () => {
    writer.write('a\nb\nc\n');
    const first = await started();
    const reader = new Reader();
    lookAndRead(first, reader);
    const resume = first.resumeState(reader.safe);
    await first.stop();
    fs.truncateSync(writer.path, 2);
    const second = await started({ resume });
    expect(lookAndRead(second, reader)).toEqual(['a', 'b', 'c', 'a']);
    expect(second.stats.truncations).toBe(1);
  });

  test('the same inode with another first line is another file', async () => {
    writer.write('a\nb\n');
    const first = await started();
    const reader = new Reader();
    lookAndRead(first, reader);
    const resume = first.resumeState(reader.safe);
    await first.stop();
    fs.truncateSync(writer.path);
    writer.write('x\ny\nz\n');
    const second = await started({ resume });
    expect(lookAndRead(second, reader)).toEqual(['a', 'b', 'x', 'y', 'z']);
  });
});
