import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { constantSecret, fileSecret } from '../../agent/config/secret.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tetraship-secret-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a constant stays', () => {
  expect(constantSecret('x').read()).toBe('x');
  expect(() => constantSecret('a\u007fb')).toThrow('control character');
});

test('a rewritten file is read again, also when its length is the same', () => {
  const file = join(folder, 'password');
  writeFileSync(file, 'one');
  const secret = fileSecret(file);
  expect(secret.read()).toBe('one');
  writeFileSync(file, 'two');
  expect(secret.read()).toBe('two');
  expect(secret.read()).toBe('two');
});

test('a Secret volume is swapped behind its link, as Kubernetes does it', () => {
  for (const [version, text] of [
    ['..1', 'old'],
    ['..2', 'new'],
  ] as const) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, 'password'), text);
  }
  symlinkSync('..1', join(folder, '..data'));
  symlinkSync('..data/password', join(folder, 'password'));
  const secret = fileSecret(join(folder, 'password'));
  expect(secret.read()).toBe('old');
  symlinkSync('..2', join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  rmSync(join(folder, '..1'), { recursive: true });
  expect(secret.read()).toBe('new');
});

test('while the file is missing, empty or unusable, the last good text stays', () => {
  const file = join(folder, 'password');
  writeFileSync(file, 'good');
  const secret = fileSecret(file);
  for (const bad of ['', '\n', 'two\nlines', 'x'.repeat(100_000)]) {
    writeFileSync(file, bad);
    expect(secret.read()).toBe('good');
  }
  rmSync(file);
  expect(secret.read()).toBe('good');
  writeFileSync(file, 'better\n');
  expect(secret.read()).toBe('better');
});
