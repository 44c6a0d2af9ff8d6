import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Client, type ClientOptions, type Wire } from '../../agent/delivery/client.ts';
import { DeliveryStats } from '../../agent/delivery/stats.ts';
import { createProxy, createReceiver, selfSigned } from '../receiver/index.ts';
import { tempFolder } from './fixtures.ts';

function client(
  urls: readonly string[],
  options: Partial<ClientOptions> = {},
): { client: Client; stats: DeliveryStats } {
  const stats = new DeliveryStats();
  const all: ClientOptions = {
    ...{ urls, stream: 'tetragon', concurrency: 2, requestTimeoutMs: 1000 },
    ...{ credentials: () => ({ username: 'admin', password: 'admin' }), ...options },
  };
  return { client: new Client(all, stats), stats };
}

function wire(text: string, rowCount = 1): Wire {
  const bytes = Buffer.from(text);
  return { bytes, encoding: 'none', rowCount, rawLength: bytes.length };
}

const ROW = wire('[{"a":1}]');

async function listen(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  const address: AddressInfo | string | null = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

test.each([
  ['an empty array', wire('[]')],
  ['an array without a row by its count', wire('[{"a":1}]', 0)],
  ['an element that is an array', wire('[[]]')],
  ['nothing at all', wire('')],
  ['nothing, compressed', { ...ROW, encoding: 'zstd' as const, bytes: new Uint8Array(0) }],
  ['an empty array, compressed', { ...ROW, encoding: 'zstd' as const, rawLength: 2 }],
  ['another length than it says', { ...ROW, rawLength: 8 }],
])('%s is never sent', async (_, body) => {
  await using receiver = await createReceiver();
  const { client: one } = client([receiver.url]);
  await expect(one.post(0, body)).rejects.toThrow('cannot send a body without a row');
  expect(receiver.requests).toBe(0);
  await one.destroy();
});

describe('an answer', () => {
  test('is cut: a hostile server cannot fill the memory', async () => {
    await using endless = await listen((_, response) => {
      response.writeHead(400);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(60_000)));
        response.once('drain', more);
      };
      more();
    });
    const { client: one } = client([endless.url]);
    const outcome = await one.post(0, ROW);
    expect(outcome).toMatchObject({ kind: 'answer', status: 400 });
    expect(outcome.kind === 'answer' ? outcome.text.length : 0).toBe(8192);
    await one.destroy();
  });

  test('that trickles in is over at the time-out', async () => {
    await using slow = await listen((_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 20);
      response.once('close', () => clearInterval(timer));
    });
    const { client: one, stats } = client([slow.url], { requestTimeoutMs: 150 });
    expect(await one.post(0, ROW)).toMatchObject({ kind: 'fault', code: 'TIMEOUT' });
    expect([...stats.requests]).toEqual([['TIMEOUT', 1]]);
    expect(stats.durationCounts.reduce((a, b) => a + b)).toBe(1);
    await one.destroy();
  });

  test('carries the wish of the server', async () => {
    await using busy = await listen((_, response) =>
      response.writeHead(429, { 'retry-after': '7' }).end('later'),
    );
    const { client: one } = client([busy.url]);
    expect(await one.post(0, ROW)).toEqual({
      kind: 'answer',
      status: 429,
      text: 'later',
      retryAfterMs: 7000,
    });
    await one.destroy();
  });
});

test('user and password go in UTF-8, a path before the API is kept', async () => {
  const seen: (string | undefined)[] = [];
  await using echo = await listen((request, response) => {
    seen.push(request.url, request.headers.authorization, request.headers['user-agent']);
    response.end();
  });
  const { client: one } = client([`${echo.url}/logs/`], {
    userAgent: 'tetraship/1.2.3',
    credentials: () => ({ username: 'admin', password: 'pä:ss' }),
  });
  await one.post(0, ROW);
  await one.get(0, '/api/v1/readiness');
  const authorization = `Basic ${Buffer.from('admin:pä:ss').toString('base64')}`;
  expect(seen).toEqual([
    ...['/logs/api/v1/ingest', authorization, 'tetraship/1.2.3'],
    ...['/logs/api/v1/readiness', authorization, 'tetraship/1.2.3'],
  ]);
  expect(one.address(0)).toBe(`${echo.url}/logs`);
  await one.destroy();
});

test('the address never shows a password', () => {
  expect(client(['https://user:secret@host:8000/x/']).client.address(0)).toBe('https://host:8000/x');
});

test('through a proxy, but not to the hosts that need none', async () => {
  await using receiver = await createReceiver();
  await using proxy = await createProxy();
  const through = client([receiver.url], { proxy: { http: proxy.url } });
  expect(await through.client.post(0, ROW)).toMatchObject({ status: 200 });
  expect(proxy.asked).toEqual([new URL(receiver.url).host]);
  const past = client([receiver.url], { proxy: { http: proxy.url, none: '127.0.0.1' } });
  expect(await past.client.post(0, ROW)).toMatchObject({ status: 200 });
  expect(proxy.asked).toEqual([new URL(receiver.url).host]);
  expect(receiver.rowCount).toBe(2);
  await Promise.all([through.client.destroy(), past.client.destroy()]);
});

test('TLS: a private authority, a client certificate, and the check that can be skipped', async ({
  skip,
}) => {
  using temp = tempFolder();
  const pem = selfSigned(temp.folder, 'tetraship-test');
  if (pem === undefined) return skip('openssl is not here to make a certificate');
  await using receiver = await createReceiver({
    tls: { ...pem, ca: pem.cert, requestCert: true, rejectUnauthorized: true },
  });
  const outcome = async (tls: NonNullable<ClientOptions['tls']>) => {
    const { client: one } = client([receiver.url], { tls });
    const got = await one.post(0, ROW);
    await one.destroy();
    return got.kind === 'answer' ? got.status : got.code;
  };
  expect(await outcome({ ca: pem.cert, ...pem })).toBe(200);
  expect(await outcome({ skipCheck: true, ...pem })).toBe(200);
  expect(await outcome(pem)).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY/);
  expect(await outcome({ ca: pem.cert })).not.toBe(200);
});
