import fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { factsOfPath } from '../../agent/intake/file-facts.ts';
import { readFirstLine } from '../../agent/intake/first-line.ts';
import { readLine } from '../../agent/intake/line-reader.ts';
import type { TrackedFile } from '../../agent/position.ts';
import { temporaryFolder } from './harness.ts';

function tracked(path: string): TrackedFile {
  const facts = factsOfPath(path);
  const fd = fs.openSync(path, 'r');
  const hash = readFirstLine(fd)?.hash ?? '';
  fs.closeSync(fd);
  return {
    ...{ source: path, path },
    identity: { device: facts?.device ?? 0, inode: facts?.inode ?? 0, firstLineHash: hash },
  };
}

test('a line is given while its file is certainly the same, and otherwise none', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'a.log');
  fs.writeFileSync(path, '{"a":1}\n{"b":2}\r\n2026-01-02T03:04:05Z stdout F {}\n');
  const file = tracked(path);
  const text = (offset: number, length: number, of = file) =>
    Buffer.from(readLine(of, offset, length) ?? 'none').toString();
  expect(text(0, 8)).toBe('{"a":1}');
  expect(text(8, 9)).toBe('{"b":2}');
  // Not one whole line.
  for (const [offset, length] of [
    [0, 7],
    [1, 7],
    [0, 17],
    [8, 900],
    [17, 34],
    [0, 0],
    [0, 2 ** 40],
  ] as const)
    expect(text(offset, length), `${offset} ${length}`).toBe('none');
  fs.renameSync(path, join(folder, 'b.log'));
  expect(text(0, 8)).toBe('none');
  file.path = join(folder, 'b.log');
  expect(text(0, 8)).toBe('{"a":1}');
  // Another file under its name, and another content in its inode.
  fs.writeFileSync(path, '{"a":1}\n');
  file.path = path;
  expect(text(0, 8)).toBe('none');
  file.path = join(folder, 'b.log');
  fs.writeFileSync(file.path, '{"a":3}\n{"b":2}\n');
  expect(text(0, 8)).toBe('none');
  fs.rmSync(folder, { recursive: true });
});
