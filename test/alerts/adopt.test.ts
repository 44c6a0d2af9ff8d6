import { describe, expect, test } from 'vitest';
import type { Alerts } from '../../agent/alerts/engine.ts';
import { parseAlertState, printAlertState } from '../../agent/alerts/state-format.ts';
import type { ConditionState } from '../../agent/kernel/types.ts';
import { parseDocument } from '../../rules/document.ts';
import type { RuleSet } from '../../rules/ruleset.ts';
import { createWebhook, type Webhook } from '../receiver/index.ts';
import { type AlertJson, createAlerts, LogBook, row, until } from './support.ts';

const PATIENCE_MS = 5_000;
const NO_STATE: ConditionState = { count: 0, firing: false };

/** The kernel's memory of conditions, as far as alerting sees it. */
class States {
  readonly now = new Map<number, ConditionState>();
  state(condition: number): ConditionState {
    return this.now.get(condition) ?? NO_STATE;
  }
  restore(condition: number, state: ConditionState): void {
    this.now.set(condition, state);
  }
}

const COLUMN = { type: 'column', config: { column: 'uid', value: 0 } };
const hook = ({ url }: Webhook, times = 2): Record<string, unknown> => ({
  type: 'webhook',
  endpoint: url,
  repeat: { interval: '1h', times },
});

function ruleSet(...alerts: AlertJson[]): RuleSet {
  const defaults = { message: '{pod}', rule: { type: 'composite', config: 'uid = 0' } };
  return parseDocument(
    JSON.stringify({ version: 'v1', alerts: alerts.map((alert) => ({ ...defaults, ...alert })) }),
    'f',
  );
}

const told = ({ requests }: Webhook): string[] =>
  requests.map(({ body }) => body.replace(/^(\S+) triggered.*\nMessage: (.*)\n.*$/s, '$1 $2'));

function adopt(alerts: Alerts, states: States, ...rules: AlertJson[]): void {
  alerts.adopt(alerts.prepare(ruleSet(...rules)), states, () => states.now.clear());
}

describe('new rules in the place of old ones', () => {
  test('the same rule goes on, at another place too', async () => {
    await using webhook = await createWebhook();
    const states = new States();
    const rule = { name: 'r', message: '{pod}', rule: COLUMN, targets: [hook(webhook)] };
    await using alerts = createAlerts([rule]);
    alerts.accept(0, 'firing', row({ pod: 'a' }));
    states.restore(0, { count: 1, firing: true });
    await webhook.waitForRequests(1, PATIENCE_MS);
    adopt(alerts, states, { name: 'new', targets: [] }, rule);
    expect([...states.now]).toEqual([[1, { count: 1, firing: true }]]);
    expect(alerts.stats).toMatchObject({
      windows: 1,
      rules: [
        { rule: 'new', fired: 0 },
        { rule: 'r', fired: 1 },
      ],
    });
    alerts.accept(1, 'resolved', row({ pod: 'a' }));
    await webhook.waitForRequests(2, PATIENCE_MS);
    expect(told(webhook)).toEqual(['r a', 'r on tetrademo is now resolved ']);
  });

  test('another target takes over queue and window', async () => {
    await using old = await createWebhook();
    await using next = await createWebhook();
    await old.stop();
    const states = new States();
    const rule = { name: 'r', message: '{pod}', targets: [hook(old)] };
    await using alerts = createAlerts([rule], { random: () => 0.01 });
    for (const pod of ['a', 'b']) alerts.accept(0, 'match', row({ pod }));
    await until(() => (alerts.stats.targets[0]?.retries ?? 0) > 0);
    adopt(alerts, states, {
      ...rule,
      rule: { type: 'composite', config: 'binary =% "/wget"' },
      targets: [hook(next)],
    });
    await next.waitForRequests(2, PATIENCE_MS);
    alerts.accept(0, 'match', row({ pod: 'a' })); // within its window
    alerts.accept(0, 'match', row({ pod: 'c' }));
    await next.waitForRequests(3, PATIENCE_MS);
    expect(told(next).sort()).toEqual(['r a', 'r b', 'r c']);
    await until(() => alerts.stats.queueBytes === 0);
    expect(alerts.stats.queueBytes).toBe(0);
  });

  test('a firing whose rule changes or goes is told to end, once', async () => {
    await using webhook = await createWebhook();
    const states = new States();
    const rule = (name: string): AlertJson => ({ name, rule: COLUMN, targets: [hook(webhook)] });
    await using alerts = createAlerts([rule('changes'), rule('goes'), rule('silent')]);
    for (const index of [0, 1]) alerts.accept(index, 'firing', row({ pod: 'a' }));
    await webhook.waitForRequests(2, PATIENCE_MS);
    const changed = { ...COLUMN, config: { ...COLUMN.config, value: 1 } };
    adopt(alerts, states, { ...rule('changes'), rule: changed }, rule('silent'));
    await webhook.waitForRequests(4, PATIENCE_MS);
    expect(told(webhook).slice(2).sort()).toEqual([
      'changes on tetrademo is now resolved ',
      'goes on tetrademo is now resolved ',
    ]);
    expect(alerts.stats.windows).toBe(0);
    expect(states.now.size).toBe(1); // only of "silent"
  });
});

