/** The walkthrough: a Tetragon event becomes a flat row and an alert, and what an operator gets wrong is said. */

import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createReceiver, createWebhook } from '../receiver/index.ts';
import { AgentProcess, MAIN, Workplace, waitFor } from './agent.ts';

/** As users copy it, with no address filled in. */
const PLACEHOLDER = 'webhook.site_custom_endpoint';
const ALERTS = readFileSync(
  fileURLToPath(new URL('../../bench/demo-alerts.json', import.meta.url)),
  'utf8',
).replaceAll('WEBHOOK_URL', PLACEHOLDER);

function exitEvent(binary: string, sequence: number): string {
  return `${JSON.stringify({
    process_exit: {
      process: {
        exec_id: 'bm9kZTox',
        pid: 4242,
        binary,
        arguments: 'https://www.parseable.com',
        pod: { namespace: 'default', name: 'nginx-pod' },
      },
      parent: { binary: '/bin/bash', pid: 4200 },
      status: 0,
    },
    node_name: 'node-1',
    time: '2026-01-02T03:04:05.000000001Z',
    cluster_name: `seq-${sequence}`,
  })}\n`;
}

test('wget and curl in a pod become flat rows in tetrademo and the two alerts at the webhook', async () => {
  using place = new Workplace();
  await using receiver = await createReceiver({});
  await using webhook = await createWebhook({});
  writeFileSync(place.join('alerts.json'), ALERTS.replaceAll(PLACEHOLDER, `${webhook.url}/hook`));
  const log = place.join('tetragon.log');
  await using agent = new AgentProcess(place, {
    PARSEABLE_URL: receiver.url,
    TETRAGON_LOG: log,
    TETRASHIP_RULES: place.join('alerts.json'),
  });
  await agent.url();
  writeFileSync(
    log,
    exitEvent('/usr/bin/wget', 0) + exitEvent('/usr/bin/true', 1) + exitEvent('/usr/bin/curl', 2),
  );

  await webhook.waitForRequests(2, 10_000);
  const bodies = webhook.requests.map(({ body }) => body).sort();
  expect(bodies).toEqual([
    'curl_command triggered on tetrademo\nMessage: curl command was executed from the pod : nginx-pod\nFailing Condition: matched rule process_exit_process_binary =% "/usr/bin/curl"',
    'wget_command triggered on tetrademo\nMessage: wget command was executed from the pod : nginx-pod\nFailing Condition: matched rule process_exit_process_binary =% "/usr/bin/wget"',
  ]);
  await receiver.waitForRows(3, 10_000);
  expect(receiver.rows[0]).toMatchObject({
    process_exit_process_binary: '/usr/bin/wget',
    process_exit_process_pod_name: 'nginx-pod',
    process_exit_parent_pid: 4200,
    process_exit_status: 0,
    node_name: 'node-1',
    cluster_name: 'seq-0',
  });
  expect(receiver.violations).toEqual([]);
  expect(receiver.log.find(({ path }) => path.endsWith('/ingest'))?.stream).toBe('tetrademo');
  expect(await agent.metric('tetraship_alerts_matched_total')).toBe(2);
  expect(await agent.metric('tetraship_alert_notifications_total', 'result="sent"')).toBe(2);
  expect(await agent.stop()).toBe(0);
});

