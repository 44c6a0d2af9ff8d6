import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli } from './in-process.ts';
import { composite, file, folder, rulesFile } from './rules-files.ts';

const exec = (process: object) => ({ process_exec: { process } });
const RULES = [
  { name: 'curl', rule: composite('process_exec_process_binary ~ "(^|/)curl$"') },
  {
    name: 'root',
    rule: { type: 'column', config: { column: 'process_exec_process_uid', value: 0, repeats: 2 } },
  },
];
const DEFAULTS = { process: { binary: '/bin/ls', uid: 1, pod: { name: 'p' } }, node_name: 'n' };

/** Rules `X.json` and these cases beside it. */
function withCases(name: string, ...cases: object[]): string {
  file(`${name}.test.json`, JSON.stringify({ defaults: DEFAULTS, cases }));
  return rulesFile(`${name}.json`, ...RULES);
}

test('cases that are as expected', async () => {
  const rules = withCases(
    'good',
    {
      name: 'a curl',
      events: [exec({ binary: '/usr/bin/curl' })],
      alerts: [{ rule: 'curl', message: 'in p' }],
    },
    { name: 'no curl', events: [exec({ binary: '/usr/bin/curly' })], alerts: [] },
    {
      name: 'two roots, and an end; each case starts anew',
      events: [exec({ uid: 0 }), exec({ uid: 0 }), exec({ uid: 0 }), exec({})],
      alerts: [{ rule: 'root' }, { rule: 'root', status: 'resolved' }],
    },
    { name: 'one root', events: [exec({ uid: 0 })], alerts: [] },
    {
      name: 'null takes a default away',
      events: [exec({ uid: 0, pod: null, binary: 'curl' })],
      alerts: [{ rule: 'curl', message: 'in {process_exec_process_pod_name}' }],
    },
  );
  const want = { code: 0, stdout: `ok: ${rules}, 5 cases\n1 file, 5 cases, 0 failed\n`, stderr: '' };
  expect(await cli('rules', 'test', rules)).toEqual(want);
  expect(await cli('rules', 'test', join(folder, 'good.test.json'))).toEqual(want);
});

test('cases that are not', async () => {
  const rules = withCases(
    'failing',
    { name: 'nothing came', events: [exec({})], alerts: [{ rule: 'curl' }] },
    { name: 'something came', events: [exec({ binary: 'curl' })], alerts: [] },
    { name: 'other words', events: [exec({ binary: 'curl' })], alerts: [{ rule: 'curl', message: 'in q' }] },
    { name: 'once only', events: [exec({ binary: 'curl' })], alerts: [{ rule: 'curl' }, { rule: 'curl' }] },
    { name: 'fine', events: [exec({ binary: 'curl' })], alerts: [{ rule: 'curl' }] },
    { name: 'no event', events: [{ process_exec: 'x'.repeat(1024 * 1024) }], alerts: [] },
  );
  const { code, stdout } = await cli('rules', 'test', rules);
  expect(code).toBe(1);
  expect(stdout.split('\n')).toEqual([
    `failed: ${rules}, 5 of 6 cases`,
    '  "nothing came": expected curl firing',
    '  "something came": did not expect curl firing with "in p"',
    '  "other words": expected curl firing with "in q"; did not expect curl firing with "in p"',
    '  "once only": expected curl firing',
    '  "no event": 1 event would be rejected',
    '  warning: no case makes the rule "root" fire',
    '1 file, 6 cases, 5 failed',
    '',
  ]);
  const json = await cli('rules', 'test', rules, '--json');
  expect([json.code, JSON.parse(json.stdout)]).toMatchObject([
    1,
    { cases: 6, untested: ['root'], ok: false },
  ]);
});

describe('what cannot be tried ends with 78', () => {
  const wrong = async (name: string, cases: string) => {
    const rules = rulesFile(`${name}.json`, ...RULES);
    const path = file(`${name}.test.json`, cases);
    const { code, stdout } = await cli('rules', 'test', rules);
    expect(code).toBe(78);
    return stdout.replaceAll(path, 'CASES').replaceAll(rules, 'RULES').split('\n');
  };
  test.each([
    ['no-json', '{"cases": [}', "  CASES: the file is not JSON: line 1, column 12: unexpected token '}'"],
    ['no-cases', '{}', '  CASES: cases: is missing: a list of cases'],
    ['empty', '{"cases":[]}', '  CASES: cases: is empty: a list of cases'],
    ['unknown', '{"cases":[{"name":"x","events":[{}],"alert":[]}]}', '  CASES: cases[0].alerts: is missing'],
    [
      'event',
      '{"cases":[{"name":"x","events":["{}"],"alerts":[]}]}',
      '  CASES: cases[0].events[0]: "{}" is not an object: an event as Tetragon writes it',
    ],
    [
      'rule',
      '{"cases":[{"name":"x","events":[{}],"alerts":[{"rule":"y"}]}]}',
      '  CASES: cases[0] expects the rule "y", which the file does not have enabled',
    ],
  ])('%s', async (name, cases, sentence) => {
    const [head, first] = await wrong(name, cases);
    expect([head, first?.slice(0, sentence.length)]).toEqual(['wrong: RULES', sentence]);
  });
  test('rules without cases, cases without rules, bad rules', async () => {
    const alone = rulesFile('alone.json', ...RULES);
    file('lost.test.json', '{}');
    const lost = join(folder, 'lost.test.json');
    const bad = rulesFile('bad.json', { rule: composite('a') });
    const { code, stdout, stderr } = await cli('rules', 'test', alone, lost, bad);
    expect([code, stderr]).toEqual([78, '3 of 3 files cannot be tried\n']);
    expect(stdout).toContain('alone.json has no cases: they stand in X.test.json beside X.json');
    expect(stdout).toMatch(/cannot read the rules of .*lost\.json: ENOENT/);
    expect(stdout).toContain('expected an operator after "a"');
  });
});
