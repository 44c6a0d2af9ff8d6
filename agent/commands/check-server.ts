/** The server: name, port, TLS, credentials, dataset, version and its limits, and whether the clocks agree. */

import type { Config } from '../config.ts';
import { Client } from '../delivery/client.ts';
import { describe, type Outcome } from '../delivery/retry.ts';
import { DeliveryStats } from '../delivery/stats.ts';
import { MAX_BODY_BYTES } from '../limits.ts';
import { deliveryOptions } from '../pipeline-options.ts';
import { bytes, count, duration } from '../status/format.ts';
import { connectionAdvice } from './connection-advice.ts';
import { type Finding, fail, failed, ok, warn } from './finding.ts';

const TIMEOUT_MS = 10_000;
/** Above it, times of events and of their arrival cannot be compared by eye. */
const MUCH_SKEW_MS = 5000;
/** The server refuses everything for a dataset above this. */
const MAX_SERVER_COLUMNS = 1000;

export async function checkServer(config: Config): Promise<Finding[]> {
  let client: Client;
  try {
    const requestTimeoutMs = Math.min(TIMEOUT_MS, config.requestTimeoutMs);
    client = new Client({ ...deliveryOptions(config), requestTimeoutMs }, new DeliveryStats());
  } catch (error) {
    return [failed('server', error)];
  }
  const found: Finding[] = [];
  for (const route of config.urls.keys()) found.push(...(await checkRoute(config, client, route)));
  await client.destroy();
  return found;
}

async function checkRoute(config: Config, client: Client, route: number): Promise<Finding[]> {
  const url = client.address(route);
  const live = await client.get(route, '/api/v1/liveness');
  if (live.kind === 'fault')
    return [
      fail(
        'server',
        `${url} cannot be reached: ${describe(live)}`,
        connectionAdvice(url, live.code, live.message, 'PARSEABLE_'),
      ),
    ];
  if (live.status !== 200)
    return [
      fail(
        'server',
        `what answers at ${url} is no Parseable: ${describe(live)} to /api/v1/liveness`,
        'check PARSEABLE_URL: host, port, and the path when the server stands behind a prefix',
      ),
    ];
  const found = [
    ok('server', `${url} answers${url.startsWith('https:') ? ', and its certificate is good' : ''}`),
  ];
  found.push(...skew(client.date));
  const about = await client.get(route, '/api/v1/about');
  const refusal = refused(config, url, about);
  if (refusal !== undefined) return [...found, await maySend(config, client, route, refusal)];
  found.push(version(config, about));
  const path = `/api/v1/logstream/${encodeURIComponent(config.stream)}/schema`;
  const schema = await client.get(route, path);
  const hidden = refused(config, url, schema);
  found.push(hidden === undefined ? dataset(config, schema) : await maySend(config, client, route, hidden));
  return found;
}

/** A user may have the right to send and no other. */
async function maySend(
  { stream }: Config,
  client: Client,
  route: number,
  refusal: Finding,
): Promise<Finding> {
  const knock = await client.knock(route);
  if (knock.kind !== 'answer' || knock.status !== 400) return refusal;
  return warn(
    'server',
    `the user may send rows and not read the columns of the dataset ${stream}: those that other nodes bring are not counted`,
    'give the user the privilege writer instead of ingestor',
  );
}

function refused(config: Config, url: string, outcome: Outcome): Finding | undefined {
  if (outcome.kind !== 'answer' || (outcome.status !== 401 && outcome.status !== 403)) return undefined;
  const { apiKey, username } = config;
  const with_ =
    apiKey !== undefined
      ? 'PARSEABLE_API_KEY'
      : username !== undefined
        ? 'PARSEABLE_USERNAME and PARSEABLE_PASSWORD'
        : undefined;
  return with_ === undefined
    ? fail(
        'server',
        `${url} wants credentials, and none are set (status ${outcome.status})`,
        'set PARSEABLE_USERNAME and PARSEABLE_PASSWORD, or PARSEABLE_API_KEY, or their _FILE forms',
      )
    : fail(
        'server',
        `${url} refuses the credentials (status ${outcome.status})`,
        `correct ${with_}; the user needs the right to write to the dataset ${config.stream}`,
      );
}

function version({ batchBytes }: Config, outcome: Outcome): Finding {
  const text = outcome.kind === 'answer' && outcome.status === 200 ? versionOf(outcome.text) : undefined;
  if (text === undefined)
    return warn(
      'server',
      `the server does not say its version: ${describe(outcome)}`,
      'is it Parseable, and not a proxy in front of it?',
    );
  return ok(
    'server',
    `Parseable ${text}; it takes bodies of up to ${bytes(MAX_BODY_BYTES)} unless set lower, batches here have ${bytes(batchBytes)}`,
  );
}

function versionOf(text: string): string | undefined {
  const page = parsed(text);
  return typeof page === 'object' && page !== null && 'version' in page ? String(page.version) : undefined;
}

function dataset({ stream, maxColumns }: Config, outcome: Outcome): Finding {
  if (outcome.kind === 'fault')
    return fail(
      'server',
      `cannot read the columns of the dataset ${stream}: ${describe(outcome)}`,
      'try again',
    );
  if (outcome.status === 404)
    return ok('server', `the dataset ${stream} is not there yet: the first batch makes it`);
  const columns = outcome.status === 200 ? columnsOf(outcome.text) : undefined;
  if (columns === undefined)
    return warn(
      'server',
      `cannot read the columns of the dataset ${stream}: ${describe(outcome)}`,
      'the server may be of a version that this agent does not know',
    );
  const text = `the dataset ${stream} has ${count(columns)} of at most ${count(MAX_SERVER_COLUMNS)} columns`;
  if (columns > MAX_SERVER_COLUMNS)
    return fail(
      'server',
      `${text}: the server refuses everything for it`,
      'set PARSEABLE_STREAM to another dataset',
    );
  if (columns >= maxColumns)
    return warn(
      'server',
      text,
      'further names go into the column "overflow"; put the parents of names that are data into TETRASHIP_JSON_COLUMNS',
    );
  return ok('server', text);
}

function columnsOf(text: string): number | undefined {
  const page = parsed(text);
  if (typeof page !== 'object' || page === null || !('fields' in page)) return undefined;
  return Array.isArray(page.fields) ? page.fields.length : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function skew(date: string | undefined): Finding[] {
  const serverMs = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(serverMs)) return [];
  const behindMs = serverMs - Date.now();
  if (Math.abs(behindMs) <= MUCH_SKEW_MS) return [ok('server', 'its clock and this one agree')];
  return [
    warn(
      'server',
      `this clock is ${duration(Math.abs(behindMs) / 1000)} ${behindMs > 0 ? 'behind' : 'ahead of'} the server's`,
      'set both by NTP: lag, and the time of arrival in p_timestamp, are wrong by as much',
    ),
  ];
}
