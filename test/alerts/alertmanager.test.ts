/** The round trip with a real Alertmanager, where there is one: alerts fire, are kept from expiring, and end. */

import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { programOf } from '../debian.ts';
import { AgentProcess, Workplace, waitFor } from '../e2e/agent.ts';
import { freePort } from '../free-port.ts';
import { createReceiver } from '../receiver/index.ts';

const program = programOf('prometheus-alertmanager', 'prometheus-alertmanager');

/** Alertmanager ends an alert that it hears nothing more of after this long. */
const RESOLVE_TIMEOUT_S = 6;
const POD = 'process_exec_process_pod_name';

interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly endsAt: string;
  readonly updatedAt: string;
}

class Alertmanager implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  #output = '';

  constructor(path: string, workplace: Workplace, port: number) {
    const config = workplace.join('alertmanager.yml');
    writeFileSync(
      config,
      `global:\n  resolve_timeout: ${RESOLVE_TIMEOUT_S}s\nroute:\n  receiver: nobody\nreceivers:\n  - name: nobody\n`,
    );
    this.url = `http://127.0.0.1:${port}`;
    this.#child = spawn(
      path,
      [
        `--config.file=${config}`,
        `--storage.path=${workplace.join('alertmanager')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--cluster.listen-address=',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#child.stderr?.on('data', (data) => {
      this.#output += data;
    });
  }

  async ready(): Promise<void> {
    await waitFor(
      () =>
        fetch(`${this.url}/-/ready`).then(
          ({ ok }) => ok || undefined,
          () => undefined,
        ),
      'Alertmanager',
      20_000,
      () => this.#output,
    );
  }

  /** Those that are active now, in the order of their pods. */
  async alerts(): Promise<Alert[]> {
    const answer = await fetch(`${this.url}/api/v2/alerts`);
    const alerts: Alert[] = JSON.parse(await answer.text());
    return alerts.sort((a, b) => (a.labels[POD] ?? '').localeCompare(b.labels[POD] ?? ''));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}

const line = (pod: string, uid: number): string =>
  `${JSON.stringify({ process_exec: { process: { binary: '/bin/id', uid, pod: { name: pod } } } })}\n`;

test.skipIf(program === undefined)(
  'alerts of each pod fire, outlive the resolve time-out, and end when they resolve',
  { timeout: 60_000 },
  async () => {
    using workplace = new Workplace();
    await using server = await createReceiver();
    await using manager = new Alertmanager(program ?? '', workplace, await freePort());
    await manager.ready();
    const log = workplace.join('tetragon.log');
    const rules = workplace.join('rules.json');
    writeFileSync(log, '');
    const rule = {
      name: 'root',
      message: `root in {${POD}}`,
      rule: { type: 'column', config: { column: 'process_exec_process_uid', value: 0 } },
      targets: [
        { type: 'alertmanager', endpoint: `${manager.url}/api/v2/alerts`, repeat: { interval: '1s' } },
      ],
      tetraship: {
        groupBy: [POD],
        severity: 'high',
        labels: { team: 'sec' },
        annotations: { description: 'A process of root.' },
      },
    };
    writeFileSync(rules, JSON.stringify({ version: 'v1', alerts: [rule] }));
    await using agent = new AgentProcess(workplace, {
      PARSEABLE_URL: server.url,
      TETRAGON_LOG: log,
      TETRASHIP_RULES: rules,
    });
    await agent.url();

    appendFileSync(log, line('app-1', 0) + line('app-2', 0));
    const two = async (): Promise<true | undefined> =>
      (await manager.alerts()).length === 2 ? true : undefined;
    await waitFor(two, 'two alerts', 10_000, () => agent.text);
    const [first] = await manager.alerts();
    expect(first).toMatchObject({
      labels: {
        ...{ alertname: 'root', stream: 'tetrademo', status: 'firing', severity: 'high', team: 'sec' },
        ...{ [POD]: 'app-1', deployment_mode: 'agent', rule_type: 'column' },
      },
      annotations: { message: 'root in app-1', description: 'A process of root.' },
    });

    // Without the agent's refreshing they would be gone by now.
    await sleep((RESOLVE_TIMEOUT_S + 2) * 1000);
    const later = await manager.alerts();
    expect(later).toHaveLength(2);
    expect(Date.parse(later[0]?.updatedAt ?? '')).toBeGreaterThan(Date.parse(first?.updatedAt ?? ''));

    appendFileSync(log, line('app-1', 1000));
    await waitFor(
      async () => ((await manager.alerts()).length === 1 ? true : undefined),
      'one alert',
      // Less than Alertmanager would need by itself: its last post is a second old at most.
      (RESOLVE_TIMEOUT_S - 2) * 1000,
      () => agent.text,
    );
    expect((await manager.alerts())[0]?.labels[POD]).toBe('app-2');
    expect(agent.text).not.toContain('alert target');
  },
);
