/** A real Prometheus scrapes the real agent, and every query of the dashboard has an answer. */

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { Generator } from '../../bench/generator.ts';
import { QUERIES } from '../../deploy/dashboard-panels.ts';
import { programOf } from '../debian.ts';
import { freePort } from '../free-port.ts';
import { createReceiver } from '../receiver/index.ts';
import { AgentProcess, Workplace, waitFor } from './agent.ts';

const prometheus = programOf('prometheus', 'prometheus');
const RULES = fileURLToPath(new URL('../../deploy/prometheus/tetraship.rules.yaml', import.meta.url));
const EVENTS = 500;

/** Queries over what did not happen in this short life: without a series there is no answer. */
const WITHOUT_ANSWER = /rejected|dead_letters_total|read_errors|alert/;

test.skipIf(prometheus === undefined)(
  'a real Prometheus scrapes the agent',
  { timeout: 60_000 },
  async () => {
    using place = new Workplace();
    await using receiver = await createReceiver({ store: 'keys' });
    const generator = new Generator({ seed: 9, size: 1 });
    writeFileSync(
      place.join('tetragon.log'),
      Array.from({ length: EVENTS }, () => generator.next()).join(''),
    );
    await using agent = new AgentProcess(place, {
      PARSEABLE_URL: receiver.url,
      TETRAGON_LOG: place.join('tetragon.log'),
    });
    await agent.waitForMetric('tetraship_rows_delivered_total', (rows) => rows === EVENTS);
    const port = await freePort();
    writeFileSync(
      place.join('prometheus.yaml'),
      stringify({
        global: { scrape_interval: '500ms', evaluation_interval: '500ms' },
        rule_files: [RULES],
        scrape_configs: [
          { job_name: 'tetraship', static_configs: [{ targets: [new URL(await agent.url()).host] }] },
        ],
      }),
    );
    const child = spawn(
      prometheus ?? '',
      [
        `--config.file=${place.join('prometheus.yaml')}`,
        `--storage.tsdb.path=${place.join('data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    const ended = new Promise((resolve) => child.once('exit', resolve));
    try {
      const ask = async (path: string): Promise<{ data: { result: unknown[]; alerts: unknown[] } }> => {
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
        if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
        return JSON.parse(await answer.text());
      };
      const query = async (expr: string): Promise<unknown[]> => {
        const time = expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*');
        return (await ask(`query?query=${encodeURIComponent(time)}`)).data.result;
      };
      // Two scrapes: a rate needs two samples.
      await waitFor(
        async () => {
          try {
            const [series] = await query('count_over_time(tetraship_events_total[1m]) > 2');
            return series;
          } catch {
            return undefined; // it has not started yet
          }
        },
        'three scrapes',
        30_000,
      );
      expect(await query(`tetraship_events_total == ${EVENTS}`)).toHaveLength(1);
      for (const { expr } of QUERIES) {
        const answers = await query(expr);
        if (!WITHOUT_ANSWER.test(expr)) expect(answers.length, expr).toBeGreaterThan(0);
      }
      expect((await ask('alerts')).data.alerts).toEqual([]);
    } finally {
      child.kill('SIGTERM');
      await ended;
    }
  },
);
