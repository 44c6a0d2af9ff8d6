import { describe, expect, test } from 'vitest';
import { createWebhook } from '../receiver/index.ts';
import { createAlerts, firstTarget, LogBook, row, until } from './support.ts';

const PATIENCE_MS = 5_000;
const wgetIn = (pod: string): Uint8Array =>
  row({ process_exit_process_binary: '/usr/bin/wget', pod, process_exit_process_pod_name: pod });

const state = { type: 'column', config: { column: 'uid', operator: '=', value: 0, repeats: 3 } };

test('the walkthrough, byte for byte', async () => {
  await using receiver = await createWebhook();
  await using alerts = createAlerts([
    {
      name: 'wget_command',
      message: 'wget command was executed from the pod : {process_exit_process_pod_name}',
      rule: { type: 'composite', config: '(process_exit_process_binary =% "/usr/bin/wget")' },
      targets: [
        {
          type: 'webhook',
          endpoint: `${receiver.url}/hook?x=1`,
          headers: { 'X-Key': 'k' },
          skip_tls_check: false,
          repeat: { interval: '10s', times: 5 },
        },
      ],
    },
  ]);
  alerts.accept(0, 'match', wgetIn('app-1'));
  await receiver.waitForRequests(1, PATIENCE_MS);
  const [request] = receiver.requests;
  expect(request?.body).toBe(
    'wget_command triggered on tetrademo\nMessage: wget command was executed from the pod : app-1\nFailing Condition: matched rule process_exit_process_binary =% "/usr/bin/wget"',
  );
  expect(request).toMatchObject({
    method: 'POST',
    path: '/hook?x=1',
    headers: { 'x-key': 'k', 'content-type': 'text/plain; charset=utf-8', 'user-agent': 'tetraship' },
  });
});

test('what the kernel is to evaluate', () => {
  const alerts = createAlerts([{ targets: [] }, { rule: state, targets: [] }]);
  expect(alerts.conditions).toMatchObject([
    { expression: { string: { column: 'binary', operator: 'contains', value: '/wget' } } },
    { expression: { numeric: { column: 'uid', operator: 'equalTo', value: 0 } }, repeats: 3 },
  ]);
  expect(() => alerts.accept(2, 'match', row({}))).toThrow('there is no rule 2');
});

describe('windows', () => {
  test('a composite rule calls as often as told, another pod is another firing, and it fires anew', async () => {
    await using receiver = await createWebhook();
    await using alerts = createAlerts([
      { targets: [{ type: 'webhook', endpoint: receiver.url, repeat: { interval: '150ms', times: 3 } }] },
    ]);
    const startMs = Date.now();
    for (const pod of ['a', 'b', 'a', 'a']) alerts.accept(0, 'match', wgetIn(pod));
    await receiver.waitForRequests(6, PATIENCE_MS);
    await until(() => alerts.stats.windows === 0);
    expect(receiver.count).toBe(6);
    const ofA = receiver.requests.filter(({ body }) => body.includes('Message: pod a\n'));
    expect(ofA).toHaveLength(3);
    for (const [index, { atMs }] of ofA.entries())
      expect(atMs - startMs).toBeGreaterThanOrEqual(150 * index - 2);
    alerts.accept(0, 'match', wgetIn('a'));
    await receiver.waitForRequests(7, PATIENCE_MS);
    await until(() => firstTarget(alerts).sent === 7);
    expect(alerts.stats).toMatchObject({
      rules: [{ rule: 'rule-0', matched: 5, fired: 3, resolved: 0 }],
      targets: [{ rule: 'rule-0', target: 'webhook-1', sent: 7, suppressed: 2, failed: 0, dropped: 0 }],
    });
  });

  test('a column rule fires, says that it goes on, and resolves', async () => {
    await using receiver = await createWebhook();
    await using alerts = createAlerts([
      {
        name: 'root',
        rule: state,
        targets: [{ type: 'webhook', endpoint: receiver.url, repeat: { interval: '100ms', times: 2 } }],
      },
    ]);
    alerts.accept(0, 'firing', wgetIn('a'));
    await receiver.waitForRequests(3, PATIENCE_MS);
    alerts.accept(0, 'resolved', wgetIn('b'));
    await receiver.waitForRequests(4, PATIENCE_MS);
    const head = 'root triggered on tetrademo\nMessage: ';
    const tail = '\nFailing Condition: uid column was equal to 0, 3 times';
    expect(receiver.requests.map(({ body }) => body)).toEqual([
      `${head}pod a${tail}`,
      `${head}pod a${tail}`,
      `${head}Triggering alert did not resolve itself after 2 retries, This alert is paused until it resolves${tail}`,
      'root on tetrademo is now resolved ',
    ]);
    expect(alerts.stats.rules).toMatchObject([{ rule: 'root', matched: 1, fired: 1, resolved: 1 }]);
    expect(Math.abs(Date.now() - (alerts.stats.rules[0]?.lastMatchMs ?? 0))).toBeLessThan(60_000);
    expect(firstTarget(alerts).origin).toBe(new URL(receiver.url).origin);
  });

  test('a resolve ends the calls, and the next firing calls at once', async () => {
    await using receiver = await createWebhook();
    const target = { type: 'webhook', endpoint: receiver.url, repeat: { interval: '100ms', times: 100 } };
    await using alerts = createAlerts([{ rule: state, targets: [target] }]);
    alerts.accept(0, 'firing', wgetIn('a'));
    await receiver.waitForRequests(2, PATIENCE_MS);
    alerts.accept(0, 'resolved', wgetIn('b'));
    expect(alerts.stats.windows).toBe(0);
    alerts.accept(0, 'firing', wgetIn('a'));
    await until(() => firstTarget(alerts).queued === 0);
    expect(receiver.requests.map(({ body }) => body.includes('resolved')).slice(-2)).toEqual([true, false]);
  });

  test('what is due comes before what happens now, even when the timer is late', async () => {
    let nowMs = 0;
    await using alerts = createAlerts(
      [
        {
          targets: [
            { type: 'webhook', endpoint: 'http://127.0.0.1:9', repeat: { interval: '10s', times: 1 } },
          ],
        },
      ],
      { now: () => nowMs },
    );
    alerts.accept(0, 'match', wgetIn('a'));
    nowMs = 9_999;
    alerts.accept(0, 'match', wgetIn('a'));
    expect([alerts.stats.rules[0]?.fired, firstTarget(alerts).suppressed]).toEqual([1, 1]);
    nowMs = 10_000;
    alerts.accept(0, 'match', wgetIn('a'));
    expect([alerts.stats.rules[0]?.fired, firstTarget(alerts).suppressed]).toEqual([2, 1]);
  });
});

