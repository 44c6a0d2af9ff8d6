import { describe, expect, test } from 'vitest';
import { MAX_GROUP_BYTES, MAX_GROUPS_PER_RULE } from '../../agent/limits.ts';
import { createWebhook, type Webhook } from '../receiver/index.ts';
import { type AlertJson, createAlerts, firstTarget, row, until } from './support.ts';

const PATIENCE_MS = 5_000;
const COLUMN = { type: 'column', config: { column: 'uid', operator: '=', value: 0, repeats: 2 } };

/** Alerts of one rule, a receiver of its webhook, and a clock that stands still. */
async function bench(extension: Record<string, unknown>, changes: Partial<AlertJson> = {}) {
  const receiver = await createWebhook();
  const clock = { nowMs: 0, wallMs: Date.UTC(2026, 0, 1) };
  const target = { type: 'webhook', endpoint: receiver.url, repeat: { interval: '1h', times: 100 } };
  const rule = { message: 'm', targets: [target], tetraship: extension, ...changes };
  const alerts = createAlerts([rule], { now: () => clock.nowMs, wallNow: () => clock.wallMs });
  return {
    ...{ receiver, alerts, clock },
    match: (columns: Record<string, unknown>) => alerts.accept(0, 'match', row(columns)),
    nonMatch: (columns: Record<string, unknown>) => alerts.accept(0, 'non_match', row(columns)),
    told: async (count: number) => {
      await receiver.waitForRequests(count, PATIENCE_MS);
      await until(() => firstTarget(alerts).queued === 0);
      return firstLines(receiver);
    },
    [Symbol.asyncDispose]: async () => {
      await alerts.stop(0);
      await receiver.stop();
    },
  };
}

const firstLines = ({ requests }: Webhook): (string | undefined)[] =>
  requests.map(({ body }) => body.split('\n', 1)[0]);

const FIRED = 'rule-0 triggered on tetrademo';
const RESOLVED = 'rule-0 on tetrademo is now resolved ';

