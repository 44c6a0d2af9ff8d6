import { expect, test } from 'vitest';
import { judge, type Outcome } from '../../agent/alerts/outcome.ts';
import { closingMessage, triggerReason } from '../../agent/alerts/reason.ts';
import { parseDocument } from '../../rules/document.ts';
import type { Rule } from '../../rules/ruleset.ts';

function ruleOf(type: string, config: unknown): Rule {
  const alerts = [{ name: 'r', message: '', rule: { type, config }, targets: [] }];
  const [rule] = parseDocument(JSON.stringify({ version: 'v1', alerts }), 'f').rules;
  if (rule === undefined) throw new Error('no rule');
  return rule;
}

const column = (operator: string, value: number | string): Record<string, unknown> => ({
  column: 'c',
  operator,
  value,
  repeats: 3,
});

test.each<[string, unknown, string]>([
  ['composite', '(b =% "/usr/bin/wget")', 'matched rule b =% "/usr/bin/wget"'],
  ['composite', 'a=5 and b!=6 or !(c~"x")', 'matched rule ((a = 5 and b != 6) or !(c ~ "x"))'],
  ['column', column('=', 5), 'c column was equal to 5, 3 times'],
  ['column', column('!=', 5), 'c column was  not equal to 5, 3 times'],
  ['column', column('>', 5), 'c column was greater than 5, 3 times'],
  ['column', column('>=', 5), 'c column was greater than or equal to 5, 3 times'],
  ['column', column('<', -1.5), 'c column was less than -1.5, 3 times'],
  ['column', column('<=', 5), 'c column was less than or equal to 5, 3 times'],
  ['column', column('=', 'v'), 'c column equal to v, 3 times'],
  ['column', column('!=', 'v'), 'c column not equal to v, 3 times'],
  ['column', column('=%', 'v'), 'c column contains v, 3 times'],
  ['column', column('!%', 'v'), 'c column does not contain v, 3 times'],
  ['column', column('~', '^v'), 'c column matches regex ^v, 3 times'],
  ['column', { column: 'c', value: 'v' }, 'c column contains v, 1 times'],
])('reason of %s %j', (type, config, want) => {
  expect(triggerReason(ruleOf(type, config))).toBe(want);
});

test('the closing message', () => {
  expect(closingMessage(5)).toBe(
    'Triggering alert did not resolve itself after 5 retries, This alert is paused until it resolves',
  );
});

test.each<[number, string | undefined, Outcome['kind']]>([
  [200, undefined, 'sent'],
  [204, undefined, 'sent'],
  [301, undefined, 'refused'],
  [400, undefined, 'refused'],
  [401, undefined, 'refused'],
  [404, undefined, 'refused'],
  [408, undefined, 'retry'],
  [410, undefined, 'refused'],
  [425, undefined, 'retry'],
  [429, undefined, 'retry'],
  [500, undefined, 'retry'],
  [502, undefined, 'retry'],
  [503, undefined, 'retry'],
  [504, undefined, 'retry'],
])('an answer %d means %s%s', (status, retryAfter, want) => {
  expect(judge(status, retryAfter).kind).toBe(want);
});

test('what else an answer says', () => {
  expect(judge(503, '7')).toEqual({ kind: 'retry', cause: 'it answered 503', afterMs: 7_000 });
  expect(judge(429, '99999999')).toMatchObject({ afterMs: 300_000 });
  expect(judge(429, 'Fri, 31 Dec 1999 23:59:59 GMT')).toEqual({ kind: 'retry', cause: 'it answered 429' });
  expect(judge(429, '-1')).toEqual({ kind: 'retry', cause: 'it answered 429' });
  expect(judge(500, undefined)).toMatchObject({ suspect: true });
  expect(judge(502, undefined)).not.toHaveProperty('suspect');
  expect(judge(302, undefined)).toMatchObject({ cause: expect.stringContaining('redirect') });
});
