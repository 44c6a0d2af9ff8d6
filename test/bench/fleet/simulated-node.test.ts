import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { SimulatedNode } from '../../../bench/fleet/simulated-node.ts';
import { createReceiver } from '../../receiver/receiver.ts';

test('simulated agents: every row arrives once, through an outage, and each says when it was back', async () => {
  await using receiver = await createReceiver({ mode: 'fast' });
  const nodes = Array.from(
    { length: 5 },
    (_, index) =>
      new SimulatedNode({ index, url: receiver.url, flushIntervalMs: 50, retryMaxMs: 100, concurrency: 2 }),
  );
  for (const node of nodes) node.start();
  await receiver.waitForRequests(10, 10_000);
  await receiver.stop();
  // What was acknowledged at the last moment is noticed first.
  await sleep(100);
  for (const node of nodes) node.forget();
  await sleep(300);
  expect(nodes.every(({ backAtMs }) => Number.isNaN(backAtMs))).toBe(true);
  const upMs = Date.now();
  await receiver.restart();
  await receiver.waitFor(() => nodes.every(({ backAtMs }) => backAtMs >= upMs), 10_000);
  for (const node of nodes) node.quiet();
  const rows = nodes.reduce((sum, node) => sum + node.rows, 0);
  await receiver.waitForKeys(rows, 10_000);
  expect(receiver.keys.unique).toBe(rows);
  for (const node of nodes) await node.stop();
}, 60_000);