describe('targets', () => {
  const NOW_MS = Date.UTC(2024, 0, 2, 3, 4, 5, 6);

  test('slack', async () => {
    await using receiver = await createWebhook();
    await using alerts = createAlerts([
      { rule: state, targets: [{ type: 'slack', endpoint: receiver.url }] },
    ]);
    alerts.accept(0, 'firing', wgetIn('"\n😀'));
    alerts.accept(0, 'resolved', wgetIn('a'));
    await receiver.waitForRequests(2, PATIENCE_MS);
    const [firing, resolved] = receiver.requests;
    expect(firing?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(firing?.body ?? '')).toEqual({
      text: 'rule-0 triggered on tetrademo\nMessage: pod "\n😀\nFailing Condition: uid column was equal to 0, 3 times',
    });
    expect(JSON.parse(resolved?.body ?? '')).toEqual({ text: 'rule-0 on tetrademo is now resolved ' });
  });

  const labels = {
    alertname: 'rule-0',
    stream: 'tetrademo',
    deployment_instance: 'node-1',
    deployment_id: '01HZ',
    deployment_mode: 'agent',
  };

  test('alertmanager: a composite rule ends by itself', async () => {
    await using receiver = await createWebhook();
    const endpoint = `${receiver.url}/api/v2/alerts`;
    await using alerts = createAlerts(
      [
        {
          targets: [
            { type: 'alertmanager', endpoint, username: 'u', password: 'p:ä', repeat: { interval: '1m' } },
          ],
        },
      ],
      { wallNow: () => NOW_MS },
    );
    alerts.accept(0, 'match', wgetIn('a'));
    await receiver.waitForRequests(1, PATIENCE_MS);
    const [request] = receiver.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/api/v2/alerts' });
    expect(request?.headers.authorization).toBe(`Basic ${Buffer.from('u:p:ä').toString('base64')}`);
    expect(JSON.parse(request?.body ?? '')).toEqual([
      {
        labels: { ...labels, status: 'firing', rule_type: 'composite', rule_config: 'binary =% "/wget"' },
        annotations: { message: 'pod a', reason: 'matched rule binary =% "/wget"' },
        endsAt: '2024-01-02T03:05:05.006Z',
      },
    ]);
  });

  test('alertmanager: a column rule ends at the resolve', async () => {
    await using receiver = await createWebhook();
    const rule = {
      type: 'column',
      config: { column: 'user', operator: '!=', value: 'root', ignoreCase: true },
    };
    await using alerts = createAlerts(
      [{ rule, targets: [{ type: 'alertmanager', endpoint: receiver.url }] }],
      {
        wallNow: () => NOW_MS,
      },
    );
    alerts.accept(0, 'firing', wgetIn('a'));
    alerts.accept(0, 'resolved', wgetIn('b'));
    await receiver.waitForRequests(2, PATIENCE_MS);
    const ruleLabels = {
      rule_type: 'column',
      rule_config_column: 'user',
      rule_config_operator: 'notExact',
      rule_config_value: 'root',
      rule_config_repeats: '1',
      rule_config_ignoreCase: 'true',
    };
    expect(receiver.requests.map(({ body }): unknown => JSON.parse(body))).toEqual([
      [
        {
          labels: { ...labels, ...ruleLabels, status: 'firing' },
          annotations: { message: 'pod a', reason: 'user column not equal to root, 1 times' },
        },
      ],
      [
        {
          labels: { ...labels, ...ruleLabels, status: 'resolved' },
          annotations: { message: 'pod b', reason: 'rule-0 on tetrademo is now resolved ' },
          endsAt: '2024-01-02T03:04:05.006Z',
        },
        {
          labels: { ...labels, ...ruleLabels, status: 'firing' },
          annotations: { message: 'pod b', reason: 'rule-0 on tetrademo is now resolved ' },
          endsAt: '2024-01-02T03:04:05.006Z',
        },
      ],
    ]);
  });

  test('an address with a password, and a header of the rule in other letters', async () => {
    await using receiver = await createWebhook();
    const endpoint = `${receiver.url.replace('//', '//us%65r:p%40ss@')}/x`;
    const log = new LogBook();
    await using alerts = createAlerts(
      [
        {
          targets: [
            { type: 'webhook', endpoint, headers: { 'CONTENT-Type': 'text/x', 'User-agent': 'mine' } },
          ],
        },
      ],
      { log },
    );
    receiver.answer = () => ({ status: 400 });
    alerts.accept(0, 'match', wgetIn('a'));
    await until(() => firstTarget(alerts).failed === 1);
    const headers = receiver.requests[0]?.headers;
    expect(headers).toMatchObject({ 'content-type': 'text/x', 'user-agent': 'mine' });
    expect(headers?.authorization).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`);
    expect(log.lines.join()).not.toMatch(/p%40ss|p@ss|\/x/);
    expect(log.lines).toEqual([expect.stringContaining(`"origin":"${receiver.url}"`)]);
  });
});

describe('the log is written by attackers', () => {
  test('a message goes out as it is, and neither headers nor our own log carry it', async () => {
    await using receiver = await createWebhook();
    const log = new LogBook();
    await using alerts = createAlerts([{ targets: [{ type: 'webhook', endpoint: receiver.url }] }], { log });
    receiver.answer = () => ({ status: 404 });
    const pod = '\r\nX-Evil: 1\r\n\r\n\u001b[31m {binary} evil';
    alerts.accept(0, 'match', wgetIn(pod));
    await until(() => firstTarget(alerts).failed === 1);
    expect(receiver.requests[0]?.body).toContain(`Message: pod ${pod}\nFailing`);
    expect(receiver.requests[0]?.headers).not.toHaveProperty('x-evil');
    expect(log.lines).toHaveLength(1);
    expect(log.lines.join()).not.toContain('evil');
  });

  test('a flood of different messages is bounded everywhere', async () => {
    await using receiver = await createWebhook({ answer: () => 'hang' });
    const log = new LogBook();
    await using alerts = createAlerts([{ targets: [{ type: 'webhook', endpoint: receiver.url }] }], { log });
    const filler = 'x'.repeat(2_000);
    for (let index = 0; index < 30_000; index++) alerts.accept(0, 'match', wgetIn(`${index} ${filler}`));
    const { windows, windowsEvicted, queueBytes, queueLimitBytes } = alerts.stats;
    const { queued, dropped } = firstTarget(alerts);
    expect(windows).toBeLessThan(10_000);
    expect(windows + windowsEvicted).toBe(30_000);
    expect(queued + dropped).toBe(30_000);
    expect(queued).toBeLessThan(1_000);
    expect(queueBytes).toBeLessThan(queueLimitBytes);
    expect(log.count('error the queue of an alert target is full')).toBe(1);
  });
});
