/** Rules changed under a running agent. */

import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { AgentProcess, Workplace, waitFor } from '../e2e/agent.ts';
import { createReceiver, createWebhook, type Webhook } from '../receiver/index.ts';

const line = (pod: string, uid = 0): string =>
  `${JSON.stringify({ process_exec: { process: { binary: '/usr/bin/wget', uid, pod: { name: pod } } } })}\n`;

const rule = (name: string, endpoint: string, config: unknown): Record<string, unknown> => ({
  name,
  message: '{process_exec_process_pod_name}',
  rule: { type: typeof config === 'string' ? 'composite' : 'column', config },
  targets: [{ type: 'webhook', endpoint, repeat: { interval: '1h', times: 2 } }],
});

/** A mounted ConfigMap: files are links into `..data`, which is a link that is swapped. */
class ConfigMap {
  readonly folder: string;
  #version = 0;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder);
  }

  put(text: string): void {
    const version = `..version_${++this.#version}`;
    mkdirSync(`${this.folder}/${version}`);
    writeFileSync(`${this.folder}/${version}/rules.json`, text);
    symlinkSync(version, `${this.folder}/..data_tmp`);
    renameSync(`${this.folder}/..data_tmp`, `${this.folder}/..data`);
    if (this.#version === 1) symlinkSync('..data/rules.json', `${this.folder}/rules.json`);
    else rmSync(`${this.folder}/..version_${this.#version - 1}`, { recursive: true });
  }

  rules(...alerts: Record<string, unknown>[]): void {
    this.put(JSON.stringify({ version: 'v1', alerts }));
  }
}

const told = ({ requests }: Webhook): string[] => requests.map(({ body }) => body.split('\n', 1)[0] ?? '');

test('a change is in force, state is kept, and one that is wrong changes nothing', {
  timeout: 60_000,
}, async () => {
  using workplace = new Workplace();
  await using server = await createReceiver();
  await using webhook = await createWebhook();
  const map = new ConfigMap(workplace.join('rules'));
  const twice = { column: 'process_exec_process_uid', value: 0, repeats: 3 };
  const root = rule('root', webhook.url, twice);
  const wget = rule('wget', webhook.url, 'process_exec_process_binary =% "wget"');
  map.rules(root);
  const log = workplace.join('tetragon.log');
  writeFileSync(log, '');
  await using agent = new AgentProcess(workplace, {
    PARSEABLE_URL: server.url,
    TETRAGON_LOG: log,
    TETRASHIP_RULES: map.folder,
  });
  await agent.url();
  appendFileSync(log, line('a') + line('a'));
  await agent.waitForMetric('tetraship_events_total', (events) => events === 2);
  expect(await agent.metric('tetraship_rules')).toBe(1);

  const startMs = performance.now();
  map.rules(wget, root);
  await agent.waitForMetric('tetraship_rules', (rules) => rules === 2);
  // Two seconds are promised; a busy machine gets more.
  expect(performance.now() - startMs).toBeLessThan(6_000);
  // The third in all: the count went on, now as the second rule.
  appendFileSync(log, line('b'));
  await webhook.waitForRequests(2, 10_000);
  expect(told(webhook).sort()).toEqual(['root triggered on tetrademo', 'wget triggered on tetrademo']);

  map.rules(wget, { ...root, rule: { type: 'composite', config: 'uid = 0 and\n  and x = 1' } });
  await agent.waitForMetric('tetraship_rules_reload_success', (success) => success === 0);
  await agent.waitForLog(
    /ERROR.*the old ones stay in force.*rules\.json: alerts\[1\]\.rule\.config: .*line 2, column 7/,
  );
  appendFileSync(log, line('b') + line('c'));
  await webhook.waitForRequests(3, 10_000);

  map.put('{');
  await agent.waitForMetric('tetraship_rules_reloads_total', (failures) => failures === 2, 'failure');
  map.rules(wget);
  await agent.waitForMetric('tetraship_rules_reload_success', (success) => success === 1);
  // The rule that went had fired: its target hears the end. The window of "b" is still open.
  await webhook.waitForRequests(4, 10_000);
  appendFileSync(log, line('b') + line('d', 5));
  await webhook.waitForRequests(5, 10_000);
  await waitFor(
    async () => ((await agent.metric('tetraship_events_total')) === 7 ? true : undefined),
    'all events',
  );
  expect(told(webhook).slice(2)).toEqual([
    'wget triggered on tetrademo',
    'root on tetrademo is now resolved ',
    'wget triggered on tetrademo',
  ]);
});
