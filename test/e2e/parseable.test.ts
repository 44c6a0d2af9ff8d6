/** On real parts: Tetragon's own writer, the agent, and a running Parseable that is asked by SQL. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { loadConfig } from '../../agent/config.ts';
import { columnsOf } from '../../agent/kernel/reference-flatten.ts';
import { parseJson } from '../../agent/kernel/reference-json.ts';
import { AgentProcess, Workplace } from './agent.ts';
import { MISSING_PARTS, Parseable, shared, writeEvents } from './real-parts.ts';

if (MISSING_PARTS.length > 0)
  console.log(`skipped: the test on a running Parseable needs ${MISSING_PARTS.join(', ')}`);

/** In the stored log, and as many again written live. */
const EVENTS = 20_000;
const ALL = 2 * EVENTS;

/** Names as the specification makes them. */
function columnsWanted(log: string): Set<string> {
  const flattening = loadConfig({ PARSEABLE_URL: 'http://127.0.0.1' });
  const names = new Set<string>();
  for (const line of log.trimEnd().split('\n')) {
    for (const { name } of columnsOf(parseJson(line), flattening)) names.add(name);
  }
  return names;
}

test.skipIf(MISSING_PARTS.length > 0)(
  'ships stored and live events of the real writer into a real Parseable: one row each',
  { timeout: 180_000 },
  async () => {
    const stored = zstdDecompressSync(readFileSync(shared('data/tetragon.log.zst')));
    expect(stored.toString('latin1').split('\n')).toHaveLength(EVENTS + 1);
    const wanted = columnsWanted(stored.toString());
    using place = new Workplace();
    await using server = await Parseable.start(place.path);
    mkdirSync(place.join('logs'));
    const log = place.join('logs', 'tetragon.log');
    // The stored log is a backup from before the agent came; the live one is written while it runs.
    writeFileSync(place.join('logs', 'tetragon-2026-01-02T03-04-05.000.log'), stored);
    await using agent = new AgentProcess(place, { PARSEABLE_URL: server.url, TETRAGON_LOG: log });
    await agent.url();

    await writeEvents({
      ...{ seed: 7, n: EVENTS, first: EVENTS, out: log, rate: 4000 },
      ...{ 'max-kb': 4096, backups: 50, 'wget-every': 500 },
    });
    await agent.waitForMetric('tetraship_rows_delivered_total', (rows) => rows >= ALL, '', 60_000);
    expect(await agent.metric('tetraship_rotations_total')).toBeGreaterThan(5);
    expect(await server.counted('tetrademo', ALL, 90_000)).toEqual({ rows: ALL, events: ALL });

    const columns = await server.columns('tetrademo');
    expect(columns).toContain('process_kprobe_process_pod_name');
    expect(columns).toContain('process_exit_process_binary');
    expect(
      columns.filter(
        (name) => !name.startsWith('p_') && /_(utf8|int64|float64|bool(ean)?|timestamp)$/i.test(name),
      ),
    ).toEqual([]);

    // Of the stored log alone; the live one may bring more.
    expect([...wanted].filter((name) => !columns.includes(name))).toEqual([]);
    expect(wanted.size).toBeGreaterThan(100);

    // Raw, an event with four lists of 14 capabilities is 14 x 14 x 14 x 14 rows.
    const lists = ['process', 'parent'].flatMap((who) =>
      ['permitted', 'effective'].map((kind) => `process_kprobe_${who}_cap_${kind}`),
    );
    const [capable] = await server.query(
      `SELECT cluster_name, ${lists.join(', ')} FROM tetrademo WHERE ${lists.map((name) => `${name} IS NOT NULL`).join(' AND ')} LIMIT 1`,
    );
    for (const name of lists) expect(JSON.parse(String(capable?.[name])), name).toHaveLength(14);
    // A row that Parseable moves from its staging to its store is in neither for a moment.
    const ofOne = `SELECT count(*) AS n FROM tetrademo WHERE cluster_name = '${String(capable?.['cluster_name'])}'`;
    await expect.poll(() => server.query(ofOne), { timeout: 30_000, interval: 500 }).toEqual([{ n: 1 }]);
    expect(await agent.stop()).toBe(0);
  },
);
