/**
 * Two hundred agents and one server that restarts: what it meets before, meanwhile and after. One process holds
 * all senders, which are the agent's own; only loopback is used, and it ends by itself.
 * Run by `make bench`, or alone; `--quick`, `--nodes N`.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createReceiver } from '../../test/receiver/receiver.ts';
import { quickOr } from '../length.ts';
import { quantile } from '../measure.ts';
import { record } from '../results.ts';
import { fleetLoad } from './model.ts';
import { SimulatedNode } from './simulated-node.ts';

const MAX_NODES = 500;
const { values } = parseArgs({ options: { nodes: { type: 'string' } }, strict: false });
const NODES = Math.min(MAX_NODES, Number(values.nodes ?? quickOr(100, 200)));
const FLUSH_INTERVAL_MS = 1000;
/** Shorter than an agent's 30 s, so that pauses reach their full length within the simulation. */
const RETRY_MAX_MS = quickOr(1500, 8000);
const CONCURRENCY = 4;
const STEADY_MS = quickOr(2000, 20_000);
const DOWN_MS = quickOr(4000, 40_000);
const DRAIN_MS = 60_000;
const LOOK_MS = 100;
/** Width of the columns in which arrivals are counted. */
const SLICE_MS = 500;
/** Share of the outage after which pauses have their full length. */
const GROWN_SHARE = 0.6;

/** Epoch milliseconds of each request. */
const requestsMs: number[] = [];
const receiver = await createReceiver({
  mode: 'fast',
  fault: () => {
    requestsMs.push(Date.now());
    return undefined;
  },
});
const nodes = Array.from(
  { length: NODES },
  (_, index) =>
    new SimulatedNode({
      ...{ index, url: receiver.url, flushIntervalMs: FLUSH_INTERVAL_MS },
      ...{ retryMaxMs: RETRY_MAX_MS, concurrency: CONCURRENCY },
    }),
);
const tries = (): number => nodes.reduce((sum, node) => sum + node.requests, 0);

for (const node of nodes) node.start();
// The first connections are the start's.
await sleep(2 * FLUSH_INTERVAL_MS);
const steadyFrom = receiver.requests;
await sleep(STEADY_MS);
const steadyRate = (receiver.requests - steadyFrom) / (STEADY_MS / 1000);
const steadyConnections = receiver.connections;

await receiver.stop();
// What was acknowledged at the last moment is noticed first.
await sleep(LOOK_MS);
for (const node of nodes) node.forget();
await sleep(DOWN_MS * GROWN_SHARE);
const grownTries = tries();
await sleep(DOWN_MS * (1 - GROWN_SHARE));
const triesPerSecond = (tries() - grownTries) / ((DOWN_MS * (1 - GROWN_SHARE)) / 1000);
await receiver.restart();
const upMs = Date.now();
const waiting = nodes.reduce((sum, node) => sum + node.delivery.stats.outboxBodies, 0);
while (Date.now() - upMs < DRAIN_MS && nodes.some((node) => node.delivery.stats.outboxBodies > 1))
  await sleep(LOOK_MS);
const caughtUpMs = Date.now() - upMs;
for (const node of nodes) node.quiet();
const rows = nodes.reduce((sum, node) => sum + node.rows, 0);
await receiver.waitFor(() => receiver.keys.unique >= rows, DRAIN_MS).catch(() => undefined);
const missing = rows - receiver.keys.unique;
const connectionsAfter = receiver.connections - steadyConnections;
for (const node of nodes) await node.stop();
await receiver.stop();

/** Of the agents, by when each was first served after the return. */
const returns = nodes.map(({ backAtMs }) => backAtMs - upMs).sort((a, b) => a - b);
const slices: number[] = new Array(Math.ceil(RETRY_MAX_MS / SLICE_MS)).fill(0);
for (const atMs of requestsMs) {
  const slice = Math.floor((atMs - upMs) / SLICE_MS);
  if (slice >= 0 && slice < slices.length) slices[slice] = (slices[slice] ?? 0) + 1;
}
const returnsPerSlice: number[] = slices.map(
  (_, slice) => returns.filter((ms) => Math.floor(ms / SLICE_MS) === slice).length,
);
const load = fleetLoad({
  ...{ nodes: NODES, bytesPerSecond: 0, flushIntervalS: FLUSH_INTERVAL_MS / 1000, batchBytes: 1 },
  ...{ retryMaxS: RETRY_MAX_MS / 1000, concurrency: CONCURRENCY, expansion: 1, ratio: 1 },
});
const seconds = (ms: number): string => (ms / 1000).toFixed(1);
record('fleet', {
  title: 'A fleet and one server',
  about:
    `${NODES} agents in one process, the real delivery with a batch a second each, ${CONCURRENCY} connections at most and pauses up to ${RETRY_MAX_MS / 1000} s; the server is gone for ${DOWN_MS / 1000} s and returns. ` +
    'The model is that of [capacity](../docs/capacity.md).',
  header: ['what', 'simulated', 'model'],
  rows: [
    ['requests a second, steady', steadyRate.toFixed(0), load.requestsPerSecond.toFixed(0)],
    ['connections, steady', String(steadyConnections), load.connections.toFixed(0)],
    [
      'tries a second while the server is gone',
      triesPerSecond.toFixed(0),
      load.triesPerSecondWhileDown.toFixed(0),
    ],
    ['bodies waiting at its return', String(waiting), load.waitingBodies(DOWN_MS / 1000).toFixed(0)],
    [
      'agents first served in the busiest half second after it',
      String(Math.max(...returnsPerSlice)),
      (load.firstRequestsPerSecond * (SLICE_MS / 1000)).toFixed(0),
    ],
    [
      'seconds until half, 99 % and all agents are served',
      [0.5, 0.99, 1].map((share) => seconds(quantile(returns, share))).join(', '),
      `all within ${seconds(RETRY_MAX_MS)}`,
    ],
    ['requests in the busiest half second', String(Math.max(...slices)), ''],
    ['connections opened after the return', String(connectionsAfter), load.maxConnections.toFixed(0)],
    ['seconds until nothing waits', seconds(caughtUpMs), ''],
    ['rows missing', String(missing), '0'],
    ['rows repeated', String(receiver.duplicates), ''],
  ],
  notes: [
    'Agents first served after the return, and requests, by half second:',
    '',
    `    agents   ${returnsPerSlice.map((count) => String(count).padStart(4)).join('')}`,
    `    requests ${slices.map((count) => String(count).padStart(4)).join('')}`,
  ],
  data: {
    ...{ nodes: NODES, steadyRate, steadyConnections, triesPerSecond, waiting, returnsMs: returns },
    ...{ returnsPerSlice, requestsPerSlice: slices, sliceMs: SLICE_MS, connectionsAfter, caughtUpMs },
    ...{ missing, duplicates: receiver.duplicates, model: load },
  },
});
