import { createServer, type Server } from 'node:http';
import { describe, expect, test } from 'vitest';
import { Workplace } from '../e2e/agent.ts';
import { createProxy, createWebhook, selfSigned } from '../receiver/index.ts';
import { createAlerts, firstTarget, LogBook, row, until } from './support.ts';

const PATIENCE_MS = 5_000;
const podRow = (pod: string): Uint8Array => row({ pod });

describe('a target that is down', () => {
  test('gets everything in order once it is back', async () => {
    await using receiver = await createWebhook();
    await receiver.stop();
    await using alerts = createAlerts([{ targets: [{ type: 'webhook', endpoint: receiver.url }] }], {
      random: () => 0.1,
    });
    for (const pod of ['a', 'b', 'c']) alerts.accept(0, 'match', podRow(pod));
    await until(() => firstTarget(alerts).retries >= 2);
    expect(firstTarget(alerts)).toMatchObject({ queued: 3, sent: 0 });
    await receiver.restart();
    await receiver.waitForRequests(3, PATIENCE_MS);
    expect(receiver.requests.map(({ body }) => /Message: pod (.)/.exec(body)?.[1])).toEqual(['a', 'b', 'c']);
    await until(() => firstTarget(alerts).sent === 3);
    expect(firstTarget(alerts)).toMatchObject({ queued: 0, sent: 3, failed: 0, queueBytes: 0 });
  });

  test.each(['hang', 'reset', { status: 503 }, { status: 500 }] as const)(
    '%j is tried again',
    async (answer) => {
      await using receiver = await createWebhook({ answer: (_, index) => (index < 2 ? answer : undefined) });
      await using alerts = createAlerts([{ targets: [{ type: 'webhook', endpoint: receiver.url }] }], {
        random: () => 0.01,
        timeoutMs: 150,
      });
      alerts.accept(0, 'match', podRow('a'));
      await receiver.waitForRequests(3, PATIENCE_MS);
      await until(() => firstTarget(alerts).sent === 1);
      expect(firstTarget(alerts)).toMatchObject({ sent: 1, retries: 2 });
    },
  );

  test('a dead target delays no other, of the same rule or of another', async () => {
    await using hanging = await createWebhook({ answer: () => 'hang' });
    await using refusing = await createWebhook();
    await refusing.stop();
    await using healthy = await createWebhook();
    const hook = (endpoint: string): Record<string, unknown> => ({ type: 'webhook', endpoint });
    await using alerts = createAlerts([
      { targets: [hook(hanging.url), hook(refusing.url), hook(healthy.url)] },
      { targets: [hook(healthy.url)] },
      ...Array.from({ length: 20 }, () => ({ targets: [hook(hanging.url), hook(refusing.url)] })),
    ]);
    for (let index = 0; index < 22; index++) alerts.accept(index, 'match', podRow('a'));
    await healthy.waitForRequests(2, 1_000);
    for (let index = 0; index < 50; index++) {
      const startMs = performance.now();
      alerts.accept(0, 'match', podRow(`pod-${index}`));
      await healthy.waitForRequests(3 + index, 1_000);
      expect(performance.now() - startMs).toBeLessThan(500);
    }
  });
});

describe('hostile targets', () => {
  test('a redirect is not followed', async () => {
    await using other = await createWebhook();
    await using receiver = await createWebhook({
      answer: () => ({ status: 307, headers: { location: other.url } }),
    });
    const log = new LogBook();
    await using alerts = createAlerts([{ targets: [{ type: 'webhook', endpoint: receiver.url }] }], { log });
    alerts.accept(0, 'match', podRow('a'));
    await until(() => firstTarget(alerts).failed === 1);
    expect(log.lines).toEqual([expect.stringContaining('a redirect: put the final address into the rule')]);
    expect(other.count).toBe(0);
  });

  test('an endless answer costs no more than the time-out, and is an answer', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(timer));
    });
    await using listening = await listen(server);
    await using alerts = createAlerts([{ targets: [{ type: 'webhook', endpoint: listening.url }] }], {
      timeoutMs: 200,
    });
    alerts.accept(0, 'match', podRow('a'));
    await until(() => firstTarget(alerts).sent === 1);
    expect(firstTarget(alerts)).toMatchObject({ sent: 1, retries: 0 });
  });
});

