/** The server is away for longer than memory lasts: rows wait on disk, also over a kill, and none is lost. */

import { readdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Generator } from '../../bench/generator.ts';
import { createReceiver } from '../receiver/index.ts';
import { AgentProcess, Workplace, waitFor } from './agent.ts';

const EVENTS = 12_000;

test('an outage fills the spool, a kill leaves it, and the server gets every row', {
  timeout: 60_000,
}, async () => {
  using place = new Workplace();
  await using receiver = await createReceiver({ store: 'keys' });
  await receiver.stop();
  const log = place.join('tetragon.log');
  const settings = {
    PARSEABLE_URL: receiver.url,
    TETRAGON_LOG: log,
    TETRASHIP_BATCH_BYTES: '256KiB',
    TETRASHIP_OUTBOX_BYTES: '256KiB',
    TETRASHIP_RETRY_MAX: '500ms',
  };
  const generator = new Generator({ seed: 5, size: 2.3 });
  const lines = Array.from({ length: EVENTS }, () => generator.next());
  writeFileSync(log, lines.join(''));
  const spool = place.join('state', 'spool');
  {
    await using agent = new AgentProcess(place, settings);
    await agent.waitForMetric('tetraship_events_total', (events) => events === EVENTS, '', 30_000);
    await agent.waitForMetric('tetraship_spool_records_total', (records) => records > 10);
    // All of it is read and most of it on disk: the lag in seconds says that none of it has arrived.
    expect(await agent.metric('tetraship_lag_seconds')).toBeGreaterThan(0);
    const ready = await fetch(`${await agent.url()}/readyz`);
    expect(ready.status).toBe(200); // an outage never stops a rollout
    expect(await ready.text()).toContain('degraded');
    await agent.waitForMetric('tetraship_checkpoint_writes_total', (writes) => writes > 0);
    await agent.kill();
  }
  expect(readdirSync(spool).length).toBeGreaterThan(0);
  await receiver.restart();
  await using agent = new AgentProcess(place, settings);
  await receiver.waitForKeys(EVENTS, 30_000);
  expect(receiver.keys.missing(0, EVENTS, 10)).toEqual([]);
  await waitFor(
    async () => (await agent.metric('tetraship_spool_bytes')) < 64 * 1024 || undefined,
    'an empty spool',
  );
  await agent.waitForMetric('tetraship_lag_seconds', (seconds) => seconds === 0);
  expect(await agent.stop()).toBe(0);
});
