import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Logger } from '../../agent/log.ts';
import type { ReadinessReport } from '../../agent/ops/readiness.ts';
import { OpsServer, type OpsServerOptions } from '../../agent/ops/server.ts';

const lines: string[] = [];
const at = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
const log: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };

let readiness: ReadinessReport;
let render: () => Promise<string>;
let server: OpsServer;

function makeServer(changes: Partial<OpsServerOptions> = {}): OpsServer {
  return new OpsServer({
    host: '127.0.0.1',
    port: 0,
    metrics: { contentType: 'text/plain; version=0.0.4; charset=utf-8', render: () => render() },
    readiness: () => readiness,
    log,
    ...changes,
  });
}

beforeEach(async () => {
  lines.length = 0;
  readiness = { ready: true, degraded: [], reasons: [] };
  render = () => Promise.resolve('x 1\n');
  server = makeServer();
  await server.start();
});
afterEach(() => server.stop());

/** Sends bytes as they are and gives all that comes back until the other side ends. */
function exchange(request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket: Socket = connect(Number(new URL(server.url).port), '127.0.0.1', () =>
      socket.write(request),
    );
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

test('says where it listens', () => {
  expect(lines).toEqual([`info listening on ${server.url}`]);
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test.each([
  ['/', 404, 'not found\n'],
  ['/healthz', 200, 'ok\n'],
  ['/readyz', 200, 'ready\n'],
  ['/metrics', 200, 'x 1\n'],
  ['/metrics?name[]=x', 200, 'x 1\n'],
  ['/metrics/', 404, 'not found\n'],
  ['/nothing', 404, 'not found\n'],
  ['//', 404, 'not found\n'],
  ['/%2e%2e/etc/passwd', 404, 'not found\n'],
])('GET %s', async (path, status, body) => {
  const response = await fetch(server.url + path);
  expect(response.status).toBe(status);
  expect((await response.text()).startsWith(body)).toBe(true);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
});

test('the content type of metrics is the format of Prometheus', async () => {
  const response = await fetch(`${server.url}/metrics`);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
});

test('HEAD has the headers and no body', async () => {
  const response = await fetch(`${server.url}/metrics`, { method: 'HEAD' });
  expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([
    200,
    '4',
    '',
  ]);
});

test('readiness', async () => {
  readiness = { ready: true, degraded: ['the server cannot be reached', 'odd \u001b[2J\nname'], reasons: [] };
  const degraded = await fetch(`${server.url}/readyz`);
  expect([degraded.status, await degraded.text()]).toEqual([
    200,
    'ready, degraded\ndegraded: the server cannot be reached\ndegraded: odd \\u001b[2J\\u000aname\n',
  ]);
  readiness = { ready: false, degraded: [], reasons: ['no log folder can be read'] };
  const not = await fetch(`${server.url}/readyz`);
  expect([not.status, await not.text()]).toEqual([503, 'not ready\nreason: no log folder can be read\n']);
});

test('however often metrics are asked for, they take at most a fifth of the thread', async () => {
  let renders = 0;
  render = async () => {
    renders++;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return `x ${renders}\n`;
  };
  const texts = new Set<string>();
  for (let i = 0; i < 10; i++) texts.add(await (await fetch(`${server.url}/metrics`)).text());
  expect(renders).toBeLessThanOrEqual(2);
  expect(texts.has('x 1\n')).toBe(true);
});

test('a fault of one answer is an answer, a log line, and not the end', async () => {
  render = () => Promise.reject(new Error('broken'));
  const response = await fetch(`${server.url}/metrics`);
  expect([response.status, await response.text()]).toEqual([500, 'internal fault; see the log\n']);
  expect(lines.at(-1)).toBe('error cannot answer a request for /metrics: broken');
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});

describe('refuses', () => {
  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('%s', async (method) => {
    const response = await fetch(`${server.url}/metrics`, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(response.headers.get('connection')).toBe('close');
  });
  test('a body, and does not read it', async () => {
    const answer = await exchange('GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(await exchange('GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 /,
    );
  });
  test('headers without end', async () => {
    expect(await exchange(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });
  test('what is not HTTP', async () => {
    expect(await exchange('hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });
  test('a request without a host', async () => {
    expect(await exchange('GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });
});

test('holds at most 32 connections of one address, and serves again when one ends', async () => {
  const port = Number(new URL(server.url).port);
  const dropped: Promise<boolean>[] = [];
  const sockets = await Promise.all(
    Array.from(
      { length: 48 },
      () =>
        new Promise<Socket>((resolve) => {
          const socket = connect(port, '127.0.0.1', () => resolve(socket));
          socket.on('error', () => undefined);
          dropped.push(new Promise((ended) => socket.on('close', () => ended(true))));
        }),
    ),
  );
  let count = 0;
  await new Promise<void>((resolve) => {
    for (const drop of dropped) void drop.then(() => ++count === 16 && resolve());
  });
  for (const socket of sockets) socket.destroy();
  await Promise.all(dropped);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});

test('stops at once, also while a client holds a connection', async () => {
  const port = Number(new URL(server.url).port);
  const socket = connect(port, '127.0.0.1');
  const closed = new Promise((resolve) => socket.on('close', resolve).on('error', () => undefined));
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n');
  await fetch(`${server.url}/healthz`);
  await server.stop();
  await closed;
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  await server.stop();
});

describe('an address that cannot be bound', () => {
  test('in use', async () => {
    const other = createTcpServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const bound = other.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    await expect(makeServer({ port }).start()).rejects.toMatchObject({
      code: 'LISTEN',
      exitCode: 1,
      message: `cannot listen on 127.0.0.1:${port}: the port is in use; is another agent running here? Nothing was read or sent. Set TETRASHIP_LISTEN to another address.`,
    });
    other.close();
  });
  test('not of this machine', async () => {
    await expect(makeServer({ host: '192.0.2.1' }).start()).rejects.toThrow('no such address');
  });
});
