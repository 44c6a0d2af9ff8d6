/** What stands in the cluster beside the agent: Parseable that is asked, and the event source. */

import { randomUUID } from 'node:crypto';
import { eventually, Forward, kubectl, tryKubectl } from './kit.ts';

export interface Written {
  readonly events: number;
  /** Events per second; 0 is as fast as it can. An event of the writer takes about 2.8 kB. */
  readonly rate?: number;
  readonly first: number;
  readonly maxKb?: number;
  readonly backups?: number;
  readonly wgetEvery?: number;
  /** Of the node. */
  readonly folder?: string;
}

const LOG_FOLDER = '/var/run/cilium/tetragon';

/** Starts a pod in which Tetragon's own writer writes to the node's log; returns its name. */
export async function startWriter(written: Written): Promise<string> {
  const name = `writer-${randomUUID().slice(0, 8)}`;
  const { events, rate = 0, first, maxKb = 10_240, backups = 5, wgetEvery = 0 } = written;
  const { folder = LOG_FOLDER } = written;
  const args = [
    ...['-templates', '/data', '-seed', String(first + 1), '-n', String(events), '-first', String(first)],
    ...['-rate', String(rate), '-max-kb', String(maxKb), '-backups', String(backups)],
    ...['-wget-every', String(wgetEvery), '-out', `${folder}/tetragon.log`],
  ];
  await kubectl(
    'apply -f -',
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'writer',
            image: 'example.org/tetragon-writer:test',
            imagePullPolicy: 'IfNotPresent',
            command: ['/usr/bin/tetragon-writer', ...args],
            volumeMounts: [{ name: 'logs', mountPath: folder }],
          },
        ],
        volumes: [{ name: 'logs', hostPath: { path: folder, type: 'DirectoryOrCreate' } }],
      },
    }),
  );
  return name;
}

export async function writerIsDone(name: string): Promise<void> {
  await eventually(`the pod ${name} to end`, async () => {
    const { text } = await tryKubectl(`get pod ${name} -o jsonpath={.status.phase}`);
    if (text === 'Failed') throw new Error(await kubectl(`logs ${name}`));
    return text === 'Succeeded' || undefined;
  });
}

export async function write(written: Written): Promise<void> {
  await writerIsDone(await startWriter(written));
}

/** What a request to Parseable's API answers, as its administrator. @throws unless it is a success */
async function parseable(method: string, path: string, body: unknown): Promise<string> {
  using server = await Forward.to('parseable', 'service/parseable', 8000);
  const answer = await fetch(`${server.url}/api/v1/${path}`, {
    method,
    headers: { authorization: `Basic ${btoa('admin:admin')}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text;
}

/** Rows by SQL. */
export async function query(sql: string): Promise<Record<string, unknown>[]> {
  const text = await parseable('POST', 'query', { query: sql, startTime: '1h', endTime: 'now' });
  const rows: unknown = JSON.parse(text);
  return Array.isArray(rows) ? rows : [];
}

/** A user who may send rows to the dataset and nothing else; returns the password. */
export async function addUser(name: string): Promise<string> {
  await parseable('PUT', `role/${name}`, [{ privilege: 'ingestor', resource: { stream: 'tetragon' } }]);
  return parseable('POST', `user/${name}`, [name]);
}

/** Waits until the dataset has each of the events, by their sequence numbers; returns how many rows came twice. */
export async function waitForEvents(
  first: number,
  events: number,
  limitMs = 90_000,
  dataset = 'tetragon',
): Promise<number> {
  const number = "cast(replace(cluster_name, 'seq-', '') as bigint)";
  const range = `${number} >= ${first} AND ${number} < ${first + events}`;
  const sql = `SELECT count(*) AS n, count(distinct cluster_name) AS d FROM ${dataset} WHERE ${range}`;
  let last = '';
  return eventually(
    `${events} events from ${first} on`,
    async () => {
      const [row] = await query(sql);
      last = JSON.stringify(row);
      if (Number(row?.['d']) === events) return Number(row?.['n']) - events;
      throw new Error(last);
    },
    limitMs,
  );
}

/** The sum of a metric's series on the agent's page. */
export async function metric(name: string): Promise<number> {
  using agent = await Forward.to('tetraship', 'daemonset/tetraship', 9880);
  const page = await (await fetch(`${agent.url}/metrics`)).text();
  const series = page
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return series.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

export const lostBytes = (): Promise<number> => metric('tetraship_lost_bytes_total');

export async function readyz(): Promise<{ status: number; text: string }> {
  using agent = await Forward.to('tetraship', 'daemonset/tetraship', 9880);
  const answer = await fetch(`${agent.url}/readyz`);
  return { status: answer.status, text: await answer.text() };
}

/** The name of the one agent pod that runs. */
export async function agentPod(): Promise<string> {
  const selector = 'app.kubernetes.io/name=tetraship';
  const text = await kubectl(
    `-n tetraship get pods -l ${selector} --field-selector=status.phase=Running -o jsonpath={range.items[?(@.spec.nodeName=="node-1")]}{.metadata.name}{","}{.metadata.deletionTimestamp}{"\\n"}{end}`,
  );
  const [alive] = text.split('\n').filter((line) => line.endsWith(','));
  if (alive === undefined) throw new Error('no agent runs');
  return alive.slice(0, -1);
}

/** A changed annotation makes the kubelet look at the pod, its Secrets and ConfigMaps now instead of within a minute. */
export async function syncNow(): Promise<void> {
  await kubectl(`-n tetraship annotate pod ${await agentPod()} --overwrite test/looked-at=${Date.now()}`);
}
