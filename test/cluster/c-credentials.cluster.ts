/** Credentials change and go wrong while the agent runs: it says so, and nothing is lost. */

import { expect, test } from 'vitest';
import { eventually, helm, kubectl, PROJECT, STATE } from './kit.ts';
import { addUser, agentPod, readyz, syncNow, waitForEvents, write } from './world.ts';

const EVENTS = 500;

async function setCredentials(username: string, password: string): Promise<void> {
  const patch = JSON.stringify({ stringData: { username, password } });
  await kubectl(`-n tetraship patch secret tetraship-credentials --type=merge --patch=${patch}`);
  await syncNow();
}

const podIsReady = async (): Promise<string> =>
  kubectl(
    `-n tetraship get pod ${await agentPod()} -o jsonpath={.status.conditions[?(@.type=="Ready")].status}`,
  );

test('wrong credentials make the pod unready, and its page says why; the right ones, of another user, bring every row', async () => {
  const pod = await agentPod();
  await setCredentials('admin', 'wrong');
  await write({ events: EVENTS, first: 300_000 });
  const refused = await eventually('the credentials to be refused', async () => {
    const answer = await readyz();
    return answer.status === 503 ? answer : undefined;
  });
  expect(refused.text).toContain('reason: the server refuses the credentials');
  await eventually('the pod to be unready', async () => (await podIsReady()) === 'False' || undefined);
  expect(await kubectl(`-n tetraship get events --field-selector=involvedObject.name=${pod}`)).toContain(
    'Readiness probe failed: HTTP probe failed with statuscode: 503',
  );

  const name = `shipper-${Date.now()}`;
  const password = await addUser(name);
  await setCredentials(name, password);
  expect(await waitForEvents(300_000, EVENTS)).toBe(0);
  await eventually('the pod to be ready', async () => (await podIsReady()) === 'True' || undefined);
  expect(await agentPod()).toBe(pod); // no restart
});

test('a user that may only send: the pod is ready, and says what it cannot see', async () => {
  await kubectl('-n tetraship rollout restart daemonset/tetraship');
  await kubectl('-n tetraship rollout status daemonset/tetraship --timeout=60s');
  expect((await readyz()).text).toMatch(/^ready/);
  expect(await kubectl(`-n tetraship logs ${await agentPod()}`)).toContain(
    'may send rows but not read the schema',
  );
  await setCredentials('admin', 'admin');
});

test('a missing Secret: the chart says it, the event names it, and the pod starts once it is there', async () => {
  const chart = `${PROJECT}/deploy/helm/tetraship`;
  const notes = await helm(
    ...['install', 'second', chart, '--namespace', 'second', '--create-namespace'],
    ...['--values', `${STATE}/values.json`, '--set', 'parseable.urls={http://parseable.parseable:8000}'],
    ...['--set', 'parseable.stream=second', '--set', 'stateFolder=/var/lib/tetraship/second'],
    ...['--set', 'tetragon.folders={/var/log/tetragon}'],
  );
  expect(notes).toContain('WARNING: there is no Secret tetraship-credentials in the namespace second');
  const [, create = ''] = /^ {4}(kubectl -n second create secret .*)$/m.exec(notes) ?? [];
  await eventually('the event', async () => {
    const events = await kubectl('-n second get events');
    return /FailedMount .*secret "tetraship-credentials" not found/.test(events) || undefined;
  });
  await kubectl(create.replace('kubectl ', '').replace('NAME', 'admin').replace('SECRET', 'admin'));
  await kubectl('-n second delete pod -l app.kubernetes.io/name=tetraship'); // the kubelet's own next try is later
  await kubectl('-n second rollout status daemonset/second-tetraship --timeout=60s');
});

test('a node without Tetragon: the agent waits for a log, says so, and ships when there is one', async () => {
  const log = await kubectl('-n second logs daemonset/second-tetraship');
  expect(log).toContain('no log yet at');
  await write({ events: EVENTS, first: 0, folder: '/var/log/tetragon' });
  await waitForEvents(0, EVENTS, 60_000, 'second');
  await helm('uninstall', 'second', '--namespace', 'second');
});
