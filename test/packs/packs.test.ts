import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Case, readCases } from '../../rules/cases.ts';
import { eventOf } from '../../rules/columns.ts';
import { columnsOf, leavesOf } from '../../rules/lint.ts';
import { documentsOf, loadRules } from '../../rules/load.ts';
import { cli } from '../commands/in-process.ts';

const folder = fileURLToPath(new URL('../../rules/packs', import.meta.url));
const policies = fileURLToPath(new URL('../../deploy/policies', import.meta.url));
const { rules } = loadRules(folder);

const casesOf = (file: string): readonly Case[] =>
  readCases(readFileSync(file.replace(/\.json$/, '.test.json'), 'utf8')).cases;
const cases = documentsOf(folder).flatMap(casesOf);

test('every case of every pack is as expected, and every rule is fired by one', async () => {
  const { code, stdout } = await cli('rules', 'test', folder);
  expect(stdout.split('\n').filter((line) => !line.startsWith('ok: '))).toEqual([
    expect.stringMatching(/^\d+ files, \d+ cases, 0 failed$/),
    '',
  ]);
  expect(code).toBe(0);
});

test('nothing is odd about a rule, but that whoever takes a pack names the targets', async () => {
  const { code, stdout } = await cli('rules', 'check', folder);
  expect([code, stdout.trim().split('\n')]).toEqual([
    0,
    [expect.stringMatching(/^ok: /), expect.stringMatching(/^ {2}warning: \d+ rules have no targets/)],
  ]);
});

test('there are at least forty, of every kind that is promised', () => {
  expect(rules.length).toBeGreaterThanOrEqual(40);
  const packs = documentsOf(folder).map((file) => file.slice(folder.length + 1, -'.json'.length));
  expect(packs).toEqual(
    expect.arrayContaining(
      'container-escape credential-tools crypto-miners kernel-modules log-tampering network-tools package-managers persistence privileges remote-access sensitive-files shells'.split(
        ' ',
      ),
    ),
  );
});

describe.each(rules.map((rule) => [rule.name, rule] as const))('%s', (name, rule) => {
  const { description = '', policy = '', exceptions = '' } = rule.annotations;

  test('says what it is about', () => {
    expect(rule.severity).toBeDefined();
    expect(rule.labels['mitre']).toMatch(/^T\d{4}(\.\d{3})?$/);
    expect(description).toMatch(/^[A-Za-z].{20,}\.$/s);
    expect(exceptions).not.toBe('');
    expect(rule.groupBy.length).toBeGreaterThan(0);
    expect(rule.cooldownMs).toBeGreaterThan(0);
    expect(rule.targets).toEqual([]);
  });

  test('needs no policy for executions, and one that is here for anything else', () => {
    const events = new Set(columnsOf(rule.expression).flatMap((column) => eventOf(column) ?? []));
    expect([...events]).toEqual([policy === 'none' ? 'process_exec' : 'process_kprobe']);
    if (policy === 'none') return;
    const file = join(policies, `${policy}.yaml`);
    expect(existsSync(file)).toBe(true);
    const calls = [...readFileSync(file, 'utf8').matchAll(/^ +- call: (\S+)$/gm)].map(([, call]) => call);
    for (const { column, value } of leavesOf(rule.expression))
      if (column === 'process_kprobe_function_name') expect(calls).toContain(value);
  });

  test('has a case in which it fires, and one in which it stays silent though it nearly does', () => {
    const firing = cases.filter((one) => one.name.startsWith(`${name}: `));
    const silent = cases.filter((one) => one.name.startsWith(`not ${name}: `));
    expect(firing.length).toBeGreaterThan(0);
    expect(silent.length).toBeGreaterThan(0);
    for (const { alerts } of firing) expect(alerts.map((alert) => alert.rule)).toContain(name);
    for (const { alerts } of silent) expect(alerts.map((alert) => alert.rule)).not.toContain(name);
  });
});

test('events of the cases look like those of Tetragon', async () => {
  const { Kernel } = await import('../../agent/kernel/kernel.ts');
  const { flattenOptions } = await import('../../agent/commands/flatten-options.ts');
  const { ColumnCensus } = await import('../../agent/commands/columns.ts');
  const { scanBytes } = await import('../../agent/commands/byte-scan.ts');
  const { typeOfColumn } = await import('../../rules/columns.ts');
  let rest = Buffer.from(cases.flatMap(({ lines }) => lines.map((line) => `${line}\n`)).join(''));
  const source = {
    read: (into: Uint8Array): number => {
      const part = rest.subarray(0, into.length);
      into.set(part);
      rest = rest.subarray(part.length);
      return part.length;
    },
  };
  const census = new ColumnCensus();
  await scanBytes(source, await Kernel.create(flattenOptions({})), { onRows: (slot) => census.take(slot) });
  for (const { name, types } of census.columns)
    expect([name, [...types]]).toEqual([name, [typeOfColumn(name)]]);
});

test('every pack has cases, and every file of cases a pack', () => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const packs = names.filter((name) => !name.endsWith('.test.json'));
  expect(names.filter((name) => name.endsWith('.test.json'))).toEqual(
    packs.map((name) => name.replace('.json', '.test.json')),
  );
});
