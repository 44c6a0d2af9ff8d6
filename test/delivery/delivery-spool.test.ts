/** Delivery with a disk behind its memory: outages, restarts, full and broken disks. */

import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { DeliveryOptions } from '../../agent/delivery/delivery.ts';
import { createReceiver, type Receiver } from '../receiver/index.ts';
import { acceptAll, batches, batchOf, isBad, type Rig, rig, row, tempFolder } from './fixtures.ts';
import { MemoryDisk, OPERATIONS } from './memory-disk.ts';

const FOLDER = '/state/spool';
const MiB = 1024 * 1024;

/** A delivery whose memory takes about five of `batches(n, 50)`, uncompressed, and whose spool is on this disk. */
function spooled(
  server: Receiver,
  disk: MemoryDisk,
  options: Partial<DeliveryOptions> = {},
  maxBytes = 16 * MiB,
): Rig {
  return rig([server.url], {
    outboxBytes: 24 * 1024,
    compression: 'none',
    spool: { folder: FOLDER, maxBytes, disk, diskRetryMs: 10 },
    ...options,
  });
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

describe('while the server is away', () => {
  test('what does not fit in memory goes to disk and is settled; afterwards all is sent, and the disk is empty', async () => {
    await using server = await createReceiver();
    await server.stop();
    const disk = new MemoryDisk();
    const { delivery, settled, allSettled, log } = spooled(server, disk);
    await acceptAll(delivery, batches(40, 50));
    await allSettled(40);
    expect(settled).toEqual(range(1, 41));
    expect(delivery.stats.rowsDelivered).toBe(0);
    expect(delivery.stats.outboxBytes).toBeLessThan(32 * 1024);
    expect(delivery.spool?.usedBytes).toBe(disk.usedBytes);
    expect(delivery.full).toBe(false);
    await server.restart();
    await server.waitForKeys(2000, 5000);
    await expect.poll(() => disk.files.size).toBe(0);
    expect(server.duplicates).toBe(0);
    expect(delivery.stats.outboxBodies).toBe(0);
    expect(delivery.stats.rowsDelivered).toBe(2000);
    expect(log.of('error')).toEqual([]);
    // And then through memory alone again.
    await acceptAll(delivery, [batchOf(41, [row(2000)])]);
    await allSettled(41);
    expect(disk.files.size).toBe(0);
    await delivery.stop(0);
  });

  test('the order is kept', async () => {
    await using server = await createReceiver();
    await server.stop();
    const { delivery, allSettled } = spooled(server, new MemoryDisk(), { concurrency: 1 });
    const all = batches(40, 50);
    await acceptAll(delivery, all.slice(0, 30));
    await server.restart();
    await acceptAll(delivery, all.slice(30));
    await server.waitForKeys(2000, 5000);
    await allSettled(40);
    const keys = server.rows.map(({ cluster_name: key }) => Number(String(key).slice(4)));
    const firsts = keys.filter((_, i) => i % 50 === 0);
    // During the outage the bodies in memory take turns in being tried: only they may come out of order.
    const inMemory = 6;
    expect(firsts.slice(inMemory)).toEqual(range(inMemory, 40).map((b) => b * 50));
    await delivery.stop(0);
  });

  test('it drains at full speed while new bodies come behind, and its files go as they are sent', async () => {
    // Answers only when four are on their way; who is alone for long was sent too slowly.
    let held: (() => void)[] = [];
    let alone = 0;
    const release = () => {
      for (const answer of held) answer();
      held = [];
    };
    await using server = await createReceiver({
      fault: ({ index }) => {
        if (index < 0) return undefined;
        return {
          until: new Promise<void>((resolve) => {
            held.push(resolve);
            if (held.length === 4) release();
            else
              void sleep(300).then(() => {
                if (!held.includes(resolve)) return;
                alone++;
                release();
              });
          }),
        };
      },
    });
    await server.stop();
    const disk = new MemoryDisk();
    const { delivery, allSettled } = spooled(server, disk, { concurrency: 4 }, MiB);
    const all = batches(180, 50);
    await acceptAll(delivery, all.slice(0, 120));
    await allSettled(120);
    const peakBytes = disk.usedBytes;
    await server.restart();
    const coming = acceptAll(delivery, all.slice(120));
    await server.waitForKeys(4500, 5000);
    // Half of what has come to be there in the end: the first files are gone.
    expect(disk.files.has([...disk.files.keys()].find((name) => name.includes('000000000001')) ?? '')).toBe(
      false,
    );
    expect(disk.usedBytes).toBeLessThan(peakBytes);
    await coming;
    await server.waitForKeys(9000, 5000);
    await expect.poll(() => disk.files.size).toBe(0);
    expect(server.duplicates).toBe(0);
    // The try that found the server well, and the last ones.
    expect(alone).toBeLessThanOrEqual(4);
    // Behind: but for what was on its way together, no new row came before an old one.
    const firstNew = server.rows.findIndex((one) => Number(String(one['cluster_name']).slice(4)) >= 6000);
    expect(firstNew).toBeGreaterThanOrEqual((120 - 4) * 50);
    await delivery.stop(0);
  });

  test('a short outage does not touch the disk', async () => {
    await using server = await createReceiver();
    await server.stop();
    const disk = new MemoryDisk();
    const { delivery, allSettled } = spooled(server, disk);
    await acceptAll(delivery, batches(3, 50));
    await server.restart();
    await allSettled(3);
    expect(disk.calls.get('create')).toBeUndefined();
    await delivery.stop(0);
  });

  test('a killed agent: what was settled is sent by the next, what was done is not sent again', async () => {
    await using server = await createReceiver();
    const disk = new MemoryDisk();
    const first = spooled(server, disk);
    await server.stop();
    await acceptAll(first.delivery, batches(20, 50));
    await first.allSettled(20);
    await server.restart();
    await server.waitFor(() => server.rowCount >= 400, 5000);
    const left = disk.afterKill();
    const sent = range(0, 1000).filter((key) => server.keys.count(key) > 0);
    await server.stop();
    await first.delivery.stop(0);

    await using other = await createReceiver();
    const second = spooled(other, left);
    await expect.poll(() => left.files.size).toBe(0);
    expect(sent.length).toBeGreaterThanOrEqual(400);
    // Acknowledged, and not marked yet: no more than what is on its way at once.
    expect(sent.filter((key) => other.keys.count(key) > 0).length).toBeLessThanOrEqual(4 * 50);
    expect(range(0, 1000).filter((key) => !sent.includes(key) && other.keys.count(key) === 0)).toEqual([]);
    await second.delivery.stop(0);
  });

  test('a power failure takes nothing that was settled', async () => {
    await using server = await createReceiver();
    await server.stop();
    const disk = new MemoryDisk();
    const first = spooled(server, disk);
    const settledAt: number[] = [];
    for (const batch of batches(20, 50)) {
      await first.delivery.accept(batch);
      settledAt.push(first.settled.length);
    }
    const left = disk.afterPowerLoss();
    await first.delivery.stop(0);
    await server.restart();
    const second = spooled(server, left);
    const rows = (settledAt.at(-1) ?? 0) * 50;
    expect(rows).toBeGreaterThan(800);
    await server.waitForKeys(rows, 5000);
    await second.delivery.stop(0);
  });

  test('stop puts what memory holds on disk', async () => {
    await using server = await createReceiver();
    await server.stop();
    const disk = new MemoryDisk();
    const first = spooled(server, disk);
    await acceptAll(first.delivery, batches(3, 50));
    expect(first.settled).toEqual([]);
    expect(await first.delivery.stop(20)).toEqual({ batches: 0, rows: 0 });
    expect(first.settled).toEqual([1, 2, 3]);
    await server.restart();
    const second = spooled(server, disk.afterPowerLoss());
    await server.waitForKeys(150, 5000);
    await second.delivery.stop(0);
  });

  test('on a real disk', async () => {
    using temp = tempFolder();
    await using server = await createReceiver();
    await server.stop();
    const options = { outboxBytes: 24 * 1024, spool: { folder: temp.folder, maxBytes: 16 * MiB } };
    const first = rig([server.url], options);
    await acceptAll(first.delivery, batches(100, 50));
    expect((await first.delivery.stop(0)).rows).toBe(0);
    expect(fs.readdirSync(temp.folder).length).toBeGreaterThan(0);
    await server.restart();
    const second = rig([server.url], options);
    await server.waitForKeys(5000, 5000);
    await expect.poll(() => fs.readdirSync(temp.folder)).toEqual([]);
    expect(server.duplicates).toBe(0);
    await second.delivery.stop(0);
  });
});

describe('what comes back from disk is like any other body', () => {
  test('a poison event is named by its file and place, and a piece on disk goes with the last of its rows', async () => {
    await using server = await createReceiver({
      faultRows: (rows) => (rows.some(isBad) ? { status: 400, body: 'no' } : undefined),
    });
    await server.stop();
    const disk = new MemoryDisk();
    const first = spooled(server, disk);
    await acceptAll(
      first.delivery,
      batches(20, 50, (key) => (key === 777 ? ',"bad":1' : '')),
    );
    await first.delivery.stop(0);
    await server.restart();
    const second = spooled(server, disk);
    await expect.poll(() => disk.files.size).toBe(0);
    expect(second.letters.keys).toEqual([777]);
    expect(second.letters.flushed).toBe(1);
    expect(second.letters.all[0]).toMatchObject({ file: '/var/log/tetragon.log', status: 400, length: 60 });
    expect(server.keys.unique).toBe(999);
    await second.delivery.stop(0);
  });

  test('a server that takes no zstd gets what was spooled in zstd as gzip', async () => {
    await using server = await createReceiver({
      fault: ({ headers }) => (headers['content-encoding'] === 'zstd' ? { status: 415 } : undefined),
    });
    await server.stop();
    const disk = new MemoryDisk();
    const first = spooled(server, disk, { compression: 'zstd' });
    await acceptAll(first.delivery, batches(20, 50));
    await first.delivery.stop(0);
    await server.restart();
    const second = spooled(server, disk, { compression: 'zstd' });
    await server.waitForKeys(1000, 5000);
    expect(server.violations).toEqual([]);
    await second.delivery.stop(0);
  });

  test('refused credentials: the events wait on disk', async () => {
    await using server = await createReceiver({ username: 'admin', password: 'right' });
    let password = 'wrong';
    const disk = new MemoryDisk();
    const { delivery, allSettled } = spooled(server, disk, {
      credentials: () => ({ username: 'admin', password }),
    });
    await acceptAll(delivery, batches(30, 50));
    await allSettled(30);
    expect(delivery.state).toBe('refused');
    password = 'right';
    await server.waitForKeys(1500, 5000);
    await delivery.stop(0);
  });
});

describe('bounds', () => {
  test('block: with memory and disk full, accept waits and nothing is lost', async () => {
    await using server = await createReceiver();
    await server.stop();
    const disk = new MemoryDisk();
    const { delivery, allSettled, log } = spooled(server, disk, {}, 128 * 1024);
    const feeding = acceptAll(delivery, batches(120, 50));
    await expect.poll(() => delivery.full && delivery.spool?.full === true, { timeout: 10_000 }).toBe(true);
    expect(disk.usedBytes).toBeLessThanOrEqual(128 * 1024);
    expect(delivery.stats.outboxBytes).toBeLessThan(32 * 1024);
    await server.restart();
    await feeding;
    await allSettled(120);
    await server.waitForKeys(6000, 5000);
    await expect.poll(() => disk.files.size).toBe(0);
    expect(delivery.stats.rowsLost).toBe(0);
    expect(log.of('error')).toEqual([]);
    await delivery.stop(0);
  });

  test('drop_oldest: accept never waits, what is given up is counted', async () => {
    await using server = await createReceiver();
    await server.stop();
    const disk = new MemoryDisk();
    const { delivery, allSettled } = spooled(server, disk, { whenFull: 'drop_oldest' }, 128 * 1024);
    await acceptAll(delivery, batches(200, 50));
    await allSettled(200);
    expect(disk.usedBytes).toBeLessThanOrEqual(128 * 1024);
    const lost = delivery.stats.rowsLost;
    expect(lost).toBeGreaterThan(1000);
    await server.restart();
    await server.waitForKeys(10_000 - lost, 5000);
    expect(server.keys.count(9999)).toBe(1);
    expect(server.keys.unique).toBe(10_000 - lost);
    await delivery.stop(0);
  });

  test('drop_oldest without a spool: memory gives up its oldest, named and settled', async () => {
    await using server = await createReceiver();
    await server.stop();
    const { delivery, allSettled, settled, log } = spooled(server, new MemoryDisk(), {
      whenFull: 'drop_oldest',
      spool: undefined,
    });
    // The first is on its way, again and again: until the server is seen to be away the outbox waits.
    await acceptAll(delivery, batches(60, 50));
    await allSettled(50);
    const lost = delivery.stats.rowsLost;
    expect(lost).toBe(settled.length * 50);
    expect(log.of('error')).toHaveLength(1);
    expect(log.lines.find(({ level }) => level === 'error')?.fields).toMatchObject({ ranges: [{ from: 0 }] });
    await server.restart();
    await allSettled(60);
    expect(server.keys.unique).toBe(3000 - lost);
    await delivery.stop(0);
  });

  test('a server that is well but slow is waited for: the disk is not touched', async () => {
    await using server = await createReceiver({
      fault: () => ({ until: new Promise((resolve) => setTimeout(resolve, 30)) }),
    });
    const disk = new MemoryDisk();
    const { delivery, allSettled } = spooled(server, disk);
    await acceptAll(delivery, batches(40, 50));
    await allSettled(40);
    expect(disk.calls.get('create')).toBeUndefined();
    await delivery.stop(0);
  });
});

describe('a disk that fails', () => {
  test('a full disk: memory alone, with back-pressure, said once; and it recovers by itself', async () => {
    await using server = await createReceiver();
    await server.stop();
    const disk = new MemoryDisk();
    disk.capacityBytes = 60_000;
    const { delivery, allSettled, log } = spooled(server, disk);
    const feeding = acceptAll(delivery, batches(60, 50));
    await expect.poll(() => delivery.full, { timeout: 10_000 }).toBe(true);
    await expect.poll(() => delivery.spoolTrouble).toMatch(/full|ENOSPC/);
    expect(log.of('error')).toHaveLength(1);
    expect(disk.usedBytes).toBeLessThanOrEqual(60_000);
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    await feeding;
    await allSettled(60);
    expect(delivery.spoolTrouble).toBe('');
    expect(log.of('info')).toContain('the spool works again');
    await server.restart();
    await server.waitForKeys(3000, 5000);
    await expect.poll(() => disk.files.size).toBe(0);
    await delivery.stop(0);
  });

  test('a read-only disk from the start: everything goes through memory', async () => {
    await using server = await createReceiver();
    const disk = new MemoryDisk();
    disk.fault = () => 'EROFS';
    const { delivery, allSettled } = spooled(server, disk);
    await acceptAll(delivery, batches(10, 50));
    await allSettled(10);
    await server.stop();
    const feeding = acceptAll(delivery, batches(40, 50).slice(10));
    await expect.poll(() => delivery.full, { timeout: 10_000 }).toBe(true);
    await server.restart();
    await feeding;
    await allSettled(40);
    expect(server.keys.unique).toBe(2000);
    expect(server.duplicates).toBe(0);
    await delivery.stop(0);
  });

  test('a folder that cannot be listed at the start is looked into later, though nothing is written', async () => {
    await using server = await createReceiver();
    await server.stop();
    const disk = new MemoryDisk();
    const first = spooled(server, disk);
    await acceptAll(first.delivery, batches(10, 50));
    await first.delivery.stop(0);
    await server.restart();
    disk.calls.clear();
    disk.fault = (operation, call) => (operation === 'list' && call < 3 ? 'EIO' : undefined);
    const second = spooled(server, disk);
    expect(second.delivery.spoolTrouble).toContain('cannot look into the spool');
    await server.waitForKeys(500, 5000);
    await expect.poll(() => disk.files.size).toBe(0);
    expect(second.delivery.spoolTrouble).toBe('');
    await second.delivery.stop(0);
  });

  test('a file that cannot be read lets those behind it pass, and waits for the next start', async () => {
    await using server = await createReceiver();
    await server.stop();
    const disk = new MemoryDisk();
    const first = spooled(server, disk, {}, MiB);
    await acceptAll(first.delivery, batches(60, 50));
    await first.delivery.stop(0);
    const [oldest = ''] = [...disk.files.keys()].sort();
    expect(disk.files.size).toBeGreaterThan(1);
    await server.restart();
    const open = disk.open.bind(disk);
    disk.open = async (file) => {
      if (file === oldest) throw new Error('EIO: broken by the test');
      return open(file);
    };
    const second = spooled(server, disk, {}, MiB);
    await expect.poll(() => disk.files.size).toBe(1);
    const passed = server.keys.unique;
    expect(passed).toBeGreaterThan(0);
    expect(passed).toBeLessThan(3000);
    // The first trouble of the disk is said, and that the file is left.
    expect(second.log.of('error').at(-1)).toContain('its events wait there for the next start');
    expect(second.log.of('error')).toHaveLength(2);
    await second.delivery.stop(0);
    disk.open = open;
    const third = spooled(server, disk, {}, MiB);
    await server.waitForKeys(3000, 5000);
    await third.delivery.stop(0);
  });

  const plans = OPERATIONS.flatMap((operation) => [0, 1].map((call) => [operation, call] as const));

  test.each(plans)(
    '%s fails at call %i, once or from then on: what is settled is on disk, and every row arrives',
    async (operation, call) => {
      for (const until of [call, Number.POSITIVE_INFINITY]) {
        await using server = await createReceiver();
        await server.stop();
        const disk = new MemoryDisk();
        disk.fault = (name, number) =>
          name === operation && number >= call && number <= until ? 'EIO' : undefined;
        const unsafe: number[] = [];
        const { delivery, allSettled } = spooled(server, disk, {
          onSettled(sequence) {
            const first = (sequence - 1) * 50;
            const isOnDisk = [...disk.files.values()].some(({ durable }) =>
              durable.includes(`"seq-${first}"`),
            );
            if (!isOnDisk && server.keys.count(first) === 0) unsafe.push(sequence);
          },
        });
        const feeding = acceptAll(delivery, batches(30, 50));
        const isStuck = () => delivery.full && delivery.spoolTrouble !== '';
        await Promise.race([feeding, expect.poll(isStuck, { timeout: 5000 }).toBe(true)]);
        const left = disk.afterKill();

        // Not killed, it goes on.
        await server.restart();
        await feeding;
        await allSettled(30);
        expect(unsafe).toEqual([]);
        if (operation !== 'read' || until === call) await server.waitForKeys(1500, 5000);
        if (until === call) await expect.poll(() => disk.files.size).toBe(0);
        expect(delivery.stats.rowsLost).toBe(0);
        disk.fault = () => undefined;
        await delivery.stop(1000);

        // Killed, the next one meets the same fault, and sends what is there.
        left.fault = (name, number) => (name === operation && number === call ? 'EIO' : undefined);
        await using other = await createReceiver();
        const second = spooled(other, left);
        await expect.poll(() => left.files.size).toBe(0);
        expect(second.delivery.stats.rowsLost).toBe(0);
        expect(other.keys.unique).toBe(second.delivery.stats.rowsDelivered);
        await second.delivery.stop(0);
      }
    },
  );
});
