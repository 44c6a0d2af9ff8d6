/** On real parts: Tetragon's own writer, the agent, and a running Parseable that is asked by SQL. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { AgentProcess, Workplace, waitFor } from './agent.ts';

const shared = (path: string): string => fileURLToPath(new URL(`../../../shared/${path}`, import.meta.url));
const GET = shared('bin/get');
const missing = ['bin/tetragon-writer.xz', 'bin/parseable.xz', 'data/tetragon.log.zst'].filter(
  (path) => !existsSync(shared(path)),
);
if (missing.length > 0) console.log(`skipped: the test on a running Parseable needs ${missing.join(', ')}`);

/** In the stored log, and as many again written live. */
const EVENTS = 20_000;
const ALL = 2 * EVENTS;

const program = (name: string): string => execFileSync(GET, [name], { encoding: 'utf8' }).trim();

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Another process may take a free port before Parseable does. */
const START_TRIES = 3;

class Parseable implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;

  static async start(folder: string): Promise<Parseable> {
    for (let tries = 1; ; tries++) {
      const server = new Parseable(`${folder}/parseable-${tries}`, await freePort(), await freePort());
      try {
        await server.ready();
        return server;
      } catch (error) {
        await server[Symbol.asyncDispose]();
        if (tries === START_TRIES) throw error;
      }
    }
  }

  private constructor(folder: string, port: number, grpcPort: number) {
    this.url = `http://127.0.0.1:${port}`;
    for (const name of ['data', 'staging']) mkdirSync(`${folder}/${name}`, { recursive: true });
    this.#child = spawn(program('parseable'), ['local-store'], {
      stdio: 'ignore',
      env: {
        PATH: process.env['PATH'] ?? '',
        P_FS_DIR: `${folder}/data`,
        P_STAGING_DIR: `${folder}/staging`,
        P_USERNAME: 'admin',
        P_PASSWORD: 'admin',
        P_ADDR: `127.0.0.1:${port}`,
        P_GRPC_PORT: String(grpcPort),
        P_CHECK_UPDATE: 'false',
        P_SEND_ANONYMOUS_USAGE_DATA: 'false',
      },
    });
  }

  private async ready(): Promise<void> {
    await waitFor(
      async () => {
        if (this.#child.exitCode !== null) throw new Error(`Parseable exited with ${this.#child.exitCode}`);
        try {
          return (await fetch(`${this.url}/api/v1/readiness`)).ok || undefined;
        } catch {
          return undefined;
        }
      },
      'Parseable to be ready',
      30_000,
    );
  }

  async query(sql: string): Promise<Record<string, unknown>[]> {
    const answer = await fetch(`${this.url}/api/v1/query`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('admin:admin')}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query: sql, startTime: '1h', endTime: 'now' }),
    });
    const rows: unknown = answer.ok ? await answer.json() : [];
    return Array.isArray(rows) ? rows : [];
  }

  async columns(): Promise<string[]> {
    const answer = await fetch(`${this.url}/api/v1/logstream/tetrademo/schema`, {
      headers: { authorization: `Basic ${btoa('admin:admin')}` },
    });
    const schema: { fields?: { name: string }[] } = JSON.parse(await answer.text());
    return (schema.fields ?? []).map(({ name }) => name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.on('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}

test.skipIf(missing.length > 0)(
  'ships stored and live events of the real writer into a real Parseable: one row each',
  { timeout: 180_000 },
  async () => {
    using place = new Workplace();
    await using server = await Parseable.start(place.path);
    mkdirSync(place.join('logs'));
    const log = place.join('logs', 'tetragon.log');
    // The stored log is a backup from before the agent came; the live one is written while it runs.
    const stored = zstdDecompressSync(readFileSync(shared('data/tetragon.log.zst')));
    expect(stored.toString('latin1').split('\n')).toHaveLength(EVENTS + 1);
    writeFileSync(place.join('logs', 'tetragon-2026-01-02T03-04-05.000.log'), stored);
    await using agent = new AgentProcess(place, { PARSEABLE_URL: server.url, TETRAGON_LOG: log });
    await agent.url();

    const writer = spawn(
      program('tetragon-writer'),
      [
        '-templates',
        shared('data'),
        '-seed',
        '7',
        '-n',
        String(EVENTS),
        '-first',
        String(EVENTS),
        '-out',
        log,
        '-max-kb',
        '4096',
        '-backups',
        '50',
        '-rate',
        '4000',
        '-wget-every',
        '500',
      ],
      { stdio: 'ignore' },
    );
    expect(await new Promise((resolve) => writer.on('exit', resolve))).toBe(0);
    await agent.waitForMetric('tetraship_rows_delivered_total', (rows) => rows >= ALL, '', 60_000);
    expect(await agent.metric('tetraship_rotations_total')).toBeGreaterThan(5);

    const counted = await waitFor(
      async () => {
        const [row] = await server.query(
          'SELECT count(*) AS n, count(distinct cluster_name) AS d FROM tetrademo',
        );
        return Number(row?.['n']) >= ALL ? row : undefined;
      },
      `${ALL} rows in the dataset`,
      90_000,
    );
    expect(counted).toEqual({ n: ALL, d: ALL });

    const columns = await server.columns();
    expect(columns).toContain('process_kprobe_process_pod_name');
    expect(columns).toContain('process_exit_process_binary');
    expect(
      columns.filter(
        (name) => !name.startsWith('p_') && /_(utf8|int64|float64|bool(ean)?|timestamp)$/i.test(name),
      ),
    ).toEqual([]);

    const capable = await server.query(
      'SELECT cluster_name, count(*) AS n FROM tetrademo WHERE process_kprobe_process_cap_permitted IS NOT NULL GROUP BY cluster_name ORDER BY n DESC LIMIT 1',
    );
    expect(capable[0]?.['n']).toBe(1);
    const [texts] = await server.query(
      'SELECT process_kprobe_process_cap_permitted AS permitted, process_kprobe_parent_cap_effective AS effective FROM tetrademo WHERE process_kprobe_process_cap_permitted IS NOT NULL AND process_kprobe_parent_cap_effective IS NOT NULL LIMIT 1',
    );
    expect(JSON.parse(String(texts?.['permitted']))).toHaveLength(14);
    expect(JSON.parse(String(texts?.['effective']))).toHaveLength(14);
    expect(await agent.stop()).toBe(0);
  },
);
