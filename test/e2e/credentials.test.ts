/** Refused credentials stop the sending and nothing else. */

import { appendFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Generator } from '../../bench/generator.ts';
import { createReceiver, createWebhook } from '../receiver/index.ts';
import { AgentProcess, Workplace, waitFor } from './agent.ts';

const EVENTS = 4000;

test.each([401, 403])(
  '%d: reading and alerts go on, not ready, and a rotated secret ends it',
  {
    timeout: 60_000,
  },
  async (unauthorizedStatus) => {
    using place = new Workplace();
    await using receiver = await createReceiver({ store: 'keys', password: 'right', unauthorizedStatus });
    await using webhook = await createWebhook();
    const rule = { type: 'composite', config: 'process_exit_process_binary =% "wget"' };
    const target = { type: 'webhook', endpoint: webhook.url };
    const alert = { name: 'wget', message: '{process_exit_process_pod_name}', rule, targets: [target] };
    writeFileSync(place.join('alerts.json'), JSON.stringify({ version: 'v1', alerts: [alert] }));
    writeFileSync(place.join('password'), 'wrong');
    const log = place.join('tetragon.log');
    const generator = new Generator({ seed: 3, size: 2.3, wgetEvery: 1000 });
    const write = (count: number) =>
      appendFileSync(log, Array.from({ length: count }, () => generator.next()).join(''));
    write(EVENTS / 2);
    await using agent = new AgentProcess(place, {
      PARSEABLE_URL: receiver.url,
      PARSEABLE_PASSWORD: '',
      PARSEABLE_PASSWORD_FILE: place.join('password'),
      TETRAGON_LOG: log,
      TETRASHIP_RULES: place.join('alerts.json'),
      TETRASHIP_BATCH_BYTES: '64KiB',
      TETRASHIP_OUTBOX_BYTES: '64KiB',
    });
    await agent.waitForLog(/the server refuses the credentials.*PARSEABLE_PASSWORD/);
    write(EVENTS / 2);
    await agent.waitForMetric('tetraship_events_total', (events) => events === EVENTS);
    await agent.waitForMetric('tetraship_spool_bytes', (bytes) => bytes > 100_000);
    await agent.waitForMetric('tetraship_lag_bytes', (bytes) => bytes < 1_000_000);
    await waitFor(() => (webhook.requests.length > 0 ? true : undefined), 'an alert');
    const ready = await fetch(`${await agent.url()}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain('refuses the credentials');
    expect(receiver.rowCount).toBe(0);

    writeFileSync(place.join('password'), 'right');
    const rotatedMs = performance.now();
    await receiver.waitForRows(1, 10_000);
    const firstMs = performance.now() - rotatedMs;
    await receiver.waitForKeys(EVENTS, 10_000);
    expect(receiver.keys.missing(0, EVENTS, 10)).toEqual([]);
    await waitFor(async () => (await fetch(`${await agent.url()}/readyz`)).ok || undefined, 'readiness');
    console.log(`${unauthorizedStatus}: sending ${firstMs.toFixed(0)} ms after the secret was rotated`);
    expect(await agent.stop()).toBe(0);
  },
);
