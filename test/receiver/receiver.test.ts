import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createReceiver, type Receiver, type ReceiverOptions, schedule } from './index.ts';

/** Far longer than anything here takes. */
const PATIENCE_MS = 5000;
const BASIC = `Basic ${Buffer.from('admin:admin').toString('base64')}`;
const GOOD = { authorization: BASIC, 'x-p-stream': 'tetra', 'content-type': 'application/json' };

let receiver: Receiver;
const opened: Receiver[] = [];

async function open(options: ReceiverOptions): Promise<Receiver> {
  receiver = await createReceiver(options);
  opened.push(receiver);
  return receiver;
}

beforeEach(async () => {
  await open({});
});

afterEach(async () => {
  for (const each of opened.splice(0)) await each.stop();
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One request on its own connection; a lost connection gives its error code instead of an answer. */
function send(
  body: string | Uint8Array,
  headers: Record<string, string> = GOOD,
  path = '/api/v1/ingest',
  method = 'POST',
): Promise<Answer | string> {
  return new Promise((resolve) => {
    const request = httpRequest(`${receiver.url}${path}`, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    });
    request.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    request.end(body);
  });
}

function get(
  path: string,
  headers: Record<string, string> = { authorization: BASIC },
): Promise<Answer | string> {
  return send('', headers, path, 'GET');
}

function without(name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(GOOD).filter(([key]) => key !== name));
}

