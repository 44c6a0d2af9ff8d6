import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { DeadLetter } from '../../agent/delivery/letter-format.ts';
import { deadLetters, tempFolder } from './fixtures.ts';

afterEach(() => vi.restoreAllMocks());

function letter(offset: number, more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    reason: 'refused',
    file: '/var/log/t.log',
    offset,
    length: 10,
    status: 400,
    message: 'no',
    ...more,
  };
}

function lines(folder: string): Record<string, unknown>[] {
  return fs
    .readdirSync(folder)
    .sort()
    .flatMap((name) => fs.readFileSync(path.join(folder, name), 'utf8').split('\n'))
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text));
}

function offsets(folder: string): unknown[] {
  return lines(folder).map(({ offset }) => offset);
}

function bytesIn(folder: string): number {
  return fs.readdirSync(folder).reduce((sum, name) => sum + fs.statSync(path.join(folder, name)).size, 0);
}

describe('what stands in a letter', () => {
  test('its place, why, and the bytes', () => {
    using temp = tempFolder();
    const folder = path.join(temp.folder, 'state', 'deadletters');
    const { letters, log } = deadLetters(folder);
    letters.append(letter(0, { row: Buffer.from('{"n":1e400,"s":"\\ud800"}') }));
    letters.append(letter(10, { reason: 'invalid_json', status: null, line: Buffer.from('\ufeff{"é"') }));
    letters.append(letter(20, { line: Uint8Array.of(0x7b, 0xff) }));
    letters.close();
    const common = {
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      node: 'node-1',
      file: '/var/log/t.log',
      length: 10,
    };
    expect(lines(folder)).toEqual([
      {
        ...common,
        reason: 'refused',
        offset: 0,
        status: 400,
        message: 'no',
        row: '{"n":1e400,"s":"\\ud800"}',
      },
      { ...common, reason: 'invalid_json', offset: 10, status: null, message: 'no', line: '\ufeff{"é"' },
      { ...common, reason: 'refused', offset: 20, status: 400, message: 'no', line_base64: 'e/8=' },
    ]);
    expect(log.lines).toEqual([]);
    expect(letters.stats).toMatchObject({ letters: 3, failed: 0 });
    expect(letters.usedBytes).toBe(bytesIn(folder));
    expect(fs.statSync(path.join(folder, fs.readdirSync(folder)[0] ?? '')).mode & 0o777).toBe(0o600);
  });

  test('it is in the file when append returns, and no folder is made before the first', () => {
    using temp = tempFolder();
    const folder = path.join(temp.folder, 'deadletters');
    const { letters } = deadLetters(folder);
    expect(letters.flush()).toBe(true);
    expect(fs.existsSync(folder)).toBe(false);
    letters.append(letter(0));
    expect(lines(folder)).toHaveLength(1);
    letters.close();
  });

  test('a row larger than everything allowed leaves at least its place', () => {
    using temp = tempFolder();
    const { letters } = deadLetters(temp.folder, 1000);
    letters.append(letter(7, { row: Buffer.alloc(5000, 'x') }));
    expect(lines(temp.folder)[0]).toMatchObject({ offset: 7, omitted_bytes: expect.any(Number) });
    letters.close();
  });
});

describe('the bound', () => {
  test('the oldest file goes first and its letters are counted', () => {
    using temp = tempFolder();
    const bound = 600_000;
    const { letters, log } = deadLetters(temp.folder, bound);
    for (let i = 0; i < 200; i++) {
      letters.append(letter(i, { row: Buffer.alloc(10_000, 'x') }));
      expect(bytesIn(temp.folder)).toBeLessThanOrEqual(bound);
      expect(letters.usedBytes).toBe(bytesIn(temp.folder));
    }
    const kept = lines(temp.folder).map(({ offset }) => offset);
    expect(kept.at(-1)).toBe(199);
    expect(kept.length).toBeGreaterThan(40);
    expect(letters.stats.removed).toBe(200 - kept.length);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 200 - kept.length + i));
    expect(log.of('warn')[0]).toContain('oldest file is removed');
    letters.close();
  });

  test('files of an earlier run count, and are not appended to', () => {
    using temp = tempFolder();
    const before = deadLetters(temp.folder);
    before.letters.append(letter(1));
    before.letters.close();
    const torn = path.join(temp.folder, fs.readdirSync(temp.folder)[0] ?? '');
    fs.appendFileSync(torn, '{"time":"20');
    const { letters } = deadLetters(temp.folder, 1000);
    expect(letters.usedBytes).toBe(bytesIn(temp.folder));
    letters.append(letter(2));
    expect(fs.readdirSync(temp.folder)).toHaveLength(2);
    expect(fs.readFileSync(torn, 'utf8').endsWith('{"time":"20')).toBe(true);
    for (let i = 0; i < 20; i++) letters.append(letter(10 + i));
    expect(fs.existsSync(torn)).toBe(false);
    letters.close();
  });
});

