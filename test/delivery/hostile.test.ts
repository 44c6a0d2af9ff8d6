/** A server that means harm: whatever it answers costs bounded memory and time, and no other host sees a secret. */

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Client, type Wire } from '../../agent/delivery/client.ts';
import { decide, type Outcome } from '../../agent/delivery/retry.ts';
import { DeliveryStats } from '../../agent/delivery/stats.ts';
import { acceptAll, batches, rig } from './fixtures.ts';

const REQUEST_TIMEOUT_MS = 400;
/** What one answer may cost beside what is there anyway; a flood at full speed brings gigabytes in this time. */
const MEMORY_LIMIT_BYTES = 96 * 1024 * 1024;
const MiB = 1024 * 1024;

interface Hostile extends AsyncDisposable {
  readonly url: string;
  /** What was sent to it. */
  readonly heard: () => string;
  readonly connections: () => number;
}

/** A server that speaks as it likes once the head of a request has come. */
async function hostile(speak: (socket: Socket, head: string) => void): Promise<Hostile> {
  const sockets = new Set<Socket>();
  let heard = '';
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    let head = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      const before = head;
      head += chunk.toString('latin1');
      heard += chunk.toString('latin1');
      if (!before.includes('\r\n\r\n') && head.includes('\r\n\r\n')) speak(socket, head);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    heard: () => heard,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Repeats a piece as fast as the connection takes it, until that is gone. */
function flood(socket: Socket, piece: string): void {
  const bytes = Buffer.from(piece.repeat(Math.ceil(65_536 / piece.length)));
  const more = (): void => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on('drain', more);
  more();
}

function drip(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer);
    else socket.write(text[at++ % text.length] ?? '');
  }, 20);
}

const raw = Buffer.from('[{"cluster_name":"seq-1"}]');
const WIRE: Wire = { bytes: raw, encoding: 'none', rowCount: 1, rawLength: raw.length };

async function ask(url: string, send: (client: Client) => Promise<Outcome>): Promise<Outcome> {
  const client = new Client(
    {
      ...{ urls: [url], stream: 's', concurrency: 1, requestTimeoutMs: REQUEST_TIMEOUT_MS },
      credentials: () => ({ username: 'admin', password: 'secret' }),
    },
    new DeliveryStats(),
  );
  const before = process.memoryUsage().rss;
  const startMs = performance.now();
  const outcome = await send(client);
  // Time for a loaded machine; the point is that it ends.
  expect(performance.now() - startMs).toBeLessThan(REQUEST_TIMEOUT_MS + 5000);
  expect(process.memoryUsage().rss - before).toBeLessThan(MEMORY_LIMIT_BYTES);
  await client.destroy();
  return outcome;
}

