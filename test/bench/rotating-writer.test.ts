import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { backupPath, RotatingWriter } from '../../bench/rotating-writer.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tetraship-writer-'));
  path = join(folder, 'tetragon.log');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Ten bytes each. */
function line(n: number): Buffer {
  return Buffer.from(`line ${String(n).padStart(4, '0')}\n`);
}

/** Backups, oldest first, then the active file: decompressed and joined. */
function content(): string {
  const names = readdirSync(folder).sort();
  const backups = names.filter((name) => name !== 'tetragon.log');
  return [...backups, 'tetragon.log']
    .map((name) => readFileSync(join(folder, name)))
    .map((bytes, i) => (backups[i]?.endsWith('.gz') === true ? gunzipSync(bytes) : bytes).toString())
    .join('');
}

/** Backups are named by the millisecond. */
async function write(writer: RotatingWriter, count: number): Promise<string> {
  let text = '';
  for (let n = 0; n < count; n++) {
    if (n % 3 === 0) await sleep(2);
    writer.write(line(n));
    text += line(n).toString();
  }
  await writer.close();
  return text;
}

test('rotates by rename before a line that would not fit, and loses nothing', async () => {
  const writer = new RotatingWriter({ path, maxBytes: 30, backups: 0 });
  const text = await write(writer, 20);
  expect(content()).toBe(text);
  const names = readdirSync(folder).sort();
  expect(names).toHaveLength(7);
  for (const name of names.slice(0, -1)) {
    expect(name).toMatch(/^tetragon-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}\.log$/);
    expect(statSync(join(folder, name)).size).toBe(30);
  }
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(writer).toMatchObject({ lines: 20, bytes: 200, rotations: 6 });
});

test('keeps the newest backups only', async () => {
  const text = await write(new RotatingWriter({ path, maxBytes: 30, backups: 2 }), 20);
  expect(readdirSync(folder)).toHaveLength(3);
  expect(content()).toBe(text.slice(-80));
});

test('compresses backups and removes the plain ones', async () => {
  const text = await write(new RotatingWriter({ path, maxBytes: 30, backups: 3, gzip: true }), 20);
  const names = readdirSync(folder);
  expect(names.filter((name) => name.endsWith('.log.gz'))).toHaveLength(3);
  expect(names).toHaveLength(4);
  expect(content()).toBe(text.slice(-110));
});

test('appends to what is there, and counts it', async () => {
  writeFileSync(path, 'before 00\n');
  await write(new RotatingWriter({ path, maxBytes: 30 }), 3);
  expect(readFileSync(path, 'utf8')).toBe('line 0002\n');
  expect(content()).toBe('before 00\nline 0000\nline 0001\nline 0002\n');
});

test('keeps a rate, and stops when it is told or when there is no more', async () => {
  const writer = new RotatingWriter({ path });
  let n = 0;
  const abort = new AbortController();
  const startMs = performance.now();
  setTimeout(() => abort.abort(), 300);
  await writer.run(() => line(n++).toString(), 1000, abort.signal);
  const expected = performance.now() - startMs;
  expect(writer.lines).toBeGreaterThan(expected * 0.5);
  expect(writer.lines).toBeLessThan(expected * 1.1);
  const before = writer.lines;
  let left = 500;
  await writer.run(() => (left-- > 0 ? line(left).toString() : undefined), 0, new AbortController().signal);
  expect(writer.lines).toBe(before + 500);
  await writer.close();
});

test('waits while it may not write', async () => {
  const writer = new RotatingWriter({ path });
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 50);
  await writer.run(
    () => line(0).toString(),
    0,
    abort.signal,
    () => writer.lines < 7,
  );
  expect(writer.lines).toBe(7);
  await writer.close();
});

test('a backup is named by its time in UTC', () => {
  expect(backupPath('/a/b/tetragon.log', new Date('2006-01-02T15:04:05.007Z'))).toBe(
    '/a/b/tetragon-2006-01-02T15-04-05.007.log',
  );
});