describe('ingest', () => {
  async function check(body: string | Uint8Array, want: number, words: RegExp): Promise<void> {
    const answer = await send(body);
    expect(answer, String(body).slice(0, 80)).toEqual({ status: want, text: expect.stringMatching(words) });
  }

  test('bodies', async () => {
    await check('[{"a":1}]', 200, /^$/);
    await check('{"a":1}', 200, /^$/);
    await check('[{}]', 200, /^$/);
    await check('[{"a":null}]', 200, /^$/);
    expect(receiver.rowCount).toBe(4);
    await check('', 400, /^Json deserialize error: EOF/);
    await check('[{"a":1,"a":2}]', 400, /^Json deserialize error: duplicate/);
    await check('[{"a":"\\ud800"}]', 400, /^Json deserialize error/);
    await check('[{"a":1e400}]', 400, /^Json deserialize error/);
    await check(Buffer.from('[{"a":"\xff"}]', 'latin1'), 400, /^Json deserialize error/);
    await check('[{"a":1},5]', 400, /^Expected object in array of objects$/);
    await check('[{"a":1},null]', 400, /^Expected object in array of objects$/);
    await check('[[{"a":1}]]', 400, /^Expected object in array of objects$/);
    await check('"x"', 400, /^Expected object/);
    for (const name of ['p_timestamp', 'p_user_agent', 'p_src_ip', 'p_format']) {
      await check(`[{"a":1},{"${name}":1}]`, 400, new RegExp(`^field ${name} is a reserved field$`));
    }
    expect(receiver.rowCount).toBe(4);
    expect(receiver.statuses).toEqual({ 200: 4, 400: 13 });
    expect(receiver.violations).toEqual([]);
  });

  test('headers', async () => {
    const table: [Record<string, string>, number, RegExp][] = [
      [GOOD, 200, /^$/],
      [{ ...GOOD, 'content-type': 'application/json; charset=utf-8' }, 200, /^$/],
      [{ ...GOOD, 'x-p-log-source': 'json' }, 200, /^$/],
      [without('authorization'), 403, /./],
      [{ ...GOOD, authorization: BASIC.slice(0, -4) }, 403, /./],
      [{ ...GOOD, 'x-api-key': 'k' }, 403, /./],
      [without('x-p-stream'), 400, /X-P-Stream/],
      [{ ...GOOD, 'x-p-stream': 'two words' }, 400, /white space/],
      [without('content-type'), 400, /^Content type error$/],
      [{ ...GOOD, 'content-type': 'text/plain' }, 400, /^Content type error$/],
      [{ ...GOOD, 'x-p-log-source': 'tetragon' }, 400, /log source/],
    ];
    for (const [headers, status, words] of table) {
      expect(await send('[{"a":1}]', headers), JSON.stringify(headers)).toEqual({
        status,
        text: expect.stringMatching(words),
      });
    }
    expect(receiver.rowCount).toBe(3);
  });

  test('an api key, and a server that answers 401', async () => {
    await open({ apiKey: 'secret', unauthorizedStatus: 401 });
    const keyed = { ...without('authorization'), 'x-api-key': 'secret' };
    expect(await send('{}', keyed)).toMatchObject({ status: 200 });
    expect(await send('{}', { ...keyed, 'x-api-key': 'wrong' })).toMatchObject({ status: 401 });
    expect(await send('{}', without('authorization'))).toMatchObject({ status: 401 });
    expect(receiver.violations).toEqual([]);
    expect(await send('{}', { ...GOOD, 'x-api-key': 'secret' })).toMatchObject({ status: 200 });
    expect(receiver.violations).toHaveLength(1);
  });

  test('tags become columns, ten with the server’s own two, cut at 100 characters', async () => {
    const tags: Record<string, string> = { 'X-P-Cluster': 'é'.repeat(0) + 'x'.repeat(150) };
    for (let i = 1; i < 9; i++) tags[`x-p-t${i}`] = `v${i}`;
    await send('[{"a":1}]', { ...GOOD, ...tags });
    const row = receiver.rows[0];
    expect(Object.keys(row ?? {})).toEqual(['a', 'cluster', 't1', 't2', 't3', 't4', 't5', 't6', 't7']);
    expect(row).toMatchObject({ cluster: 'x'.repeat(100), t7: 'v7' });
    expect(receiver.violations).toEqual(['1 tags were ignored: too many X-P- headers']);
  });

  test('encodings', async () => {
    const body = Buffer.from('[{"a":"compressed"}]');
    const table: [string, Buffer, number][] = [
      ['gzip', gzipSync(body), 200],
      ['br', brotliCompressSync(body), 200],
      ['zstd', zstdCompressSync(body), 200],
      ['unheard-of', body, 200],
      ['unheard-of', gzipSync(body), 400],
      ['gzip', body, 400],
      ['zstd', zstdCompressSync(body).subarray(0, 12), 400],
    ];
    for (const [encoding, bytes, status] of table) {
      expect(await send(bytes, { ...GOOD, 'content-encoding': encoding }), encoding).toMatchObject({
        status,
      });
    }
    expect(receiver.rows).toEqual(Array.from({ length: 4 }, () => ({ a: 'compressed' })));
  });

  test('the limit is one of decompressed bytes; an uncompressed body over it is cut off', async () => {
    await open({ maxBodyBytes: 1000 });
    const bodyOf = (length: number) => `[{"a":"${'x'.repeat(length - 10)}"}]`;
    expect(await send(bodyOf(1000))).toMatchObject({ status: 200 });
    expect(await send(bodyOf(1001))).toMatch(/ECONNRESET|EPIPE/);
    for (const [encoding, pack] of [
      ['gzip', gzipSync],
      ['br', brotliCompressSync],
      ['zstd', zstdCompressSync],
    ] as const) {
      const headers = { ...GOOD, 'content-encoding': encoding };
      expect(await send(pack(Buffer.from(bodyOf(1000))), headers)).toMatchObject({ status: 200 });
      expect(await send(pack(Buffer.from(bodyOf(1001))), headers)).toEqual({
        status: 413,
        text: 'JSON payload has exceeded limit',
      });
    }
    expect(receiver.rowCount).toBe(4);
  });

  test('the default limit is 10,485,760 bytes', async () => {
    const bodyOf = (length: number) => gzipSync(Buffer.from(`[{"a":"${'x'.repeat(length - 10)}"}]`));
    const headers = { ...GOOD, 'content-encoding': 'gzip' };
    expect(await send(bodyOf(10_485_760), headers)).toMatchObject({ status: 200 });
    expect(await send(bodyOf(10_485_761), headers)).toMatchObject({ status: 413 });
  });

  test.each(['[]', '[{"a":1},[]]', ' [ ] '])('%s kills the server until it is restarted', async (body) => {
    expect(await send(body)).toMatch(/ECONNRESET|EPIPE|socket hang up/);
    expect(receiver.crashed).toBe(true);
    expect(receiver.violations).toHaveLength(1);
    expect(await send('{}')).toBe('ECONNREFUSED');
    await receiver.restart();
    expect(await send('{}')).toMatchObject({ status: 200 });
    expect(receiver.stats()).toMatchObject({ crashed: false, crashes: 1, rows: 1 });
  });

  test('1,000 columns: the crossing request passes, and none afterwards', async () => {
    const bodyOf = (first: number, count: number) =>
      JSON.stringify([Object.fromEntries(Array.from({ length: count }, (_, i) => [`c${first + i}`, 1]))]);
    expect(await send(bodyOf(0, 997))).toMatchObject({ status: 200 });
    expect(await send(bodyOf(0, 997))).toMatchObject({ status: 200 });
    expect(await send(bodyOf(997, 100))).toMatchObject({ status: 200 });
    const refused = {
      status: 400,
      text: 'Total number of fields 1100 exceeds the permissible limit of 1000',
    };
    expect(await send('{"c0":1}')).toEqual(refused);
    expect(await send('{"c0":1}')).toEqual(refused);
    expect(await send('{"c0":1}', { ...GOOD, 'x-p-stream': 'other' })).toMatchObject({ status: 200 });
  });

  test('types that change are split off, rows that are not flat are noted', async () => {
    await send('[{"n":1,"s":"x","b":true,"time":"2026-01-02T03:04:05.123456789Z","@k":1}]');
    await send('[{"n":"1","s":1,"b":null,"time":"soon"},{"n":2,"s":1.5,"b":"x"}]');
    const dataset = receiver.dataset('tetra');
    expect(dataset.splits.map(({ column, renamed }) => [column, renamed])).toEqual([
      ['n', 'n_utf8'],
      ['s', 's_int64'],
      ['time', 'time_utf8'],
      ['s', 's_float64'],
      ['b', 'b_utf8'],
    ]);
    expect(dataset.columns.get('time')).toBe('Timestamp');
    expect(dataset.columns.get('_k')).toBe('Float64');
    expect(dataset.exploded).toEqual([]);
    expect(receiver.violations).toEqual([]);
    await send('[{"o":{"x":1},"l":[1,2],"m":[],"e":{}}]');
    expect(dataset.exploded).toEqual([
      { column: 'o', kind: 'object' },
      { column: 'l', kind: 'array' },
      { column: 'm', kind: 'empty array' },
      { column: 'e', kind: 'empty object' },
    ]);
    expect(receiver.violations).toHaveLength(1);
  });
});

