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
    [
      'deep',
      `{"cases":[${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}]}`,
      '  CASES: the file nests more than 600 objects and lists in one another',
    ],
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

test('groups, windows and cooldowns go by the time of the events', async () => {
  const at = (second: number, process: object) => ({
    process_exec: { process },
    time: `2026-01-02T03:04:${String(second).padStart(2, '0')}Z`,
  });
  const inPod = (name: string, uid = 0) => ({ uid, pod: { name } });
  const tetraship = { groupBy: ['process_exec_process_pod_name'] };
  const column = { column: 'process_exec_process_uid', value: 0 };
  const rules = rulesFile(
    'timed.json',
    {
      name: 'cool',
      rule: composite('process_exec_process_uid = 0'),
      tetraship: { ...tetraship, cooldown: '10s' },
    },
    {
      name: 'often',
      rule: composite('process_exec_process_uid = 0'),
      tetraship: { ...tetraship, window: '5s', threshold: 2 },
    },
    { name: 'state', rule: { type: 'column', config: column }, tetraship: { ...tetraship, cooldown: '10s' } },
  );
  const firing = (...names: string[]) => names.map((rule) => ({ rule }));
  const cases = [
    {
      name: 'two pods are two groups',
      events: [at(1, inPod('a')), at(2, inPod('b')), at(3, inPod('a'))],
      alerts: firing('cool', 'cool', 'often', 'state', 'state'),
    },
    {
      name: 'further apart than the window',
      events: [at(1, inPod('a')), at(7, inPod('a'))],
      alerts: firing('cool', 'state'),
    },
    {
      name: 'after the cooldown',
      events: [at(1, inPod('a')), at(11, inPod('a'))],
      alerts: firing('cool', 'cool', 'state'),
    },
    {
      name: 'a state that comes back within its cooldown fires when that is over',
      events: [at(1, inPod('a')), at(2, inPod('a', 1)), at(8, inPod('a')), at(20, inPod('b', 1))],
      alerts: [...firing('cool', 'state', 'state'), { rule: 'state', status: 'resolved' }],
    },
  ];
  file('timed.test.json', JSON.stringify({ cases }));
  const { code, stdout } = await cli('rules', 'test', rules);
  expect([code, stdout]).toEqual([0, `ok: ${rules}, 4 cases\n1 file, 4 cases, 0 failed\n`]);

  const log = file('timed.log', cases[2]?.events.map((event) => `${JSON.stringify(event)}\n`).join('') ?? '');
  const backtest = await cli('rules', 'backtest', rules, log, '--json');
  expect(
    backtest.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { rule: 'cool', matched: 2, fired: 2 },
    { rule: 'often', matched: 2, fired: 0 },
    { rule: 'state', matched: 2, fired: 1 },
  ]);
});
