import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseDocument } from '../../rules/document.ts';
import type { Rule, RuleSet } from '../../rules/ruleset.ts';
import schema from '../../rules/schema.json' with { type: 'json' };

const ENDPOINT = 'https://hooks.example.com/x';
const webhook = { type: 'webhook', endpoint: ENDPOINT };

function alert(extension: unknown, changes: Record<string, unknown> = {}): Record<string, unknown> {
  const rule = { type: 'composite', config: 'binary =% "/wget"' };
  return { name: 'wget', message: 'm', rule, targets: [webhook], tetraship: extension, ...changes };
}

function load(document: Record<string, unknown>): RuleSet {
  return parseDocument(JSON.stringify({ version: 'v1', alerts: [], ...document }), 'f');
}

function first(extension: unknown, changes: Record<string, unknown> = {}): Rule {
  const [rule] = load({ alerts: [alert(extension, changes)] }).rules;
  if (rule === undefined) throw new Error('no rule');
  return rule;
}

function target(extension: unknown, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return alert({}, { targets: [{ ...webhook, tetraship: extension, ...changes }] });
}

function faultOf(...alerts: unknown[]): string {
  try {
    load({ alerts });
  } catch (error) {
    return error instanceof Error ? error.message : 'something else';
  }
  return 'no fault';
}

test('everything under an alert', () => {
  const rule = first({
    groupBy: ['pod', 'process_exec_process_binary'],
    severity: 'high',
    labels: { mitre: 'T1105', team: 'sec' },
    annotations: { description: 'A download in a container.', policy: 'none' },
    window: '5m',
    threshold: 10,
    cooldown: '10m',
    enabled: false,
    includeEvent: true,
    maxPerMinute: 6,
  });
  expect(rule).toMatchObject({
    groupBy: ['pod', 'process_exec_process_binary'],
    severity: 'high',
    labels: { mitre: 'T1105', team: 'sec' },
    annotations: { description: 'A download in a container.', policy: 'none' },
    window: { ms: 300_000, threshold: 10 },
    cooldownMs: 600_000,
    enabled: false,
    includeEvent: true,
    maxPerMinute: 6,
  });
});

test('everything under a target', () => {
  const tls = { caFile: '/etc/ca.pem', certFile: '/etc/cert.pem', keyFile: '/etc/key.pem' };
  const targets = [
    { ...webhook, tetraship: { format: 'json', method: 'PUT', timeout: '3s', ...tls } },
    { type: 'slack', endpoint: `\${file:/run/secrets/slack}`, tetraship: { timeout: '1s' } },
    {
      type: 'alertmanager',
      endpoint: `https://\${env:HOST}/api/v2/alerts`,
      username: 'u',
      password: `\${file:/run/secrets/password}`,
      tetraship: { headers: { Authorization: `Bearer \${env:TOKEN}` } },
    },
  ];
  const [one, two, three] = first({}, { targets }).targets;
  expect(one).toMatchObject({
    format: 'json',
    method: 'PUT',
    timeoutMs: 3_000,
    tls: { ca: '/etc/ca.pem', cert: '/etc/cert.pem', key: '/etc/key.pem' },
  });
  expect(two).toMatchObject({ endpoint: `\${file:/run/secrets/slack}`, timeoutMs: 1_000 });
  expect(three).toMatchObject({
    headers: { Authorization: `Bearer \${env:TOKEN}` },
    credentials: { username: 'u', password: `\${file:/run/secrets/password}` },
  });
});

test('default targets are those of rules without any, and no target at all is good', () => {
  const tetraship = { defaultTargets: [{ type: 'slack', endpoint: ENDPOINT }] };
  const alerts = [alert({}), alert({}, { name: 'b', targets: [] })];
  expect(load({ alerts, tetraship }).rules.map(({ targets }) => targets.map(({ type }) => type))).toEqual([
    ['webhook'],
    ['slack'],
  ]);
  expect(load({ alerts }).rules.map(({ targets }) => targets.length)).toEqual([1, 0]);
});

