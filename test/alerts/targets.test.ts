/** What goes beyond the format in a target: JSON bodies, secrets, certificates. */

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, describe, expect, test } from 'vitest';
import schema from '../../rules/notification-schema.json' with { type: 'json' };
import { createProxy, createWebhook, selfSigned, type Webhook } from '../receiver/index.ts';
import { createAlerts, firstTarget, LogBook, row, until } from './support.ts';

const PATIENCE_MS = 5_000;
const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const folder = mkdtempSync(join(tmpdir(), 'alert-targets-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ABOUT = {
  severity: 'high',
  labels: { mitre: 'T1105', team: 'sec' },
  annotations: { description: 'A download.' },
  groupBy: ['pod', 'node.x'],
};

async function bodies(webhook: Webhook, count: number): Promise<unknown[]> {
  await webhook.waitForRequests(count, PATIENCE_MS);
  return webhook.requests.map(({ body }) => JSON.parse(body));
}

describe('a JSON body', () => {
  test('says everything, and is as the schema says', async () => {
    await using webhook = await createWebhook();
    const target = { type: 'webhook', endpoint: webhook.url, tetraship: { format: 'json', method: 'PUT' } };
    const column = { type: 'column', config: { column: 'uid', value: 0 } };
    await using alerts = createAlerts(
      [
        { targets: [target], tetraship: { ...ABOUT, includeEvent: true } },
        { rule: column, targets: [target] },
      ],
      { wallNow: () => NOW_MS },
    );
    const event = '{"pod":"app-1","pid":12345678901234567890,"s":"\\u001b","null":null}';
    alerts.accept(0, 'match', new TextEncoder().encode(event));
    await webhook.waitForRequests(1, PATIENCE_MS);
    expect(webhook.requests[0]?.body).toContain(`,"event":${event}}`);
    alerts.accept(1, 'firing', row({ pod: 'b', uid: 0 }));
    await webhook.waitForRequests(2, PATIENCE_MS);
    alerts.accept(1, 'resolved', row({ pod: 'b', uid: 1 }));
    const [first, second, third] = await bodies(webhook, 3);
    expect(webhook.requests[0]).toMatchObject({
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
    });
    const validate = new Ajv({ formats: { 'date-time': true }, allowUnionTypes: true }).compile(schema);
    for (const body of [first, second, third]) {
      expect(validate(body), JSON.stringify(validate.errors)).toBe(true);
    }
    expect(first).toMatchObject({
      ...{ version: 1, status: 'firing', call: 'first', name: 'rule-0', stream: 'tetrademo' },
      ...{ message: 'pod app-1', reason: 'matched rule binary =% "/wget"', time: '2026-01-02T03:04:05.678Z' },
      ...{ severity: 'high', labels: ABOUT.labels, annotations: ABOUT.annotations },
      ...{ node: 'node-1', deployment: '01HZ', group: { pod: 'app-1', 'node.x': null } },
    });
    expect(second).not.toHaveProperty('severity');
    expect(second).not.toHaveProperty('event');
    expect(third).toMatchObject({
      status: 'resolved',
      call: 'resolved',
      reason: 'rule-1 on tetrademo is now resolved ',
    });
  });

  test('a row that is too long stays out of it', async () => {
    await using webhook = await createWebhook();
    const target = { type: 'webhook', endpoint: webhook.url, tetraship: { format: 'json' } };
    await using alerts = createAlerts([{ targets: [target], tetraship: { includeEvent: true } }]);
    alerts.accept(0, 'match', row({ pod: 'a', long: 'x'.repeat(65_536) }));
    expect((await bodies(webhook, 1))[0]).not.toHaveProperty('event');
  });
});

test('the text of a webhook is the format, byte for byte, whatever else the rule says', async () => {
  await using webhook = await createWebhook();
  await using alerts = createAlerts([
    { targets: [{ type: 'webhook', endpoint: webhook.url }], tetraship: { ...ABOUT, includeEvent: true } },
  ]);
  alerts.accept(0, 'match', row({ pod: 'a' }));
  await webhook.waitForRequests(1, PATIENCE_MS);
  expect(webhook.requests[0]?.body).toBe(
    'rule-0 triggered on tetrademo\nMessage: pod a\nFailing Condition: matched rule binary =% "/wget"',
  );
});

test('Slack hears group, severity, annotations and labels below the text', async () => {
  await using webhook = await createWebhook();
  await using alerts = createAlerts([
    { targets: [{ type: 'slack', endpoint: webhook.url }], tetraship: ABOUT },
  ]);
  alerts.accept(0, 'match', row({ pod: 'a' }));
  expect(await bodies(webhook, 1)).toEqual([
    {
      text: [
        'rule-0 triggered on tetrademo',
        'Message: pod a',
        'Failing Condition: matched rule binary =% "/wget"',
        'Group: pod=a, node.x=',
        'Severity: high',
        'description: A download.',
        'Labels: mitre=T1105, team=sec',
      ].join('\n'),
    },
  ]);
});

test('Alertmanager gets them as labels, and a group as an alert of its own', async () => {
  await using webhook = await createWebhook();
  const target = { type: 'alertmanager', endpoint: webhook.url, tetraship: { headers: { 'X-Scope': 't' } } };
  await using alerts = createAlerts([{ targets: [target], tetraship: ABOUT }]);
  alerts.accept(0, 'match', row({ pod: 'a' }));
  const [body] = await bodies(webhook, 1);
  expect(webhook.requests[0]?.headers['x-scope']).toBe('t');
  expect(body).toMatchObject([
    {
      labels: { alertname: 'rule-0', pod: 'a', node_x: '', severity: 'high', mitre: 'T1105' },
      annotations: { message: 'pod a', description: 'A download.' },
    },
  ]);
});

test('a long interval names an end, so that Alertmanager waits for the next post', async () => {
  await using webhook = await createWebhook();
  const rule = { type: 'column', config: { column: 'uid', value: 0 } };
  const target = { type: 'alertmanager', endpoint: webhook.url, repeat: { interval: '1h' } };
  await using alerts = createAlerts([{ rule, targets: [target] }], { wallNow: () => NOW_MS });
  alerts.accept(0, 'firing', row({ uid: 0 }));
  expect(await bodies(webhook, 1)).toMatchObject([[{ endsAt: '2026-01-02T04:05:05.678Z' }]]);
});

describe('secrets', () => {
  test('come from files and variables, are read again when they change, and are never told', async () => {
    await using webhook = await createWebhook();
    const file = join(folder, 'token');
    writeFileSync(file, 'first-secret\n');
    process.env['ALERT_TEST_PATH'] = 'hidden-path';
    const target = {
      type: 'webhook',
      endpoint: `${webhook.url}/\${env:ALERT_TEST_PATH}`,
      headers: { Authorization: `Bearer \${file:${file}}` },
    };
    const log = new LogBook();
    await using alerts = createAlerts([{ targets: [target] }], { log, random: () => 0.01 });
    alerts.accept(0, 'match', row({ pod: 'a' }));
    await webhook.waitForRequests(1, PATIENCE_MS);
    writeFileSync(`${file}.new`, 'second-secret');
    renameSync(`${file}.new`, file);
    webhook.answer = () => ({ status: 403 });
    alerts.accept(0, 'match', row({ pod: 'b' }));
    await until(() => firstTarget(alerts).failed === 1);
    expect(webhook.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/hidden-path', 'Bearer first-secret'],
      ['/hidden-path', 'Bearer second-secret'],
    ]);
    expect(log.lines).toHaveLength(1);
    expect(log.lines.join() + JSON.stringify(alerts.stats)).not.toMatch(/-secret|hidden-path/);
  });

  test('while one is missing its notifications wait', async () => {
    await using webhook = await createWebhook();
    const file = join(folder, 'late');
    const log = new LogBook();
    const target = { type: 'slack', endpoint: `\${file:${file}}` };
    await using alerts = createAlerts([{ targets: [target] }], { log, random: () => 0.01 });
    expect(alerts.rules[0]?.instances[0]?.fault).toBe(`cannot read ${file}: there is no such file`);
    alerts.accept(0, 'match', row({ pod: 'a' }));
    await until(() => firstTarget(alerts).retries > 0);
    expect(log.lines[0]).toContain(`cannot read ${file}: there is no such file`);
    writeFileSync(file, webhook.url);
    await webhook.waitForRequests(1, PATIENCE_MS);
    await until(() => firstTarget(alerts).sent === 1);
    expect(firstTarget(alerts).origin).toBe(webhook.url);
  });

  test.each([
    ['nonsense', 'the endpoint that its secrets make is no http'],
    ['file:///etc/passwd', 'the endpoint that its secrets make is no http'],
  ])('one that makes no address (%s) is a failure, not a crash', async (text, want) => {
    const file = join(folder, 'bad');
    writeFileSync(file, text);
    const log = new LogBook();
    await using alerts = createAlerts([{ targets: [{ type: 'slack', endpoint: `\${file:${file}}` }] }], {
      log,
    });
    alerts.accept(0, 'match', row({ pod: 'a' }));
    await until(() => firstTarget(alerts).retries > 0);
    expect(log.lines[0]).toContain(want);
    expect(log.lines[0]).not.toContain(text);
  });
});

