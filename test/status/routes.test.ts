import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OpsServer } from '../../agent/ops/server.ts';
import { type RouteOptions, Routes } from '../../agent/status/routes.ts';
import { MAX_WATCHERS } from '../../agent/status/watchers.ts';
import { parts } from './support.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
let server: OpsServer;
let routes: Routes;
let node = 'node-1';
const broken = { is: false };

const options = (): RouteOptions => ({
  ...parts(),
  get node() {
    if (broken.is) throw new Error('broken');
    return node;
  },
  logLines: () => ['{"message":"one"}\n', '{"message":"two"}\n'],
  token: () => 'a-long-token',
  watch: () => undefined,
});

beforeEach(async () => {
  node = 'node-1';
  routes = new Routes(options());
  server = new OpsServer({
    ...{ host: '127.0.0.1', port: 0, log: silent },
    metrics: { contentType: 'text/plain', render: async () => 'x 1\n' },
    readiness: () => ({ ready: true, degraded: [], reasons: [] }),
    others: (path, request, response) => routes.answer(path, request, response),
  });
  await server.start();
});
afterEach(async () => {
  routes.stop();
  await server.stop();
});

/** With headers that fetch does not let a caller set. */
function get(path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    httpRequest(server.url + path, { headers }, resolve)
      .on('error', reject)
      .end();
  });
}

async function frames(response: IncomingMessage, count: number): Promise<Record<string, string>[]> {
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    const found = [...text.matchAll(/event: parts\ndata: (.*)\n\n/g)].map(([, data]) =>
      JSON.parse(data ?? ''),
    );
    if (found.length >= count) {
      response.destroy();
      return found;
    }
  }
  throw new Error(`ended after ${text}`);
}

test('the page is HTML with a policy that runs only its own script', async () => {
  const response = await fetch(`${server.url}/`);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(policy).toMatch(
    /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self'/,
  );
  expect(policy).not.toContain('unsafe');
  const page = await response.text();
  expect(page).not.toMatch(/\son[a-z]+=|\sstyle=|https?:\/\/(?!parseable|www\.w3\.org)/);
  expect(page.length).toBeLessThan(64 * 1024);
});

test('status.json is one line of the same', async () => {
  const status = await (await fetch(`${server.url}/status.json`)).json();
  expect(status).toMatchObject({ format: 1, version: '1.2.3', node: 'node-1', health: 'ok' });
});

test('events: first every section, then what has changed', async () => {
  const response = await get('/events');
  expect(response.headers['content-type']).toBe('text/event-stream');
  const waiting = frames(response, 2);
  setTimeout(() => {
    node = 'node-<2>';
  }, 1200);
  const [first, second] = await waiting;
  expect(Object.keys(first ?? {})).toEqual([
    'headline',
    'flow',
    'rates',
    'problems',
    'rules',
    'files',
    'facts',
  ]);
  expect(Object.keys(second ?? {})).toEqual(['facts']);
  expect(second?.['facts']).toContain('node-&lt;2&gt;');
});

test('a page that cannot be made ends the watching, not the agent', async () => {
  const response = await get('/events');
  broken.is = true;
  await new Promise<void>((resolve) =>
    response
      .on('close', resolve)
      .on('error', () => undefined)
      .resume(),
  );
  broken.is = false;
  expect((await fetch(`${server.url}/status.json`)).status).toBe(200);
});

test('more pages than it serves are told to come back, and a place becomes free', async () => {
  const open = await Promise.all(Array.from({ length: MAX_WATCHERS }, () => get('/events')));
  const more = await get('/events');
  expect([more.statusCode, more.headers['retry-after']]).toEqual([503, '10']);
  more.resume();
  open[0]?.destroy();
  for (let tries = 0; ; tries++) {
    const again = await get('/events');
    again.destroy();
    if (again.statusCode === 200) break;
    expect(tries).toBeLessThan(100);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (const response of open) response.destroy();
});

test('a client that takes nothing holds no frames in memory', async () => {
  node = 'x'.repeat(200_000); // frames that no socket buffer holds many of
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.pause();
  socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const other = await get('/events');
  await frames(other, 1);
  let buffered = 0;
  for (let i = 0; i < 200; i++) {
    node = `${i}${'x'.repeat(200_000)}`;
    routes.frame();
    buffered = Math.max(buffered, routes.bufferedBytes);
  }
  expect(buffered).toBeGreaterThan(0);
  expect(buffered).toBeLessThan(4_000_000);
  socket.destroy();
});

describe('who may ask', () => {
  const status = async (path: string, headers: Record<string, string>) => {
    const response = await get(path, headers);
    response.resume();
    return response.statusCode;
  };
  test.each<[string, Record<string, string>, number]>([
    ['/', {}, 200],
    ['/', { host: 'localhost:9880' }, 200],
    ['/', { host: '[::1]:9880' }, 200],
    ['/', { host: 'attacker.example' }, 421],
    ['/status.json', { host: 'attacker.example:80' }, 421],
    ['/status.json', { host: 'localhost.attacker.example' }, 421],
    ['/status.json', { 'sec-fetch-site': 'cross-site' }, 403],
    ['/status.json', { 'sec-fetch-site': 'same-site' }, 403],
    ['/status.json', { 'sec-fetch-site': 'same-origin' }, 200],
    ['/status.json', { origin: 'http://attacker.example' }, 403],
    ['/events', { origin: 'null' }, 403],
    ['/log', {}, 200],
    ['/log', { host: 'attacker.example' }, 421],
    // A sidecar's proxy asks from loopback for others.
    ['/log', { host: '10.0.0.5:9880' }, 403],
    ['/log', { host: 'localhost', 'x-forwarded-for': '10.0.0.9' }, 403],
    ['/tap', { host: '10.0.0.5:9880' }, 403],
    ['/log', { host: '10.0.0.5:9880', authorization: 'Bearer a-long-token' }, 200],
    ['/metrics', { host: 'tetraship.monitoring.svc:9880' }, 200],
    ['/readyz', { host: 'anything' }, 200],
  ])('%s with %j: %i', async (path, headers, want) => expect(await status(path, headers)).toBe(want));

  test('the log from elsewhere needs the token', async () => {
    const { bearsToken, isLoopback } = await import('../../agent/ops/peer.ts');
    const from = (remoteAddress: string, authorization?: string) =>
      Object.assign(Object.create(null), { socket: { remoteAddress }, headers: { authorization } });
    for (const address of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])
      expect(isLoopback(from(address))).toBe(true);
    for (const address of ['10.0.0.1', '::ffff:10.0.0.1', '1127.0.0.1', 'fe80::1'])
      expect(isLoopback(from(address))).toBe(false);
    const bears = (authorization?: string, token: string | undefined = 'a-long-token') =>
      bearsToken(from('10.0.0.1', authorization), token);
    expect(bears('Bearer a-long-token')).toBe(true);
    expect(bears('Bearer a-long-tokeN')).toBe(false);
    expect(bears('Bearer a-long-token2')).toBe(false);
    expect(bears('Basic a-long-token')).toBe(false);
    expect(bears(undefined)).toBe(false);
    expect(bearsToken(from('10.0.0.1', 'Bearer undefined'), undefined)).toBe(false);
  });
});