describe('the stop', () => {
  test('sends what is queued', async () => {
    await using receiver = await createWebhook();
    const alerts = createAlerts([{ targets: [{ type: 'webhook', endpoint: receiver.url }] }]);
    for (let index = 0; index < 100; index++) alerts.accept(0, 'match', podRow(`${index}`));
    await alerts.stop(PATIENCE_MS);
    expect(receiver.count).toBe(100);
    expect(firstTarget(alerts)).toMatchObject({ sent: 100, dropped: 0, queued: 0 });
    alerts.accept(0, 'match', podRow('late'));
    await alerts.stop(0);
    expect(alerts.stats.rules[0]?.matched).toBe(100);
  });

  test('ends within the grace, and tells what it keeps', async () => {
    await using receiver = await createWebhook({ answer: () => 'hang' });
    const log = new LogBook();
    const alerts = createAlerts([{ targets: [{ type: 'webhook', endpoint: receiver.url }] }], { log });
    for (let index = 0; index < 3; index++) alerts.accept(0, 'match', podRow(`${index}`));
    await receiver.waitForRequests(1, PATIENCE_MS);
    const startMs = performance.now();
    await alerts.stop(100);
    expect(performance.now() - startMs).toBeLessThan(1_000);
    expect(firstTarget(alerts)).toMatchObject({ sent: 0, dropped: 0, queued: 3 });
    expect(log.lines).toEqual([
      expect.stringMatching(
        /^warn not all notifications could .* after the next start \{"notifications":3\}$/,
      ),
    ]);
  });

  test('no window calls afterwards', async () => {
    await using receiver = await createWebhook();
    const target = { type: 'webhook', endpoint: receiver.url, repeat: { interval: '100ms', times: 100 } };
    const alerts = createAlerts([{ targets: [target] }]);
    alerts.accept(0, 'match', podRow('a'));
    await receiver.waitForRequests(2, PATIENCE_MS);
    await alerts.stop(PATIENCE_MS);
    const { count } = receiver;
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(receiver.count).toBe(count);
    expect(firstTarget(alerts)).toMatchObject({ sent: count, dropped: 0 });
  });
});

test('certificates are checked unless the rule says otherwise', async ({ skip }) => {
  using place = new Workplace();
  const pem = selfSigned(place.path, 'test');
  if (pem === undefined) return skip('openssl is not here to make a certificate');
  await using receiver = await createWebhook({ tls: pem });
  const log = new LogBook();
  const target = (skip_tls_check: boolean): Record<string, unknown> => ({
    type: 'webhook',
    endpoint: receiver.url,
    skip_tls_check,
  });
  await using alerts = createAlerts([{ targets: [target(true), target(false)] }], { log });
  alerts.accept(0, 'match', podRow('a'));
  await receiver.waitForRequests(1, PATIENCE_MS);
  await until(() => alerts.stats.targets[1]?.retries === 1);
  expect(alerts.stats.targets).toMatchObject([
    { target: 'webhook-1', retries: 0 },
    { target: 'webhook-2', sent: 0 },
  ]);
  expect(log.lines).toEqual([expect.stringContaining('"cause":"DEPTH_ZERO_SELF_SIGNED_CERT"')]);
});

test('a proxy is used for what is not exempt', async () => {
  await using proxy = await createProxy({ refuse: 502 });
  await using direct = await createWebhook();
  const targets = [
    { type: 'webhook', endpoint: 'http://alerts.invalid/x' },
    { type: 'webhook', endpoint: direct.url },
  ];
  await using alerts = createAlerts([{ targets }], {
    proxy: { httpProxy: proxy.url, noProxy: '127.0.0.1' },
  });
  alerts.accept(0, 'match', podRow('a'));
  await direct.waitForRequests(1, PATIENCE_MS);
  await until(() => firstTarget(alerts).retries > 0);
  expect(proxy.asked).toEqual(['alerts.invalid:80']);
});

/** On a free port; closed with all its connections at the end of the scope. */
async function listen(server: Server): Promise<{ readonly url: string } & AsyncDisposable> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no address');
  return {
    url: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