test('certificates of ours and theirs come from files', async ({ skip }) => {
  const theirs = selfSigned(folder, 'theirs');
  const ours = selfSigned(folder, 'ours');
  if (theirs === undefined || ours === undefined) return skip('openssl is not here to make certificates');
  const seen: string[] = [];
  const server = createServer(
    { key: theirs.key, cert: theirs.cert, ca: ours.cert, requestCert: true },
    (request, response) => {
      const { socket } = request;
      seen.push('getPeerCertificate' in socket ? 'secure' : 'plain');
      response.end();
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const endpoint = `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`;
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, ours.cert); // the wrong one
  const log = new LogBook();
  try {
    const tetraship = { caFile: ca, certFile: ours.certFile, keyFile: ours.keyFile };
    const targets = [
      { type: 'webhook', endpoint, tetraship },
      { type: 'webhook', endpoint, skip_tls_check: true },
    ];
    await using alerts = createAlerts([{ targets }], { log, random: () => 0.01 });
    alerts.accept(0, 'match', row({ pod: 'a' }));
    await until(() => alerts.stats.targets.every(({ retries }) => retries > 0));
    expect(seen).toEqual([]); // neither trusts, nor is trusted
    writeFileSync(ca, theirs.cert);
    await until(() => firstTarget(alerts).sent === 1);
    expect(seen).toEqual(['secure']);
    expect(alerts.stats.targets[1]?.sent).toBe(0);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a proxy carries TLS to the target, whose certificate is checked against ours', async ({ skip }) => {
  const theirs = selfSigned(folder, 'behind-proxy');
  if (theirs === undefined) return skip('openssl is not here to make certificates');
  await using webhook = await createWebhook({ tls: theirs });
  await using proxy = await createProxy();
  const trusted = { type: 'webhook', endpoint: webhook.url, tetraship: { caFile: theirs.certFile } };
  const untrusted = { type: 'webhook', endpoint: webhook.url };
  await using alerts = createAlerts([{ targets: [trusted, untrusted] }], {
    proxy: { httpsProxy: proxy.url },
  });
  alerts.accept(0, 'match', row({ pod: 'a' }));
  await webhook.waitForRequests(1, PATIENCE_MS);
  await until(() => firstTarget(alerts).sent === 1 && (alerts.stats.targets[1]?.retries ?? 0) > 0);
  expect(alerts.stats.targets).toMatchObject([
    { sent: 1 },
    { sent: 0, trouble: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  ]);
  expect(proxy.asked[0]).toBe(new URL(webhook.url).host);
});
