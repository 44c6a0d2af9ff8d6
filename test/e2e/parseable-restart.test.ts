/** The whole promise on real parts: fast rotation, compressed backups, and a server that is killed in the middle. */

import { mkdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { AgentProcess, Workplace } from './agent.ts';
import { MISSING_PARTS, Parseable, writeEvents } from './real-parts.ts';

if (MISSING_PARTS.length > 0)
  console.log(`skipped: the test with a restart of Parseable needs ${MISSING_PARTS.join(', ')}`);

const EVENTS = 200_000;
/** A file of 512 KiB is full after 60 ms at this rate. */
const RATE = 3000;
/** Three seconds' worth: a busy machine may keep the agent from running for one. */
const BACKUPS = 50;
/** The agent gets the processor before the tests beside it, as a reservation gives it on a node. */
const PRIORITY = -10;
/** The server is killed once this much has arrived. */
const BEFORE_RESTART = 0.4 * EVENTS;
const AWAY_MS = 3000;
/** What one request holds at most: a restart may have stored it and not said so. */
const CONCURRENCY = 4;

function favour(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, PRIORITY);
  } catch {
    console.log('not root: the agent shares the processor evenly with the tests beside it');
  }
}

test.skipIf(MISSING_PARTS.length > 0)(
  '200,000 events through rotation, compression and a restart of the server are all there by SQL',
  { timeout: 480_000 },
  async () => {
    using place = new Workplace();
    await using server = await Parseable.start(place.path);
    mkdirSync(place.join('logs'));
    const log = place.join('logs', 'tetragon.log');
    await using agent = new AgentProcess(place, {
      PARSEABLE_URL: server.url,
      TETRAGON_LOG: log,
      TETRASHIP_CONCURRENCY: String(CONCURRENCY),
      TETRASHIP_FLUSH_INTERVAL: '1s',
      TETRASHIP_RETRY_MAX: '1s',
    });
    await agent.url();
    favour(agent.child.pid);
    const startMs = performance.now();
    const written = writeEvents({
      ...{ seed: 11, n: EVENTS, out: log, rate: RATE },
      ...{ 'max-kb': 512, backups: BACKUPS, compress: true },
    });
    await agent.waitForMetric(
      'tetraship_rows_delivered_total',
      (rows) => rows >= BEFORE_RESTART,
      '',
      240_000,
    );
    await server.kill();
    await sleep(AWAY_MS);
    await server.restart();
    const backMs = performance.now();
    await agent.waitForLog(/sending again/);
    const recoveryS = (performance.now() - backMs) / 1000;
    await written;
    await agent.waitForMetric('tetraship_lag_bytes', (bytes) => bytes === 0, '', 120_000);
    expect(await agent.metric('tetraship_events_total')).toBe(EVENTS);
    expect(await agent.metric('tetraship_lost_files_total')).toBe(0);
    expect(await agent.metric('tetraship_rows_lost_total')).toBe(0);
    expect(await agent.metric('tetraship_dead_letters_total')).toBeNaN();
    const rotations = await agent.metric('tetraship_rotations_total');
    expect(rotations).toBeGreaterThan(500);

    // After the kill of the server its rows show about a minute later.
    const { rows, events } = await server.counted('tetrademo', EVENTS, 180_000);
    expect(events).toBe(EVENTS);
    const tookS = (performance.now() - startMs) / 1000;
    console.log(
      `${EVENTS} events over ${rotations} rotations, sending again ${recoveryS.toFixed(1)} s after the server was back, ` +
        `${rows - events} rows twice, ${tookS.toFixed(0)} s in all`,
    );
    // Twice is only what was stored and not acknowledged when the server died: the requests on their way.
    const repeated = await server.query(
      'SELECT count(*) AS n FROM (SELECT cluster_name FROM tetrademo GROUP BY cluster_name HAVING count(*) > 1)',
    );
    expect(Number(repeated[0]?.['n'])).toBe(rows - events);
    expect(rows - events).toBeLessThanOrEqual(CONCURRENCY * RATE);
    expect(await agent.stop()).toBe(0);
  },
);
