/** Real processes, killed: what alerting remembers, and what it says twice. */

import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { AgentProcess, Workplace, waitFor } from '../e2e/agent.ts';
import { createReceiver, createWebhook, type Webhook } from '../receiver/index.ts';

/** A change is on disk after this, also on a busy machine. */
const SAVED_MS = 1_500;
const TIMEOUT_MS = 60_000;

const line = (pod: string, uid = 0): string =>
  `${JSON.stringify({ process_exec: { process: { binary: '/usr/bin/wget', uid, pod: { name: pod } } }, time: new Date().toISOString() })}\n`;

class Scene {
  readonly workplace = new Workplace();
  readonly log = this.workplace.join('tetragon.log');
  readonly rules = this.workplace.join('rules.json');
  readonly #server: string;

  constructor(server: string, alerts: readonly Record<string, unknown>[]) {
    this.#server = server;
    writeFileSync(this.log, '');
    this.write(alerts);
  }

  write(alerts: readonly Record<string, unknown>[]): void {
    writeFileSync(this.rules, JSON.stringify({ version: 'v1', alerts }));
  }

  append(...lines: string[]): void {
    appendFileSync(this.log, lines.join(''));
  }

  async start(): Promise<AgentProcess> {
    const agent = new AgentProcess(this.workplace, {
      PARSEABLE_URL: this.#server,
      TETRAGON_LOG: this.log,
      TETRASHIP_RULES: this.rules,
      TETRASHIP_SHUTDOWN_GRACE: '5s',
    });
    await agent.url();
    return agent;
  }

  state(): string {
    return readFileSync(this.workplace.join('state', 'alerts.json'), 'utf8');
  }

  has(text: string): boolean {
    return existsSync(this.workplace.join('state', 'alerts.json')) && this.state().includes(text);
  }

  [Symbol.dispose](): void {
    this.workplace[Symbol.dispose]();
  }
}

const wget = (endpoint: string): Record<string, unknown> => ({
  name: 'wget',
  message: '{process_exec_process_pod_name}',
  rule: { type: 'composite', config: 'process_exec_process_binary =% "wget"' },
  targets: [{ type: 'webhook', endpoint, repeat: { interval: '1h', times: 2 } }],
});

const root = (endpoint: string): Record<string, unknown> => ({
  name: 'root',
  message: 'root',
  rule: { type: 'column', config: { column: 'process_exec_process_uid', value: 0, repeats: 3 } },
  targets: [{ type: 'webhook', endpoint, repeat: { interval: '1h', times: 2 } }],
});

const podsOf = ({ requests }: Webhook): string[] =>
  requests.map(({ body }) => /Message: (.*)/.exec(body)?.[1] ?? body);

test('nothing told is told again, and nothing queued is forgotten', { timeout: TIMEOUT_MS }, async () => {
  await using server = await createReceiver();
  await using webhook = await createWebhook();
  using scene = new Scene(server.url, [wget(webhook.url)]);
  {
    await using agent = await scene.start();
    scene.append(line('told'));
    await webhook.waitForRequests(1, 10_000);
    await webhook.stop();
    scene.append(line('queued'));
    await waitFor(() => (scene.has('queued') ? true : undefined), 'the queue on disk');
    await agent.waitForMetric('tetraship_rows_delivered_total', (rows) => rows === 2);
    await agent.kill();
  }
  await webhook.restart();
  await using agent = await scene.start();
  await webhook.waitForRequests(2, 10_000);
  scene.append(line('told'), line('new'));
  await webhook.waitForRequests(3, 10_000);
  await agent.waitForMetric('tetraship_rows_delivered_total', (rows) => rows >= 2);
  // The window of "told" is still open.
  expect(podsOf(webhook)).toEqual(['told', 'queued', 'new']);
});

test('rows that are sent again are not evaluated again, over a rotation too', {
  timeout: TIMEOUT_MS,
}, async () => {
  await using server = await createReceiver();
  await server.stop();
  await using webhook = await createWebhook();
  using scene = new Scene(server.url, [wget(webhook.url), root(webhook.url)]);
  {
    await using agent = await scene.start();
    scene.append(line('a'));
    await webhook.waitForRequests(1, 10_000);
    renameSync(scene.log, scene.workplace.join('tetragon-2026-01-02T03-04-05.678.log'));
    scene.append(line('b'));
    await webhook.waitForRequests(2, 10_000);
    await sleep(SAVED_MS);
    await agent.kill();
  }
  await server.restart();
  await using agent = await scene.start();
  await agent.waitForMetric('tetraship_rows_delivered_total', (rows) => rows === 2);
  expect(webhook.count).toBe(2);
  // Two of three were counted before the kill: once more fires, and it resolves.
  scene.append(line('a'), line('a', 5));
  await webhook.waitForRequests(4, 10_000);
  expect(webhook.requests.slice(2).map(({ body }) => body.split('\n', 1)[0])).toEqual([
    'root triggered on tetrademo',
    'root on tetrademo is now resolved ',
  ]);
});

