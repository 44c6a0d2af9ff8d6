/** What a crash of the machine may not undo: content before name, name before the caller goes on. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { letterFiles, replaceLetterFile } from '../../agent/delivery/letter-folder.ts';
import { replaceFile } from '../../agent/durable-file.ts';
import { BrokenFs, CHANGES } from './broken-fs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'durable-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The changes that work makes, in their order. */
async function changes(work: () => Promise<void>, fault?: string): Promise<string[]> {
  using broken = new BrokenFs(folder);
  const seen: string[] = [];
  broken.fault = ({ operation, path }) => {
    if (!CHANGES.has(operation)) return undefined;
    const what = `${operation} ${basename(path)}`;
    seen.push(what);
    return what === fault ? 'EIO' : undefined;
  };
  await work();
  return seen;
}

test('a file is on disk before it has its name, and its name before it is counted on', async () => {
  const file = join(folder, 'a.json');
  writeFileSync(file, 'old');
  expect(await changes(() => replaceFile(file, 'new'))).toEqual([
    'write a.json.tmp',
    'fsync a.json.tmp',
    'rename a.json.tmp',
    `fsync ${basename(folder)}`,
  ]);
  expect(readFileSync(file, 'utf8')).toBe('new');
});

test('where its bytes cannot be made safe, the old file stays', async () => {
  const file = join(folder, 'a.json');
  writeFileSync(file, 'old');
  await expect(changes(() => replaceFile(file, 'new'), 'fsync a.json.tmp')).rejects.toThrow('EIO');
  expect(readFileSync(file, 'utf8')).toBe('old');
});

test('letters are replaced so too, and a file without any goes', async () => {
  const file = join(folder, '1.ndjson');
  writeFileSync(file, 'a\nb\n');
  const replaced = await changes(() => replaceLetterFile(file, [Buffer.from('b\n')]));
  expect(replaced.map((what) => what.split(' ')[0])).toEqual(['write', 'fsync', 'rename', 'fsync']);
  expect(readFileSync(file, 'utf8')).toBe('b\n');
  expect(letterFiles(folder)).toEqual([file]);
  const removed = await changes(() => replaceLetterFile(file, []));
  expect(removed).toEqual(['unlink 1.ndjson', `fsync ${basename(folder)}`]);
  expect(readdirSync(folder)).toEqual([]);
});