describe('a disk that fails', () => {
  const broken = (code: string) => () => {
    throw Object.assign(new Error(`${code}: broken`), { code });
  };

  test.each([
    'mkdirSync',
    'openSync',
    'writeSync',
    'fsyncSync',
    'closeSync',
    'ftruncateSync',
    'unlinkSync',
    'readdirSync',
    'statSync',
  ] as const)('%s: nothing is thrown or lost, it is said once, and it recovers', (name) => {
    using temp = tempFolder();
    const folder = path.join(temp.folder, 'deadletters');
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, '1.ndjson'), '{"offset":0}\n');
    vi.spyOn(fs, name).mockImplementation(broken('EIO'));
    const { letters, log } = deadLetters(folder, 200_000);
    for (const i of [1, 2, 3]) {
      letters.append(letter(i, { row: Buffer.alloc(40_000, 'x') }));
      // What `flush` calls safe is in a file.
      const isSafe = letters.flush();
      if (isSafe && name !== 'readdirSync') expect(offsets(folder)).toContain(i);
    }
    expect(letters.trouble !== '').toBe(letters.flush() === false);
    vi.restoreAllMocks();
    expect(log.of('error').length).toBeLessThanOrEqual(1);
    letters.append(letter(9));
    expect(letters.flush()).toBe(true);
    expect(letters.trouble).toBe('');
    letters.close();
    expect(letters.stats.failed).toBe(0);
    expect(offsets(folder)).toEqual(expect.arrayContaining([1, 2, 3, 9]));
  });

  test('a full disk leaves neither torn lines nor a file per letter; they are written when there is room', () => {
    using temp = tempFolder();
    const { letters, log } = deadLetters(temp.folder);
    letters.append(letter(0));
    const write = fs.writeSync;
    let calls = 0;
    vi.spyOn(fs, 'writeSync').mockImplementation((descriptor: number, data: unknown) => {
      if (!(data instanceof Uint8Array)) throw new Error('unexpected');
      if (calls++ % 2 === 0) return write(descriptor, data.subarray(0, 5));
      return broken('ENOSPC')();
    });
    for (let i = 1; i < 20; i++) letters.append(letter(i));
    // One try was enough to know.
    expect(calls).toBe(2);
    expect(letters.flush()).toBe(false);
    expect(offsets(temp.folder)).toEqual([0]);
    vi.restoreAllMocks();
    letters.append(letter(20));
    expect(letters.flush()).toBe(true);
    letters.close();
    expect(fs.readdirSync(temp.folder)).toHaveLength(1);
    expect(offsets(temp.folder)).toEqual(Array.from({ length: 21 }, (_, i) => i));
    expect(letters.stats).toMatchObject({ letters: 21, failed: 0 });
    expect(log.of('error')).toHaveLength(1);
    expect(log.lines[0]?.fields).toMatchObject({ offset: 1 });
    expect(log.of('info')).toEqual(['dead letters can be written again']);
  });

  test('more than memory holds loses the oldest, counted and named', () => {
    using temp = tempFolder();
    const { letters, log } = deadLetters(temp.folder);
    vi.spyOn(fs, 'openSync').mockImplementation(broken('EROFS'));
    for (let i = 0; i < 30; i++) letters.append(letter(i, { row: Buffer.alloc(100_000, 'x') }));
    vi.restoreAllMocks();
    expect(letters.flush()).toBe(true);
    letters.close();
    const kept = offsets(temp.folder);
    expect(kept.length).toBeGreaterThanOrEqual(9);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 30 - kept.length + i));
    expect(letters.stats).toMatchObject({ letters: kept.length, failed: 30 - kept.length });
    expect(log.of('error')).toHaveLength(1);
  });

  test('a flood is made durable in between, so that memory stays bounded', () => {
    using temp = tempFolder();
    const { letters } = deadLetters(temp.folder);
    const sync = vi.spyOn(fs, 'fsyncSync');
    for (let i = 0; i < 50; i++) letters.append(letter(i, { row: Buffer.alloc(100_000, 'x') }));
    expect(sync.mock.calls.length).toBeGreaterThanOrEqual(4);
    letters.close();
    expect(offsets(temp.folder)).toHaveLength(50);
  });

  test('after a failed fsync the same letters go to another file: a second fsync would prove nothing', () => {
    using temp = tempFolder();
    const { letters } = deadLetters(temp.folder);
    for (const i of [0, 1]) {
      letters.append(letter(i));
      if (i === 0) letters.flush();
    }
    vi.spyOn(fs, 'fsyncSync').mockImplementationOnce(broken('EIO'));
    expect(letters.flush()).toBe(false);
    // What had been safe stays where it was.
    expect(offsets(temp.folder)).toEqual([0]);
    expect(letters.flush()).toBe(true);
    expect(offsets(temp.folder)).toEqual([0, 1]);
    expect(fs.readdirSync(temp.folder)).toHaveLength(2);
    expect(letters.stats.letters).toBe(2);
    expect(letters.usedBytes).toBe(bytesIn(temp.folder));
    letters.close();
  });

  test('a file whose name may not survive is not called safe', () => {
    using temp = tempFolder();
    const { letters } = deadLetters(temp.folder);
    const { fsyncSync: sync } = fs;
    let calls = 0;
    vi.spyOn(fs, 'fsyncSync').mockImplementation((descriptor) => {
      if (calls++ === 1) broken('EIO')();
      sync(descriptor);
    });
    letters.append(letter(0));
    expect(letters.flush()).toBe(false);
    expect(letters.flush()).toBe(true);
    expect(offsets(temp.folder)).toEqual([0]);
    letters.close();
  });
});
