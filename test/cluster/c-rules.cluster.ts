/** The rules in the ConfigMap change while the agent runs. */

import { expect, test } from 'vitest';
import { eventually, kubectl } from './kit.ts';
import { agentPod, metric, readyz, syncNow, write } from './world.ts';

const alerts = () => kubectl('-n tetraship logs webhook');

async function setRules(document: string): Promise<void> {
  const patch = { data: { 'alerts.json': document } };
  const escaped = JSON.stringify(patch).replaceAll(' ', '\\u0020');
  await kubectl(`-n tetraship patch configmap tetraship-rules --type=merge --patch=${escaped}`);
  await syncNow();
}

const document = (name: string): string =>
  JSON.stringify({
    version: 'v1',
    alerts: [
      {
        name,
        message: `${name} in {process_exit_process_pod_name}`,
        rule: { type: 'composite', config: '(process_exit_process_binary =% "/usr/bin/wget")' },
        targets: [{ type: 'webhook', endpoint: 'http://webhook.tetraship:8080/' }],
      },
    ],
  });

test('an edited ConfigMap reaches the agent without a restart', async () => {
  const pod = await agentPod();
  await setRules(document('edited_rule'));
  await eventually('the rules to be read again', async () => {
    return (await metric('tetraship_rules_reloads_total')) > 0 || undefined;
  });
  await write({ events: 10, first: 600_000, wgetEvery: 1 });
  await eventually(
    'the alert of the new rule',
    async () => (await alerts()).includes('edited_rule triggered') || undefined,
  );
  expect(await agentPod()).toBe(pod);
});

test('rules that cannot be used leave the old ones running, and it says so', async () => {
  const before = (await alerts()).split('edited_rule triggered').length;
  await setRules('{"version": "v1", "alerts": [{"name": "broken"');
  await eventually(
    'the failure',
    async () => (await metric('tetraship_rules_reload_success')) === 0 || undefined,
  );
  expect((await readyz()).text).toMatch(/^ready, degraded\n(.*\n)*degraded: .*rules/);
  expect(await kubectl(`-n tetraship logs ${await agentPod()}`)).toMatch(
    /the old ones stay in force: .*alerts\.json/,
  );
  await setRules(document('mended_rule'));
  await eventually(
    'the rules to be right again',
    async () => (await metric('tetraship_rules_reload_success')) === 1 || undefined,
  );
  expect((await alerts()).split('edited_rule triggered').length).toBeGreaterThanOrEqual(before);
});