describe('groupBy', () => {
  test('a composite rule has a window for each group, whatever the message', async () => {
    await using run = await bench({ groupBy: ['pod', 'uid'] });
    for (const [pod, uid] of [
      ['a', 0],
      ['b', 0],
      ['a', 0],
      ['a', 1],
    ] as const)
      run.match({ pod, uid });
    run.match({ uid: 0 });
    run.match({ pod: null, uid: 0 });
    expect(await run.told(4)).toEqual([FIRED, FIRED, FIRED, FIRED]);
    expect(firstTarget(run.alerts)).toMatchObject({ sent: 4, suppressed: 2 });
    expect(run.alerts.stats.rules[0]).toMatchObject({ groups: 4, matched: 6, fired: 4 });
  });

  test('a column rule counts, fires and resolves for each group', async () => {
    await using run = await bench({ groupBy: ['pod'] }, { rule: COLUMN });
    expect(run.alerts.conditions[0]).toMatchObject({ report: 'both' });
    run.match({ pod: 'a', uid: 0 });
    run.match({ pod: 'b', uid: 0 });
    run.nonMatch({ pod: 'b', uid: 5 }); // does not reset the count before firing
    run.match({ pod: 'a', uid: 0 });
    run.match({ pod: 'a', uid: 0 });
    run.nonMatch({ pod: 'c', uid: 5 });
    run.match({ pod: 'b', uid: 0 });
    run.nonMatch({ pod: 'a', uid: 5 });
    run.nonMatch({ pod: 'a', uid: 5 });
    run.match({ pod: 'a', uid: 0 });
    expect(await run.told(3)).toEqual([FIRED, FIRED, RESOLVED]);
    expect(run.alerts.stats.rules[0]).toMatchObject({ matched: 2, fired: 2, resolved: 1, groups: 2 });
    run.match({ pod: 'a', uid: 0 });
    expect(await run.told(4)).toHaveLength(4);
  });

  test('a flood of groups is bounded, and costs the oldest ones of that rule', async () => {
    await using run = await bench({ groupBy: ['pod'] }, { rule: COLUMN, targets: [] });
    for (let index = 0; index < MAX_GROUPS_PER_RULE + 10; index++) run.match({ pod: `${index}`, uid: 0 });
    expect(run.alerts.stats.rules[0]).toMatchObject({ groups: MAX_GROUPS_PER_RULE, groupsEvicted: 10 });
    run.match({ pod: '0', uid: 0 }); // was forgotten: this is its first
    run.match({ pod: '100', uid: 0 });
    expect(run.alerts.stats.rules[0]?.fired).toBe(1);
  });

  test('a firing group that is forgotten closes its window', async () => {
    const rule = { type: 'column', config: { column: 'uid', value: 0 } };
    await using run = await bench({ groupBy: ['pod'] }, { rule });
    for (let index = 0; index <= MAX_GROUPS_PER_RULE; index++) run.match({ pod: `${index}`, uid: 0 });
    expect(run.alerts.stats.windows).toBe(MAX_GROUPS_PER_RULE);
  });

  test('many rules with many large groups stay within their room together', () => {
    const alerts = createAlerts(
      Array.from({ length: 20 }, () => ({ targets: [], tetraship: { groupBy: ['a', 'b', 'c', 'd'] } })),
    );
    const long = 'x'.repeat(1_000);
    for (let index = 0; index < 1_000; index++) {
      const columns = row({ a: `${index}${long}`, b: long, c: long, d: long });
      for (let rule = 0; rule < 20; rule++) alerts.accept(rule, 'match', columns);
    }
    expect(alerts.stats.groupBytes).toBeLessThanOrEqual(MAX_GROUP_BYTES);
    expect(alerts.stats.rules.every(({ groups, groupsEvicted }) => groups > 50 && groupsEvicted > 0)).toBe(
      true,
    );
  });
});

describe('window and threshold', () => {
  const extension = { window: '1m', threshold: 3, groupBy: ['pod'] };
  const at = (second: number, pod = 'a') => ({
    pod,
    time: `2024-01-02T03:04:${String(second).padStart(2, '0')}.123456789Z`,
  });

  test('a composite rule fires at the third within the minute of one group', async () => {
    await using run = await bench(extension);
    for (const second of [0, 10]) run.match(at(second));
    for (const second of [0, 10]) run.match(at(second, 'b'));
    expect(run.alerts.stats.rules[0]?.fired).toBe(0);
    run.match(at(20));
    expect(run.alerts.stats.rules[0]).toMatchObject({ matched: 5, fired: 1 });
    run.match({ pod: 'b', time: '2024-01-02T03:05:30Z' });
    run.match({ pod: 'b', time: '2024-01-02T03:01:00Z' });
    expect(run.alerts.stats.rules[0]).toMatchObject({ fired: 1, late: 1 });
  });

  test('a column rule fires likewise, and resolves', async () => {
    const rule = { type: 'column', config: { column: 'uid', value: 0 } };
    await using run = await bench({ window: '1m', threshold: 2 }, { rule });
    run.match({ uid: 0, ...at(0) });
    run.match({ uid: 0, ...at(1) });
    run.match({ uid: 0, ...at(2) });
    run.nonMatch({ uid: 1, ...at(3) });
    run.nonMatch({ uid: 1, ...at(4) });
    run.match({ uid: 0, ...at(5) });
    expect(await run.told(2)).toEqual([FIRED, RESOLVED]);
    expect(run.alerts.stats.rules[0]).toMatchObject({ fired: 1, resolved: 1 });
  });

  test('a clock that was ahead does not blind the rule', async () => {
    await using run = await bench({ window: '1m', threshold: 2 }, { targets: [] });
    run.match({ time: '2031-01-01T00:00:00Z' }); // as of now
    run.clock.wallMs += 1_000;
    run.match({ time: '2030-01-01T00:00:00Z' });
    expect(run.alerts.stats.rules[0]?.fired).toBe(1);
    run.clock.wallMs = Date.UTC(2025, 0, 1); // set right
    run.match({ time: '2025-01-01T00:00:00Z' });
    run.clock.wallMs += 10_000;
    run.match({ time: '2025-01-01T00:00:09Z' });
    expect(run.alerts.stats.rules[0]).toMatchObject({ fired: 2, late: 0 });
  });

  test('an event without a time counts as of now', async () => {
    await using run = await bench({ window: '1m', threshold: 2 });
    run.match({});
    run.match({ time: 'yesterday' });
    expect(run.alerts.stats.rules[0]?.fired).toBe(1);
  });
});

