/** Real parts for tests: Tetragon's own writer and a running Parseable, where they are to be had. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.ts';
import { SUITE_SECRET } from '../suite-secret.ts';
import { waitFor } from './agent.ts';

export const shared = (path: string): string =>
  fileURLToPath(new URL(`../../../shared/${path}`, import.meta.url));

/** What a test on real parts would miss here; said once by who skips. */
export const MISSING_PARTS: readonly string[] = [
  'bin/tetragon-writer.xz',
  'bin/parseable.xz',
  'data/tetragon.log.zst',
].filter((path) => !existsSync(shared(path)));

const program = (name: string): string =>
  execFileSync(shared('bin/get'), [name], { encoding: 'utf8' }).trim();

/** Runs Tetragon's writer to its end: events whose `cluster_name` is `seq-N`. */
export async function writeEvents(options: Readonly<Record<string, string | number | true>>): Promise<void> {
  const given: Readonly<Record<string, string | number | true>> = { templates: shared('data'), ...options };
  const args = Object.entries(given).flatMap(([name, value]) =>
    value === true ? [`-${name}`] : [`-${name}`, String(value)],
  );
  const writer = spawn(program('tetragon-writer'), args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(writer, 'exit');
  if (code !== 0) throw new Error(`the writer ended with ${code}`);
}

/** Another process may take a free port before Parseable does. */
const START_TRIES = 3;

export class Parseable implements AsyncDisposable {
  readonly url: string;
  readonly #folder: string;
  readonly #ports: readonly [http: number, grpc: number];
  #child: ChildProcess;

  static async start(folder: string): Promise<Parseable> {
    for (let tries = 1; ; tries++) {
      const ports = [await freePort(), await freePort()] as const;
      const server = new Parseable(`${folder}/parseable-${tries}`, ports);
      try {
        await server.#ready();
        return server;
      } catch (error) {
        await server.kill();
        if (tries === START_TRIES) throw error;
      }
    }
  }

  private constructor(folder: string, ports: readonly [http: number, grpc: number]) {
    this.url = `http://127.0.0.1:${ports[0]}`;
    this.#folder = folder;
    this.#ports = ports;
    for (const name of ['data', 'staging']) mkdirSync(`${folder}/${name}`, { recursive: true });
    this.#child = this.#run();
  }

  /** On the same port and folder, after `kill`. */
  async restart(): Promise<void> {
    this.#child = this.#run();
    await this.#ready();
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #run(): ChildProcess {
    return spawn(program('parseable'), ['local-store'], {
      stdio: 'ignore',
      env: {
        PATH: process.env['PATH'] ?? '',
        P_FS_DIR: `${this.#folder}/data`,
        P_STAGING_DIR: `${this.#folder}/staging`,
        P_USERNAME: 'admin',
        P_PASSWORD: SUITE_SECRET,
        P_ADDR: `127.0.0.1:${this.#ports[0]}`,
        P_GRPC_PORT: String(this.#ports[1]),
        P_CHECK_UPDATE: 'false',
        P_SEND_ANONYMOUS_USAGE_DATA: 'false',
      },
    });
  }

  async #ready(): Promise<void> {
    const look = async () => {
      if (this.#child.exitCode !== null) throw new Error(`Parseable exited with ${this.#child.exitCode}`);
      try {
        return (await fetch(`${this.url}/api/v1/readiness`)).ok || undefined;
      } catch {
        return undefined;
      }
    };
    await waitFor(look, 'Parseable to be ready', 30_000);
  }

  async query(sql: string): Promise<Record<string, unknown>[]> {
    const answer = await fetch(`${this.url}/api/v1/query`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa(`admin:${SUITE_SECRET}`)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ query: sql, startTime: '1h', endTime: 'now' }),
    });
    const rows: unknown = answer.ok ? await answer.json() : [];
    return Array.isArray(rows) ? rows : [];
  }

  /** Rows of the dataset and different events among them, once there are `events` of these. */
  async counted(
    dataset: string,
    events: number,
    timeoutMs: number,
  ): Promise<{ rows: number; events: number }> {
    let seen = { rows: 0, events: 0 };
    const look = async () => {
      const sql = `SELECT count(*) AS n, count(distinct cluster_name) AS d FROM ${dataset}`;
      const [row] = await this.query(sql);
      seen = { rows: Number(row?.['n'] ?? 0), events: Number(row?.['d'] ?? 0) };
      return seen.events >= events ? seen : undefined;
    };
    return waitFor(look, `${events} events in the dataset`, timeoutMs, () => JSON.stringify(seen), 500);
  }

  async columns(dataset: string): Promise<string[]> {
    const answer = await fetch(`${this.url}/api/v1/logstream/${dataset}/schema`, {
      headers: { authorization: `Basic ${btoa(`admin:${SUITE_SECRET}`)}` },
    });
    const schema: { fields?: { name: string }[] } = JSON.parse(await answer.text());
    return (schema.fields ?? []).map(({ name }) => name);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