test('with the placeholder endpoint left in, the agent refuses to start and names rule, target and form', async () => {
  using place = new Workplace();
  writeFileSync(place.join('alerts.json'), ALERTS);
  await using agent = new AgentProcess(place, {
    PARSEABLE_URL: 'http://127.0.0.1:9',
    TETRASHIP_RULES: place.join('alerts.json'),
  });
  expect(await agent.exited).toBe(78);
  expect(agent.text).toContain('wget_command');
  expect(agent.text).toContain('targets[0]');
  expect(agent.text).toContain(PLACEHOLDER);
  expect(agent.text).toMatch(/https?:\/\//);
  expect(agent.text).not.toMatch(/\n\s+at /);
});

test('an unknown operator in a rule stops the start with its place', async () => {
  using place = new Workplace();
  const rules = ALERTS.replaceAll(PLACEHOLDER, 'http://127.0.0.1:9/').replace('=%', '=~');
  writeFileSync(place.join('alerts.json'), rules);
  await using agent = new AgentProcess(place, {
    PARSEABLE_URL: 'http://127.0.0.1:9',
    TETRASHIP_RULES: place.join('alerts.json'),
  });
  expect(await agent.exited).toBe(78);
  expect(agent.text).toContain('alerts[0].rule.config');
  expect(agent.text).toContain('^');
});

test('rotation while it runs, SIGTERM in the middle, and a restart: every line once', async () => {
  using place = new Workplace();
  await using receiver = await createReceiver({ store: 'keys' });
  const log = place.join('tetragon.log');
  const settings = { PARSEABLE_URL: receiver.url, TETRAGON_LOG: log };
  let sequence = 0;
  const write = (count: number): void => {
    for (let i = 0; i < count; i++) appendFileSync(log, exitEvent('/usr/bin/true', sequence++));
  };
  const rotate = (): void =>
    renameSync(
      log,
      place.join(
        `tetragon-2026-01-02T03-04-${String(sequence).padStart(5, '0').slice(0, 2)}.${String(sequence % 1000).padStart(3, '0')}.log`,
      ),
    );
  {
    await using agent = new AgentProcess(place, settings);
    await agent.url();
    for (let round = 0; round < 3; round++) {
      write(101);
      rotate();
    }
    write(50);
    await receiver.waitForKeys(353, 10_000);
    write(7); // on its way at the stop
    expect(await agent.stop()).toBe(0);
  }
  write(40);
  rotate();
  write(3);
  await using agent = new AgentProcess(place, settings);
  await receiver.waitForKeys(sequence, 10_000);
  expect(receiver.keys.missing(0, sequence, 10)).toEqual([]);
  expect(receiver.duplicates).toBe(0);
  expect(await agent.stop()).toBe(0);
});

test('killed with SIGKILL under load, it repeats a little and loses nothing', async () => {
  using place = new Workplace();
  await using receiver = await createReceiver({ store: 'keys' });
  const log = place.join('tetragon.log');
  const settings = { PARSEABLE_URL: receiver.url, TETRAGON_LOG: log, TETRASHIP_BATCH_BYTES: '64KiB' };
  writeFileSync(log, Array.from({ length: 20_000 }, (_, i) => exitEvent('/usr/bin/true', i)).join(''));
  for (const rows of [1, 4000, 9000]) {
    await using agent = new AgentProcess(place, settings);
    await receiver.waitForKeys(rows, 10_000);
    await agent.kill();
  }
  await using agent = new AgentProcess(place, settings);
  await receiver.waitForKeys(20_000, 20_000);
  expect(receiver.keys.missing(0, 20_000, 10)).toEqual([]);
  expect(await agent.stop()).toBe(0);
});

test('bad lines go to the dead letters, each with its place, and their neighbours are shipped', async () => {
  using place = new Workplace();
  await using receiver = await createReceiver({});
  const log = place.join('tetragon.log');
  const good = exitEvent('/usr/bin/true', 0);
  const huge = 'x'.repeat(2 * 1024 * 1024);
  const bad = [
    Buffer.from('{"torn":\n'),
    Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d, 0x0a]),
    Buffer.from(`${huge}\n`),
  ];
  writeFileSync(log, Buffer.concat([Buffer.from(good), ...bad, Buffer.from(exitEvent('/usr/bin/true', 1))]));
  await using agent = new AgentProcess(place, { PARSEABLE_URL: receiver.url, TETRAGON_LOG: log });
  await receiver.waitForRows(2, 10_000);
  for (const reason of ['invalid_json', 'invalid_utf8', 'too_long']) {
    expect(await agent.metric('tetraship_rejected_events_total', `reason="${reason}"`)).toBe(1);
  }
  expect(await agent.stop()).toBe(0);
  const folder = place.join('state', 'deadletters');
  const letters = readdirSync(folder)
    .flatMap((name) => readFileSync(`${folder}/${name}`, 'utf8').trim().split('\n'))
    .map((line): Record<string, unknown> => JSON.parse(line));
  expect(letters.map(({ reason, offset, length }) => ({ reason, offset, length }))).toEqual([
    { reason: 'invalid_json', offset: good.length, length: 9 },
    { reason: 'invalid_utf8', offset: good.length + 9, length: 10 },
    { reason: 'too_long', offset: good.length + 19, length: huge.length + 1 },
  ]);
  expect(letters[0]?.['line']).toBe('{"torn":');
  expect(Buffer.from(String(letters[1]?.['line_base64']), 'base64')).toEqual(bad[1]?.subarray(0, -1));
  expect(String(letters[2]?.['line'])).toHaveLength(64 * 1024);
});