describe('a restart', () => {
  test('groups, windows, cooldowns and queues come back, by the clock on the wall', async () => {
    await using webhook = await createWebhook();
    await webhook.stop();
    const tetraship = { groupBy: ['pod'], window: '1m', threshold: 2, cooldown: '10m' };
    const rule = { name: 'r', message: '{pod}', targets: [hook(webhook, 3)], tetraship };
    let wallMs = 1_700_000_000_000;
    const before = createAlerts([rule], { now: () => 5_000, wallNow: () => wallMs });
    const at = (pod: string, second: number) => row({ pod, time: new Date(second * 1000).toISOString() });
    before.accept(0, 'match', at('a', 0));
    before.accept(0, 'match', at('a', 1));
    before.accept(0, 'match', at('b', 0));
    await before.stop(0);
    const text = printAlertState({ ...before.save(new States()), positions: [] });
    const saved = parseAlertState(text);
    if (typeof saved !== 'object') throw new Error(`not read back: ${saved}`);

    wallMs += 60_000;
    let nowMs = 0;
    await webhook.restart();
    await using after = createAlerts([rule], { now: () => nowMs, wallNow: () => wallMs + nowMs });
    after.restore(saved, new States());
    await webhook.waitForRequests(1, PATIENCE_MS);
    after.accept(0, 'match', at('b', 1)); // the second of b
    await webhook.waitForRequests(2, PATIENCE_MS);
    for (const second of [2, 3]) after.accept(0, 'match', at('a', second)); // cooling down for 9 minutes more
    expect(after.stats.rules[0]).toMatchObject({ fired: 1, cooled: 1, groups: 2 });
    nowMs = 59 * 60_000; // an hour after the first call
    after.accept(0, 'match', at('c', 0));
    await webhook.waitForRequests(3, PATIENCE_MS);
    expect(told(webhook)).toEqual(['r a', 'r b', 'r a']);
  });

  test('what a limit held back is told in a sum afterwards', async () => {
    await using webhook = await createWebhook();
    const rule = { name: 'r', message: '{pod}', targets: [hook(webhook)], tetraship: { maxPerMinute: 1 } };
    const before = createAlerts([rule]);
    for (const pod of ['a', 'b', 'c']) before.accept(0, 'match', row({ pod }));
    await before.stop(PATIENCE_MS);
    const saved = parseAlertState(printAlertState({ ...before.save(new States()), positions: [] }));
    if (typeof saved !== 'object') throw new Error(`not read back: ${saved}`);
    await using after = createAlerts([rule]);
    after.restore(saved, new States());
    await webhook.waitForRequests(2, PATIENCE_MS);
    expect(told(webhook)).toEqual(['r a', 'r 2 suppressed: more than 1 notifications in a minute']);
  });

  test('what belongs to no rule any more is counted; a firing whose rule changed is told to end', async () => {
    await using webhook = await createWebhook();
    await webhook.stop();
    const column = { name: 'column', rule: COLUMN, targets: [hook(webhook)] };
    const before = createAlerts([{ name: 'gone', targets: [hook(webhook)] }, column]);
    before.accept(0, 'match', row({ pod: 'a' }));
    before.accept(1, 'firing', row({ pod: 'a' }));
    await before.stop(0);
    const saved = before.save(new States());
    await webhook.restart();
    const log = new LogBook();
    const changed = { ...COLUMN, config: { ...COLUMN.config, value: 1 } };
    await using after = createAlerts([{ ...column, rule: changed }], { log });
    after.restore(saved, new States());
    await webhook.waitForRequests(2, PATIENCE_MS);
    expect(told(webhook)).toEqual(['column pod a', 'column on tetrademo is now resolved ']);
    expect(after.stats).toMatchObject({ orphans: 1, windows: 0 });
    expect(log.count('warn notifications from before the restart are dropped')).toBe(1);
  });

  test.each([
    ['{', 'it is not JSON'],
    ['[]', 'a field is missing or is no such thing'],
    ['{"version":1,"positions":[],"rules":[]}', 'a field is missing or is no such thing'],
    ['{"version":2}', 2],
    [
      '{"version":1,"positions":[{"source":"s","device":1,"inode":1,"firstLineHash":"x","offset":-1}],"rules":[],"targets":[]}',
      'a field is missing or is no such thing',
    ],
    [
      '{"version":1,"positions":[],"rules":[],"targets":[{"rule":"r","target":"webhook-1","mode":"event","suppressed":0,"windows":[],"queue":[{"status":"firing","message":"m","atMs":1e300,"addedMs":1}]}]}',
      'a field is missing or is no such thing',
    ],
    [
      '{"version":1,"positions":[],"rules":[{"name":"r","hash":"h","kernel":{"count":0,"firing":false},"groups":[{"key":"{}","phase":"quiet","count":0,"times":[],"coolUntilMs":0,"heldMessage":""}]}],"targets":[]}',
      'a field is missing or is no such thing',
    ],
  ])('a state that is damaged or newer: %s', (text, want) => {
    expect(parseAlertState(text)).toBe(want);
  });
});
