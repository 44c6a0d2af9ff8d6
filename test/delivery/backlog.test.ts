import { expect, test } from 'vitest';
import { Backlog } from '../../agent/delivery/backlog.ts';
import type { Body } from '../../agent/delivery/body.ts';
import { Batch, Job, Outbox } from '../../agent/delivery/outbox.ts';
import { Spool } from '../../agent/delivery/spool.ts';
import { DeliveryStats } from '../../agent/delivery/stats.ts';
import { CollectedLog, rawBody } from './fixtures.ts';
import { MemoryDisk } from './memory-disk.ts';

function setup(isTroubled = true) {
  const [stats, log, disk] = [new DeliveryStats(), new CollectedLog(), new MemoryDisk()];
  const outbox = new Outbox(10_000, stats);
  const spool = new Spool({
    ...{ folder: '/spool', maxBytes: 1024 * 1024, dropOldest: false, diskRetryMs: 0 },
    ...{ log, stats, disk },
  });
  spool.open();
  const backlog = new Backlog({
    ...{ outbox, spool, whenFull: 'block' },
    isTroubled: () => isTroubled,
    drop: () => expect.unreachable(),
  });
  const settled: number[] = [];
  const job = (sequence: number): Job => {
    const { raw, table } = rawBody([`{"n":${sequence},"pad":"${'x'.repeat(900)}"}`]);
    const body: Body = {
      ...{ sequence, encoding: 'none', bytes: Uint8Array.from(raw), rawLength: raw.length, rowCount: 1 },
      ...{ rows: table, sealedAtMs: 0, lastEventTimeMs: 0 },
    };
    return new Job(new Batch(false, () => settled.push(sequence)), body);
  };
  return { outbox, spool, disk, backlog, settled, job };
}

test('while records wait on disk, nothing overtakes them through memory', async () => {
  const { outbox, spool, backlog, settled, job } = setup();
  for (let i = 1; i <= 9; i++) await backlog.accept(job(i));
  expect(spool.unread).toBe(true);
  expect(settled).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  backlog.stopLoading();
  // A record that was being read still comes in.
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  for (const one of [...outbox.jobs]) {
    one.batch.release();
    outbox.remove(one);
  }
  await backlog.accept(job(10));
  expect(outbox.jobs).toEqual([]);
  expect(settled.at(-1)).toBe(10);
  expect(spool.stats.writtenRecords).toBe(10);
});

test('what fits in memory stays there, and the disk is not touched', async () => {
  const { outbox, spool, backlog, settled, job } = setup();
  for (let i = 1; i <= 4; i++) await backlog.accept(job(i));
  expect(outbox.jobs).toHaveLength(4);
  expect(spool.stats.writtenRecords).toBe(0);
  expect(settled).toEqual([]);
  await backlog.storeAll();
  expect(settled).toEqual([1, 2, 3, 4]);
  await backlog.storeAll();
  expect(spool.stats.writtenRecords).toBe(4);
});

test('a server that is well is waited for, but not for ever', async () => {
  const { spool, backlog, settled, job } = setup(false);
  const begin = performance.now();
  for (let i = 1; i <= 6; i++) await backlog.accept(job(i));
  expect(performance.now() - begin).toBeGreaterThan(950);
  expect(spool.stats.writtenRecords).toBe(6);
  expect(settled).toEqual([1, 2, 3, 4, 5, 6]);
});

test('a job that is cut or done while it is written is settled once, when all of it is safe', async () => {
  const { outbox, backlog, settled, job } = setup();
  for (let i = 1; i <= 4; i++) await backlog.accept(job(i));
  const [first, second] = outbox.jobs;
  if (first === undefined || second === undefined) throw new Error('no jobs');
  const { batch } = first;
  const storing = backlog.storeAll();
  batch.pieces++;
  outbox.replace(first, [new Job(batch, first.body), new Job(batch, first.body)]);
  second.batch.release();
  outbox.remove(second);
  await storing;
  // The pieces came into memory too late to be written with the others.
  expect(batch.pieces).toBe(2);
  expect(settled).toEqual([2, 3, 4]);
  await backlog.storeAll();
  expect(settled).toEqual([2, 3, 4, 1]);
});

test('what the disk did not keep is written again, and settled by the disk or by the server', async () => {
  const { outbox, spool, disk, backlog, settled, job } = setup();
  for (let i = 1; i <= 4; i++) await backlog.accept(job(i));
  disk.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined);
  await backlog.storeAll();
  expect(settled).toEqual([]);
  const [first] = outbox.jobs;
  if (first === undefined) throw new Error('no job');
  first.batch.release();
  outbox.remove(first);
  expect(settled).toEqual([1]);
  disk.fault = () => undefined;
  await backlog.storeAll();
  expect(settled).toEqual([1, 2, 3, 4]);
  expect(spool.stats.writtenRecords).toBe(7);
});