test('a remembered place that is no end of a line costs a repetition, not the log', {
  timeout: TIMEOUT_MS,
}, async () => {
  await using server = await createReceiver();
  await server.stop();
  await using webhook = await createWebhook();
  using scene = new Scene(server.url, [wget(webhook.url)]);
  {
    await using agent = await scene.start();
    scene.append(line('a'));
    await webhook.waitForRequests(1, 10_000);
    expect(await agent.stop()).toBe(0);
  }
  const path = scene.workplace.join('state', 'alerts.json');
  const state = JSON.parse(scene.state());
  expect(state.positions).toMatchObject([{ offset: statSync(scene.log).size }]);
  state.positions[0].offset += 5;
  state.targets = [];
  writeFileSync(path, JSON.stringify(state));
  rmSync(scene.workplace.join('state', 'spool'), { recursive: true });
  rmSync(scene.workplace.join('state', 'checkpoint.json'), { force: true });
  scene.append(line('b'), line('c'));
  await server.restart();
  await using agent = await scene.start();
  await agent.waitForMetric('tetraship_rows_delivered_total', (rows) => rows === 3);
  await webhook.waitForRequests(3, 10_000);
  expect(podsOf(webhook)).toEqual(['a', 'b', 'c']);
});

test('kills under load: everything is told, and twice only what was new', {
  timeout: TIMEOUT_MS,
}, async () => {
  await using server = await createReceiver();
  await using webhook = await createWebhook();
  using scene = new Scene(server.url, [wget(webhook.url)]);
  const appended: { pod: string; atMs: number }[] = [];
  const kills: number[] = [];
  let agent = await scene.start();
  for (let index = 0; index < 300; index++) {
    const pod = `pod-${index}`;
    scene.append(line(pod));
    appended.push({ pod, atMs: performance.now() });
    await sleep(10);
    if (index % 100 !== 80) continue;
    kills.push(performance.now());
    await agent.kill();
    agent = await scene.start();
  }
  await using last = agent;
  const told = (): Set<string> => new Set(podsOf(webhook));
  await waitFor(
    () => (told().size === appended.length ? true : undefined),
    'every pod',
    20_000,
    () => last.text,
  );
  const pods = podsOf(webhook);
  const twice = appended.filter(({ pod }) => pods.indexOf(pod) !== pods.lastIndexOf(pod));
  // A second by the promise, and what a busy machine adds.
  for (const { pod, atMs } of twice) {
    const age = Math.min(...kills.filter((kill) => kill >= atMs).map((kill) => kill - atMs));
    expect(age, pod).toBeLessThan(3_000);
  }
});

test('a damaged state is set aside with an error, a newer one refused', { timeout: TIMEOUT_MS }, async () => {
  await using server = await createReceiver();
  using scene = new Scene(server.url, [wget('http://127.0.0.1:9/')]);
  {
    await using agent = await scene.start();
    scene.append(line('a'));
    await waitFor(() => (scene.has('"message":"a"') ? true : undefined), 'the state');
    expect(await agent.stop()).toBe(0);
  }
  const path = scene.workplace.join('state', 'alerts.json');
  expect(scene.state()).toContain('"message":"a"');
  writeFileSync(path, scene.state().replace('"queue"', '"quebe"'));
  {
    await using agent = await scene.start();
    await agent.waitForLog(/cannot use .*alerts\.json: a field is missing/);
    expect(await agent.stop()).toBe(0);
  }
  expect(
    readdirSync(scene.workplace.join('state')).filter((name) => name.startsWith('alerts.damaged-')),
  ).toHaveLength(1);
  writeFileSync(path, scene.state().replace('"version":1', '"version":2'));
  await using agent = new AgentProcess(scene.workplace, {
    PARSEABLE_URL: server.url,
    TETRAGON_LOG: scene.log,
    TETRASHIP_RULES: scene.rules,
  });
  expect(await agent.exited).toBe(1);
  expect(agent.text).toContain('it has version 2, this agent knows up to 1');
});