const ok = 'HTTP/1.1 200 OK\r\n';
const cases: Readonly<Record<string, (socket: Socket) => void>> = {
  'a body without end': (socket) => {
    socket.write(`${ok}content-length: 99999999999\r\n\r\n`);
    flood(socket, 'x'.repeat(1024));
  },
  'chunks without end': (socket) => {
    socket.write(`${ok}transfer-encoding: chunked\r\n\r\n`);
    flood(socket, '400\r\n'.concat('x'.repeat(1024), '\r\n'));
  },
  'a chunk extension without end': (socket) => {
    socket.write(`${ok}transfer-encoding: chunked\r\n\r\n4;`);
    flood(socket, 'a=b;');
  },
  'trailers without end': (socket) => {
    socket.write(`${ok}transfer-encoding: chunked\r\n\r\n0\r\n`);
    flood(socket, 'a: b\r\n');
  },
  'headers without end': (socket) => {
    socket.write(ok);
    flood(socket, 'a: b\r\n');
  },
  'one header without end': (socket) => {
    socket.write(`${ok}a: `);
    flood(socket, 'b');
  },
  'headers of 1 MiB': (socket) => socket.end(`${ok}a: ${'b'.repeat(MiB)}\r\n\r\n`),
  'headers that trickle': (socket) => drip(socket, `${ok}a: b\r\n`),
  'a body that trickles': (socket) => {
    socket.write(`${ok}content-length: 100000\r\n\r\n`);
    drip(socket, ' ');
  },
  'interim answers without end': (socket) => flood(socket, 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'),
  'an interim answer that nobody asked for': (socket) => flood(socket, 'HTTP/1.1 100 Continue\r\n\r\n'),
  'another protocol': (socket) =>
    socket.end('HTTP/1.1 101 Switching\r\nupgrade: h2\r\nconnection: upgrade\r\n\r\n'),
  'garbage without end': (socket) => flood(socket, '\u0000\u0016\u0003\u0001'),
  'a length that is too long': (socket) => socket.end(`${ok}content-length: 10\r\n\r\nx`),
  'a length that is no number': (socket) => socket.end(`${ok}content-length: -1\r\n\r\n`),
  'two lengths': (socket) => socket.end(`${ok}content-length: 0\r\ncontent-length: 5\r\n\r\n12345`),
  'a length and chunks': (socket) =>
    socket.end(`${ok}content-length: 0\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n`),
  'an answer in pieces that contradict': (socket) => socket.end(`${ok}\r\n`.concat(ok, '\r\n')),
};

describe('an answer that costs no more than any other', () => {
  test.each(Object.entries(cases))('%s', async (_, speak) => {
    await using server = await hostile(speak);
    for (const send of [
      (client: Client) => client.post(0, WIRE),
      (client: Client) => client.get(0, '/api/v1/readiness'),
    ]) {
      const outcome = await ask(server.url, send);
      // Kept, or shown in a log: bounded.
      const text = outcome.kind === 'answer' ? outcome.text : outcome.message;
      expect(text.length).toBeLessThanOrEqual(4 * MiB);
    }
  });

  test('what is compressed stays so: a bomb is its few bytes', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * MiB)).toString('latin1');
    await using server = await hostile((socket) => {
      socket.write(`${ok}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.end(bomb, 'latin1');
    });
    const outcome = await ask(server.url, (client) => client.post(0, WIRE));
    expect(outcome).toMatchObject({ kind: 'answer', status: 200 });
    expect(decide(outcome, 'none', true).action).toBe('held');
  });

  test('none of them is taken for an acknowledgement of what it does not say', async () => {
    for (const name of [
      'a length that is too long',
      'a length and chunks',
      'two lengths',
      'another protocol',
    ]) {
      await using server = await hostile(cases[name] ?? (() => undefined));
      const outcome = await ask(server.url, (client) => client.post(0, WIRE));
      expect(decide(outcome, 'none', true).action, name).not.toBe('done');
    }
  });
});

test.each([301, 302, 303, 307, 308])(
  'a redirect (%d) is not followed: no other host sees a byte',
  async (status) => {
    await using other = await hostile((socket) => socket.end(`${ok}content-length: 0\r\n\r\n`));
    await using server = await hostile((socket) =>
      socket.end(
        `HTTP/1.1 ${status} Moved\r\nlocation: ${other.url}/api/v1/ingest\r\ncontent-length: 0\r\n\r\n`,
      ),
    );
    for (const send of [
      (client: Client) => client.post(0, WIRE),
      (client: Client) => client.get(0, '/api/v1/logstream/s/schema'),
    ]) {
      const outcome = await ask(server.url, send);
      expect(decide(outcome, 'none', true).action).toBe('held');
    }
    expect(server.heard()).toContain(`authorization: Basic ${btoa('admin:secret')}`);
    expect(other.connections()).toBe(0);
  },
);

test('an agent whose server floods it keeps its rows, says so once, and sends them to one that does not', async () => {
  let isHostile = true;
  let stored = 0;
  await using server = await hostile((socket, head) => {
    if (isHostile) return flood(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n');
    if (head.startsWith('POST /api/v1/ingest')) stored++;
    socket.end(`${ok}content-length: 0\r\nconnection: close\r\n\r\n`);
  });
  const { delivery, log, letters, allSettled } = rig([server.url], { requestTimeoutMs: 100, concurrency: 1 });
  await acceptAll(delivery, batches(3, 5));
  await expect.poll(() => delivery.state).toBe('waiting');
  await expect.poll(() => delivery.stats.retries).toBeGreaterThan(3);
  isHostile = false;
  await allSettled(3);
  expect(stored).toBeGreaterThanOrEqual(3);
  expect(letters.all).toEqual([]);
  expect(log.of('warn')).toHaveLength(1);
  await delivery.stop(0);
}, 20_000);
