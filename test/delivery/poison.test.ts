/** Events that the server will never take, however it says so. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createReceiver, type Fault, type Receiver } from '../receiver/index.ts';
import { acceptAll, batches, isBad, type Rig, rig } from './fixtures.ts';

const BAD = ',"bad":1';

/** A server that answers so when a bad row is in the body. */
function server(fault: Fault): Promise<Receiver> {
  return createReceiver({ faultRows: (rows) => (rows.some(isBad) ? fault : undefined) });
}

function poisoned(count: number, size: number, bad: ReadonlySet<number>) {
  return batches(count, size, (key) => (bad.has(key) ? BAD : ''));
}

/** Sends 8 batches of 64 rows with these bad ones; all others must be stored, these be dead-lettered. */
async function isolates(fault: Fault, bad: readonly number[]): Promise<{ receiver: Receiver; result: Rig }> {
  const receiver = await server(fault);
  const result = rig([receiver.url], { retryMaxMs: 4, requestTimeoutMs: 50 });
  await acceptAll(result.delivery, poisoned(8, 64, new Set(bad)));
  await result.allSettled(8);
  expect(result.letters.keys).toEqual(bad);
  expect(receiver.keys.missing(0, 512, 600)).toEqual(bad);
  expect(receiver.violations).toEqual([]);
  expect(result.delivery.stats.rowsDeadLettered).toBe(bad.length);
  expect(result.delivery.stats.rowsDelivered).toBe(512 - bad.length);
  await result.delivery.stop(0);
  await receiver.stop();
  return { receiver, result };
}

describe('one event among many stands alone in the end', () => {
  test('a 400', async () => {
    const words = 'Json deserialize error: number out of range';
    const { receiver, result } = await isolates({ status: 400, body: words }, [100]);
    // Of 64 rows six are cut off; and until a zstd body has passed, a refused one is tried again in gzip.
    expect(receiver.requests).toBeLessThanOrEqual(8 + 2 * 6 + 4);
    expect(result.letters.all[0]).toMatchObject({
      reason: 'refused',
      file: '/var/log/tetragon.log',
      status: 400,
      message: words,
    });
  });

  test('a 500 with the same words', async () => {
    const { receiver, result } = await isolates({ status: 500, body: 'cannot flatten' }, [0, 511]);
    expect(result.letters.all[0]).toMatchObject({ status: 500, message: 'cannot flatten' });
    expect(receiver.requests).toBeLessThanOrEqual(8 + 2 * 7 * 3 * 2 + 2);
  });

  test('a connection that is reset again and again', async () => {
    const { result } = await isolates('reset-before', [257]);
    expect(result.letters.all[0]).toMatchObject({ status: null });
    expect(result.letters.all[0]?.message).toMatch(/ECONNRESET|UND_ERR_SOCKET|EPIPE/);
  });

  test('an answer that never comes', async () => {
    const { result } = await isolates('hang', [3]);
    expect(result.letters.all[0]?.message).toContain('TIMEOUT');
  });

  test('a 502 from a proxy whose server falls', () => isolates({ status: 502 }, [400]));
});

test('the letter holds the row as it was sent and its place in the file', async () => {
  const { result } = await isolates({ status: 400, body: 'no' }, [130]);
  const [letter] = result.letters.all;
  const text = `{"cluster_name":"seq-130","binary":"/usr/bin/wget"${BAD}}`;
  expect(Buffer.from(letter?.row ?? []).toString()).toBe(text);
  expect(letter?.length).toBe(text.length + 1);
  // Rows 128 and 129 stand before it in its batch, each with a newline.
  expect(letter?.offset).toBe(2 * (text.length - BAD.length + 1));
});

test('the line is added when its file can still be read', async () => {
  await using receiver = await server({ status: 400, body: 'no' });
  const { delivery, letters, allSettled } = rig([receiver.url], {
    lineOf: (file, offset, length) => Buffer.from(`${file.path} ${offset} ${length}`),
  });
  await acceptAll(delivery, poisoned(1, 4, new Set([0])));
  await allSettled(1);
  expect(Buffer.from(letters.all[0]?.line ?? []).toString()).toBe('/var/log/tetragon.log 0 58');
  await delivery.stop(0);
});