describe('cooldown', () => {
  test('a composite rule does not fire again before it is over', async () => {
    await using run = await bench({ cooldown: '10m' });
    run.match({ pod: 'a' });
    run.clock.nowMs = 599_999;
    run.match({ pod: 'b' });
    expect(run.alerts.stats.rules[0]).toMatchObject({ fired: 1, cooled: 1 });
    run.clock.nowMs = 600_000;
    run.match({ pod: 'b' });
    expect(run.alerts.stats.rules[0]).toMatchObject({ matched: 3, cooled: 1 });
  });

  test('a column rule that fires meanwhile is told afterwards, unless it resolves before', async () => {
    const rule = { type: 'column', config: { column: 'uid', value: 0 } };
    await using run = await bench({ cooldown: '10m' }, { rule });
    const say = (kind: 'firing' | 'resolved') => run.alerts.accept(0, kind, row({ uid: 0 }));
    say('firing');
    say('resolved');
    say('firing');
    say('resolved'); // nobody was told
    say('firing');
    expect(await run.told(2)).toEqual([FIRED, RESOLVED]);
    run.clock.nowMs = 600_000;
    run.alerts.accept(0, 'non_match', row({ uid: 1 }));
    expect(await run.told(4)).toEqual([FIRED, RESOLVED, FIRED, RESOLVED]);
    expect(run.alerts.stats.rules[0]).toMatchObject({ matched: 3, fired: 2, cooled: 2, resolved: 3 });
  });
});

describe('maxPerMinute', () => {
  test('what is more is counted and told in a sum', async () => {
    await using run = await bench({ maxPerMinute: 2 }, { message: '{pod}' });
    for (const pod of ['a', 'b', 'c', 'd', 'e']) run.match({ pod });
    await run.told(2);
    expect(firstTarget(run.alerts)).toMatchObject({ sent: 2, limited: 3 });
    run.clock.nowMs = 60_000;
    run.match({ pod: 'f' });
    await run.told(4);
    expect(run.receiver.requests.map(({ body }) => /Message: (.*)/.exec(body)?.[1])).toEqual([
      'a',
      'b',
      '3 suppressed: more than 2 notifications in a minute',
      'f',
    ]);
  });

  test('a resolve goes if its firing went', async () => {
    await using run = await bench({ maxPerMinute: 1, groupBy: ['pod'] }, { rule: COLUMN });
    for (const pod of ['a', 'b']) for (let times = 0; times < 2; times++) run.match({ pod, uid: 0 });
    for (const pod of ['a', 'b']) run.nonMatch({ pod, uid: 1 });
    expect(await run.told(2)).toEqual([FIRED, RESOLVED]);
  });
});

test('a rule that is not enabled has no condition', () => {
  const alerts = createAlerts([
    { targets: [], tetraship: { enabled: false } },
    { name: 'on', targets: [], tetraship: { enabled: true } },
  ]);
  expect(alerts.conditions).toHaveLength(1);
  alerts.accept(0, 'match', row({}));
  expect(alerts.stats.rules).toMatchObject([{ rule: 'on', matched: 1, fired: 1 }]);
});