test('wrong credentials hold the sending, say so, show in readiness, and end when they are right', async () => {
  using place = new Workplace();
  await using receiver = await createReceiver({ password: 'right' });
  writeFileSync(place.join('password'), 'wrong\n');
  const log = place.join('tetragon.log');
  writeFileSync(log, exitEvent('/usr/bin/true', 0));
  await using agent = new AgentProcess(place, {
    PARSEABLE_URL: receiver.url,
    PARSEABLE_PASSWORD: '',
    PARSEABLE_PASSWORD_FILE: place.join('password'),
    TETRAGON_LOG: log,
    TETRASHIP_RETRY_MAX: '1s',
  });
  await agent.waitForLog(/credential/i);
  const ready = await fetch(`${await agent.url()}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.text()).toContain('credentials');
  writeFileSync(place.join('password'), 'right\n');
  await receiver.waitForRows(1, 15_000);
  await waitFor(async () => (await fetch(`${await agent.url()}/readyz`)).ok || undefined, 'readiness');
  expect(agent.text).not.toContain('wrong');
});

test('without a server it starts, is measurable within a second, and ships when the server comes', async () => {
  using place = new Workplace();
  await using receiver = await createReceiver({});
  await receiver.stop();
  const log = place.join('tetragon.log');
  writeFileSync(log, exitEvent('/usr/bin/true', 0));
  const start = performance.now();
  await using agent = new AgentProcess(place, {
    PARSEABLE_URL: receiver.url,
    TETRAGON_LOG: log,
    TETRASHIP_RETRY_MAX: '500ms',
  });
  expect(await agent.metric('tetraship_rows_delivered_total')).toBe(0);
  expect(performance.now() - start).toBeLessThan(5000); // a loaded test machine: the promise itself is checked in the bench
  await agent.waitForLog(/ECONNREFUSED|cannot be reached/);
  await receiver.restart();
  await receiver.waitForRows(1, 15_000);
  expect(await agent.stop()).toBe(0);
});

test('standard input is shipped to its end, and the agent ends with it', async () => {
  using place = new Workplace();
  await using receiver = await createReceiver({});
  await using agent = new AgentProcess(place, { PARSEABLE_URL: receiver.url, TETRAGON_LOG: '-' });
  agent.child.stdin?.end(exitEvent('/usr/bin/true', 0) + exitEvent('/usr/bin/true', 1).trimEnd());
  expect(await agent.exited).toBe(0);
  expect(receiver.rowCount).toBe(2);
});

test('the log may appear late, in a folder that is not there yet', async () => {
  using place = new Workplace();
  await using receiver = await createReceiver({});
  const log = place.join('run', 'tetragon', 'tetragon.log');
  await using agent = new AgentProcess(place, { PARSEABLE_URL: receiver.url, TETRAGON_LOG: log });
  await agent.url();
  mkdirSync(place.join('run', 'tetragon'), { recursive: true });
  writeFileSync(log, exitEvent('/usr/bin/true', 0));
  await receiver.waitForRows(1, 15_000);
  expect(await agent.stop()).toBe(0);
});

const NOBODY = 65534;
/** Only root can become another user, and a checkout in root's home is closed to that user. */
const canBeNobody =
  process.getuid?.() === 0 &&
  spawnSync(process.execPath, ['-e', `fs.accessSync(${JSON.stringify(MAIN)})`], { uid: NOBODY, gid: NOBODY })
    .status === 0;
if (!canBeNobody)
  console.log('skipped: the test of an unreadable log needs root, and a checkout that others can read');

test.skipIf(!canBeNobody)(
  'a log of mode 600 is waited for, with the way out, and read once it may be',
  async () => {
    using place = new Workplace();
    await using receiver = await createReceiver({});
    const log = place.join('tetragon.log');
    writeFileSync(log, exitEvent('/usr/bin/true', 0), { mode: 0o600 });
    mkdirSync(place.join('state'));
    for (const path of [place.path, place.join('state')]) chmodSync(path, 0o777);
    await using agent = new AgentProcess(
      place,
      { PARSEABLE_URL: receiver.url, TETRAGON_LOG: log },
      ['run'],
      NOBODY,
    );
    await agent.waitForLog(/CAP_DAC_READ_SEARCH/);
    expect(agent.text).toContain('exportFilePerm');
    expect(agent.text).toContain(log);
    await agent.waitForMetric('tetraship_read_errors_total', (errors) => errors >= 1, 'code="EACCES"');
    chmodSync(log, 0o644);
    await receiver.waitForRows(1, 15_000);
    expect(agent.text.match(/CAP_DAC_READ_SEARCH/g)).toHaveLength(1);
    expect(await agent.stop()).toBe(0);
  },
);