describe('problems', () => {
  const columnRule = { type: 'column', config: { column: 'a', value: 1, repeats: 3 } };
  const problems: [string, unknown, string][] = [
    [
      'unknown key',
      alert({ serverity: 'high' }),
      'alerts[0].tetraship.serverity: is an unknown key: did you mean severity? known here are',
    ],
    ['far key', alert({ colour: 'red' }), 'alerts[0].tetraship.colour: is an unknown key: known here are'],
    ['not an object', alert('x'), 'alerts[0].tetraship: "x" is not an object: what an alert adds'],
    ['severity', alert({ severity: 'urgent' }), '"urgent" is not a severity: known are info, low, medium'],
    ['window alone', alert({ window: '5m' }), 'tetraship: "window" needs "threshold" beside it'],
    ['threshold alone', alert({ threshold: 5 }), '"threshold" needs "window" beside it'],
    [
      'threshold and repeats',
      alert({ window: '5m', threshold: 5 }, { rule: columnRule }),
      'alerts[0].tetraship.threshold: "repeats" counts the matches already',
    ],
    ['window', alert({ window: '5 lightyears', threshold: 5 }), 'is not a duration'],
    ['cooldown', alert({ cooldown: 5 }), 'tetraship.cooldown: 5 is not a string: a duration'],
    ['groupBy', alert({ groupBy: [] }), 'tetraship.groupBy: is empty: a list of columns'],
    ['groupBy twice', alert({ groupBy: ['a', 'a'] }), 'tetraship.groupBy: names something twice'],
    [
      'label of the agent',
      alert({ labels: { status: 'x' } }),
      '"status" is a label that only the agent sets',
    ],
    ['label of a rule', alert({ labels: { rule_type: 'x' } }), '"rule_type" is a label that only the agent'],
    ['label name', alert({ labels: { 'a-b': 'x' } }), '"a-b" is not a name of letters, digits and _'],
    ['label value', alert({ labels: { a: 5 } }), 'labels.a: 5 is not a string: a label'],
    ['annotation', alert({ annotations: { 'a b': 'x' } }), '"a b" is not a name of letters'],
    ['maxPerMinute', alert({ maxPerMinute: 0 }), 'maxPerMinute: 0 is less than 1: how many notifications'],
    ['includeEvent', alert({ includeEvent: 'yes' }), 'includeEvent: "yes" is not true or false'],
    [
      'format',
      target({ format: 'xml' }),
      '"xml" is not the format of a webhook\'s body: known are text, json',
    ],
    ['method', target({ method: 'GET' }), '"GET" is not the method of a webhook: known are POST, PUT'],
    [
      'relative file',
      target({ caFile: 'ca.pem' }),
      'caFile: "ca.pem" does not begin with /: the absolute path',
    ],
    ['key alone', target({ keyFile: '/k' }), 'tetraship: "keyFile" needs "certFile" beside it'],
    ['timeout', target({ timeout: '1ms' }), 'timeout: "1ms" is shorter than 100ms'],
    [
      'a format of another type',
      alert({}, { targets: [{ type: 'slack', endpoint: ENDPOINT, tetraship: { format: 'json' } }] }),
      'tetraship.format: is an unknown key',
    ],
    [
      'a reference without a path',
      target({}, { endpoint: `\${file:slack}` }),
      `endpoint: "\${file:slack}" names no absolute path`,
    ],
    ['a reference to nothing', target({}, { headers: { a: `\${env:}` } }), 'this value names no variable'],
  ];
  test.each(problems)('%s', (_, input, want) => {
    expect(faultOf(input)).toContain(want);
  });

  test('secrets of default targets are not shown', () => {
    const bad = { ...webhook, headers: { a: 'hunter2\n' } };
    expect(() => load({ tetraship: { defaultTargets: [bad] } })).toThrow(
      /tetraship\.defaultTargets\[0\]\.headers\.a: this value holds/,
    );
  });
});

describe('the manual', () => {
  const text = readFileSync(new URL('../../docs/rules.md', import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/```json\n(.*?)```/gs)].map(([, block = '']) => block);
  const documents = blocks.filter((block) => block.includes('"version": "v1"'));
  const parts = blocks.filter((block) => /^"(?:rule|targets|tetraship)":/.test(block));

  test.each(documents)('is a document: %s', (block) => {
    expect(parseDocument(block, 'docs/rules.md').rules.length).toBeGreaterThanOrEqual(0);
  });

  test.each(parts)('is part of an alert: %s', (block) => {
    expect(faultOf({ ...alert({}), ...JSON.parse(`{${block}}`) })).toBe('no fault');
  });

  test('has an example of each key of an alert', () => {
    const keys = Object.keys(schema.definitions.alertExtension.properties);
    expect(documents.length).toBeGreaterThan(1);
    for (const key of keys) expect(parts.join() + text.split('## Extensions')[1], key).toContain(`"${key}`);
  });
});