test('more poison than requests at once does not stop the good bodies', async () => {
  const bad = new Set(Array.from({ length: 12 }, (_, i) => i * 10));
  await using receiver = await server({ status: 500, body: 'cannot flatten' });
  const { delivery, letters, allSettled } = rig([receiver.url], { concurrency: 2, retryMaxMs: 4 });
  await acceptAll(delivery, poisoned(16, 10, bad));
  await allSettled(16);
  expect(letters.keys).toEqual([...bad]);
  expect(receiver.keys.unique).toBe(148);
  await delivery.stop(0);
});

test('a single event that nothing can be compared with waits until another body has passed', async () => {
  await using receiver = await server({ status: 500, body: 'cannot flatten' });
  const { delivery, letters, allSettled } = rig([receiver.url], { retryMaxMs: 4 });
  await acceptAll(delivery, poisoned(1, 1, new Set([0])));
  await receiver.waitForRequests(12, 5000);
  expect(letters.all).toEqual([]);
  await acceptAll(delivery, poisoned(4, 1, new Set([0])).slice(1));
  await allSettled(4);
  expect(letters.keys).toEqual([0]);
  await delivery.stop(0);
});

test('500 to everything from a server that calls itself ready: nothing is dead-lettered', async () => {
  let down = true;
  await using receiver = await createReceiver({
    fault: ({ index }) => (down && index >= 0 ? { status: 500, body: 'disk full' } : undefined),
  });
  const { delivery, letters, allSettled } = rig([receiver.url], { retryMaxMs: 1 });
  await acceptAll(delivery, batches(2, 4));
  await receiver.waitForRequests(300, 5000);
  expect(delivery.stats.splits).toBe(6);
  expect(letters.all).toEqual([]);
  down = false;
  await allSettled(2);
  expect(receiver.keys.unique).toBe(8);
  expect(letters.all).toEqual([]);
  await delivery.stop(0);
});

test('a server that answers 500 to everything is down: nothing is cut or dead-lettered, for ever', async () => {
  let down = true;
  await using receiver = await createReceiver({
    fault: () => (down ? { status: 500, body: 'disk full' } : undefined),
  });
  const { delivery, letters, allSettled } = rig([receiver.url], { retryMaxMs: 2 });
  await acceptAll(delivery, batches(3, 20));
  await receiver.waitForRequests(60, 5000);
  expect(delivery.stats.splits).toBe(0);
  expect(letters.all).toEqual([]);
  down = false;
  await allSettled(3);
  expect(receiver.keys.unique).toBe(60);
  await delivery.stop(0);
});

test('different words each time are not the same fault', async () => {
  let count = 0;
  await using receiver = await createReceiver({
    faultRows: (rows) =>
      rows.some(isBad) && count < 12 ? { status: 500, body: `incident ${count++}` } : undefined,
  });
  const { delivery, letters, allSettled } = rig([receiver.url], { retryMaxMs: 2 });
  await acceptAll(delivery, poisoned(20, 5, new Set([2])));
  await allSettled(20);
  expect(letters.all).toEqual([]);
  expect(delivery.stats.splits).toBe(0);
  expect(receiver.keys.unique).toBe(100);
  await delivery.stop(0);
});

test('k poison events among n: everything else is stored, with a bounded number of requests', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 0, max: 255 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 4 }),
      async (bad, concurrency) => {
        await using receiver = await server({ status: 400, body: 'no' });
        const { delivery, letters, allSettled } = rig([receiver.url], { concurrency });
        await acceptAll(delivery, poisoned(2, 128, new Set(bad)));
        await allSettled(2);
        const sorted = [...bad].sort((a, b) => a - b);
        expect(letters.keys).toEqual(sorted);
        expect(receiver.keys.missing(0, 256, 300)).toEqual(sorted);
        expect(receiver.duplicates).toBe(0);
        // Each event refused alone has at most 7 refused ancestors, each of which costs two more; and until a
        // zstd body has passed, a refused one is tried again in gzip.
        const bodies = 2 + 2 * 7 * bad.length;
        expect(receiver.requests).toBeLessThanOrEqual(bodies + 7 * 2 * Math.max(1, bad.length));
        await delivery.stop(0);
      },
    ),
    { numRuns: 25 },
  );
});
