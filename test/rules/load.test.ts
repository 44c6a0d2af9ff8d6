import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { collectRules, loadRules } from '../../rules/load.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rules-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function document(...names: string[]): string {
  const alerts = names.map((name) => ({
    name,
    message: '',
    rule: { type: 'composite', config: 'a = 1' },
    targets: [],
  }));
  return JSON.stringify({ version: 'v1', alerts });
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function names(...paths: string[]): string[] {
  return loadRules(...paths).rules.map((rule) => rule.name);
}

test('one file', () => {
  const path = write('any.name', document('x', 'y'));
  expect(names(path)).toEqual(['x', 'y']);
  expect(loadRules(path).rules[0]?.source).toBe(path);
});

test('a folder, in the order of names', () => {
  write('20.json', document('c'));
  write('10.json', document('b', 'a'));
  write('notes.txt', 'not JSON');
  write('10.test.json', 'cases, not rules');
  write('.hidden.json', 'not JSON');
  mkdirSync(join(folder, 'sub'));
  expect(names(folder)).toEqual(['b', 'a', 'c']);
});

test('several paths, whose default targets are those of all', () => {
  mkdirSync(join(folder, 'packs'));
  write('packs/a.json', document('x'));
  const slack = { type: 'slack', endpoint: 'http://h/' };
  const own = write(
    'own.json',
    JSON.stringify({ version: 'v1', alerts: [], tetraship: { defaultTargets: [slack] } }),
  );
  expect(names(join(folder, 'packs'), own)).toEqual(['x']);
  expect(loadRules(own, join(folder, 'packs')).rules[0]?.targets).toMatchObject([slack]);
  expect(fault(join(folder, 'packs'), join(folder, 'packs', 'a.json'))).toContain('"x" is the name of');
});

test('an empty folder holds no rules', () => {
  expect(names(folder)).toEqual([]);
});

test('a mounted ConfigMap', () => {
  mkdirSync(join(folder, '..2024_01_01'));
  writeFileSync(join(folder, '..2024_01_01', 'rules.json'), document('x'));
  symlinkSync('..2024_01_01', join(folder, '..data'));
  symlinkSync('..data/rules.json', join(folder, 'rules.json'));
  expect(names(folder)).toEqual(['x']);
});

test('names are unique among all files, and all problems of all files are told', () => {
  write('a.json', document('x', 'y'));
  write('b.json', document('z', 'y'));
  write('c.json', '{');
  const [head, second = '', third = ''] = fault(folder).split('\n');
  expect(head).toBe('cannot use the rules: 2 problems');
  expect(second).toContain(
    `b.json: alerts[1].name: "y" is the name of alerts[1] of ${join(folder, 'a.json')} too`,
  );
  expect(third).toContain('c.json: the document is not JSON');
});

test('where nobody is told, targets are not looked at', () => {
  const path = write('a.json', document('x').replace('"targets":[]', '"targets":[{"type":"pigeon"}]'));
  expect(collectRules(path).problems).toHaveLength(1);
  expect(collectRules(path, { withoutTargets: true })).toMatchObject({
    rules: [{ name: 'x', targets: [] }],
    problems: [],
  });
  const none = write('b.json', document('x').replace(',"targets":[]', ''));
  expect(collectRules(none, { withoutTargets: true }).problems).toHaveLength(1);
});

test('what cannot be read', () => {
  expect(fault(join(folder, 'none'))).toContain('ENOENT');
  expect(fault('/dev/null')).toContain('it is not a regular file');
  mkdirSync(join(folder, 'x.json'));
  expect(fault(folder)).toContain('it is not a regular file');
});

test('text that is not UTF-8', () => {
  const path = join(folder, 'rules.json');
  writeFileSync(path, Buffer.from([0x22, 0xff, 0x22]));
  expect(fault(path)).toContain('cannot read the rules of');
});

function fault(...paths: string[]): string {
  try {
    loadRules(...paths);
    return 'no fault';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