describe('other pages', () => {
  test('liveness without credentials, about and schema with them', async () => {
    expect(await get('/api/v1/liveness', {})).toMatchObject({ status: 200 });
    expect(await get('/api/v1/readiness', {})).toMatchObject({ status: 200 });
    expect(await get('/api/v1/about', {})).toMatchObject({ status: 403 });
    expect(await get('/api/v1/about')).toMatchObject({
      status: 200,
      text: expect.stringContaining('"v2.9.5"'),
    });
    expect(await get('/api/v1/logstream/tetra/schema', {})).toMatchObject({ status: 403 });
    expect(await get('/api/v1/logstream/tetra/schema')).toMatchObject({ status: 404 });
    expect(await send('{}', GOOD, '/api/v1/logstream/tetra')).toMatchObject({ status: 404 });
    await send('{"a":1}');
    expect(await get('/api/v1/logstream/tetra/schema')).toMatchObject({
      status: 200,
      text: expect.stringContaining('{"name":"a","data_type":"Float64"'),
    });
    expect(await send('{}', GOOD, '/api/v1/logstream/tetra')).toMatchObject({ status: 200 });
    expect(await get('/nothing')).toMatchObject({ status: 404 });
  });
});

describe('faults', () => {
  test('each does what it says', async () => {
    receiver.fault = schedule([
      'refuse',
      'reset-before',
      'reset-after',
      { status: 503, body: 'later', headers: { 'retry-after': '1' } },
      { status: 500, store: true },
      { bytesPerSecond: 1000 },
      { until: Promise.resolve() },
    ]);
    const got: unknown[] = [];
    for (let i = 0; i < 8; i++) {
      const answer = await send(`[{"cluster_name":"seq-${i}"}]`);
      got.push(typeof answer === 'string' ? answer : answer.status);
    }
    expect(got).toEqual(['ECONNRESET', 'ECONNRESET', 'ECONNRESET', 503, 500, 200, 200, 200]);
    expect(receiver.rows.map(({ cluster_name }) => cluster_name)).toEqual(
      [2, 4, 5, 6, 7].map((i) => `seq-${i}`),
    );
    expect(receiver.log.map((logged) => logged.rows)).toEqual([0, 0, 1, 0, 1, 1, 1, 1]);
    const [refused, before] = receiver.log.map((logged) => logged.wireBytes);
    expect([refused, before]).toEqual([0, 26]);
  });

  test.each([
    ['hang', 0],
    ['hang-after', 1],
  ] as const)('%s answers nothing', async (fault, rows) => {
    receiver.fault = () => fault;
    const answer = send('{"a":1}');
    await receiver.waitFor(() => receiver.log[0]?.wireBytes === 7, PATIENCE_MS);
    expect(receiver.rowCount).toBe(rows);
    await receiver.stop();
    expect(await answer).toMatch(/ECONNRESET|socket hang up/);
  });

  test('a reset is a reset, and no orderly end', async () => {
    receiver.fault = () => 'reset-after';
    const { port } = new URL(receiver.url);
    const socket = connect(Number(port), '127.0.0.1');
    const lines = Object.entries({ ...GOOD, host: 'x', 'content-length': '2' }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    socket.write(`POST /api/v1/ingest HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n{}`);
    const end = await new Promise((resolve) => {
      socket.on('error', (error) => resolve('code' in error ? error.code : error.message));
      socket.on('end', () => resolve('orderly end'));
      socket.resume();
    });
    expect(end).toBe('ECONNRESET');
    expect(receiver.rowCount).toBe(1);
  });

  test('by row', async () => {
    receiver.faultRows = (rows) => (rows.some(({ bad }) => bad === true) ? { status: 500 } : undefined);
    expect(await send('[{"a":1},{"bad":true}]')).toMatchObject({ status: 500 });
    expect(await send('[{"a":1}]')).toMatchObject({ status: 200 });
    expect(receiver.rowCount).toBe(1);
  });

  test('stop refuses connections, drops those that wait, and forgets what was not acknowledged', async () => {
    let release: (value: unknown) => void = () => undefined;
    receiver.fault = () => ({ until: new Promise((resolve) => (release = resolve)) });
    const answer = send('{"a":1}');
    await receiver.waitFor(() => receiver.log[0]?.wireBytes === 7, PATIENCE_MS);
    const url = receiver.url;
    await receiver.stop();
    expect(await answer).toMatch(/ECONNRESET|socket hang up/);
    release(undefined);
    expect(await send('{}')).toBe('ECONNREFUSED');
    receiver.fault = undefined;
    await receiver.restart();
    expect(receiver.url).toBe(url);
    expect(await send('{"b":1}')).toMatchObject({ status: 200 });
    expect(receiver.rows).toEqual([{ b: 1 }]);
  });
});

describe('counting', () => {
  test('keys: unique, twice, missing, none', async () => {
    await send('[{"cluster_name":"seq-0"},{"cluster_name":"seq-3"},{"a":1}]');
    const waited = receiver.waitForRows(5, PATIENCE_MS);
    await send('[{"cluster_name":"seq-3"},{"cluster_name":"seq-100000"}]');
    await waited;
    expect(receiver.stats()).toMatchObject({ rows: 5, unique: 3, duplicates: 1, unkeyed: 1, requests: 2 });
    expect(receiver.keys.missing(0, 6, 10)).toEqual([1, 2, 4, 5]);
    expect(receiver.keys.count(3)).toBe(2);
    await expect(receiver.waitForKeys(4, 10)).rejects.toThrow(/"unique":3/);
  });

  test('fast mode counts the same without parsing, and bytes mode not at all', async () => {
    const bodies = [
      '[{"cluster_name":"seq-7","x":1},{"cluster_name":"seq-7"}]',
      '[{"y":1,"cluster_name":"other"}]',
    ];
    await open({ mode: 'fast' });
    const zstd = { ...GOOD, 'content-encoding': 'zstd' };
    for (const body of bodies) await send(zstdCompressSync(body), zstd);
    const rawBytes = bodies.join('').length;
    expect(receiver.stats()).toMatchObject({ rows: 3, unique: 1, duplicates: 1, unkeyed: 1, rawBytes });
    expect(await send('[{"a":1},[]]')).toMatchObject({ status: 200 });
    await open({ mode: 'bytes' });
    await send('[{"cluster_name":"seq-7"}]');
    expect(receiver.stats()).toMatchObject({ rows: 0, accepted: 1, wireBytes: 26 });
  });

  test('keeps only what it was told to keep', async () => {
    await open({ store: 'keys', keepBodies: true, keyColumn: 'k' });
    await send('[{"k":"seq-1"}]');
    expect(receiver.stats()).toMatchObject({ rows: 1, unique: 1 });
    expect(receiver.rows).toEqual([]);
    expect(receiver.bodies.map(String)).toEqual(['[{"k":"seq-1"}]']);
    await open({ store: 'count' });
    await send('[{"cluster_name":"seq-1"}]');
    expect(receiver.stats()).toMatchObject({ rows: 1, unique: 0 });
    const stats = await get('/__stats', {});
    expect(stats).toMatchObject({ status: 200, text: JSON.stringify(receiver.stats()) });
  });
});
