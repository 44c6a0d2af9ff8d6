import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { DeadLetter } from '../../agent/delivery/deadletter.ts';
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
    expect(letters.stats).toMatchObject({ letters: 3, failed: 0, bytes: bytesIn(folder) });
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
  ] as const)('%s: nothing is thrown, it is said once, and it goes on when the disk is well', (name) => {
    using temp = tempFolder();
    const folder = path.join(temp.folder, 'deadletters');
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, '1.ndjson'), '{}\n');
    vi.spyOn(fs, name).mockImplementation(broken('EIO'));
    const { letters, log } = deadLetters(folder, 100_000);
    const written = [1, 2, 3].map((i) => letters.append(letter(i, { row: Buffer.alloc(40_000, 'x') })));
    letters.flush();
    letters.close();
    vi.restoreAllMocks();
    expect(log.of('error').length).toBeLessThanOrEqual(1);
    expect(letters.stats.failed).toBe(written.filter((one) => !one).length);
    expect(letters.append(letter(9))).toBe(true);
    expect(letters.flush()).toBe(true);
    letters.close();
    for (const file of fs.readdirSync(folder)) {
      const text = fs.readFileSync(path.join(folder, file), 'utf8');
      expect(text === '' || text.endsWith('\n')).toBe(true);
    }
    expect(lines(folder).at(-1)).toMatchObject({ offset: 9 });
  });

  test('a full disk leaves neither torn lines nor a file per letter, and is told to the caller', () => {
    using temp = tempFolder();
    const { letters, log } = deadLetters(temp.folder);
    expect(letters.append(letter(0))).toBe(true);
    const write = fs.writeSync;
    let calls = 0;
    vi.spyOn(fs, 'writeSync').mockImplementation((descriptor: number, data: unknown) => {
      if (!(data instanceof Uint8Array)) throw new Error('unexpected');
      if (calls++ % 2 === 0) return write(descriptor, data.subarray(0, 5));
      return broken('ENOSPC')();
    });
    for (let i = 1; i < 20; i++) expect(letters.append(letter(i))).toBe(false);
    vi.restoreAllMocks();
    expect(letters.append(letter(20))).toBe(true);
    letters.close();
    expect(fs.readdirSync(temp.folder)).toHaveLength(1);
    expect(lines(temp.folder).map(({ offset }) => offset)).toEqual([0, 20]);
    expect(letters.stats).toMatchObject({ letters: 2, failed: 19 });
    expect(log.of('error')).toHaveLength(1);
    expect(log.lines[0]?.fields).toMatchObject({ offset: 1 });
  });

  test('a failed fsync is told: the checkpoint must not pass', () => {
    using temp = tempFolder();
    const { letters } = deadLetters(temp.folder);
    letters.append(letter(0));
    vi.spyOn(fs, 'fsyncSync').mockImplementation(broken('EIO'));
    expect(letters.flush()).toBe(false);
    vi.restoreAllMocks();
    letters.close();
  });
});
