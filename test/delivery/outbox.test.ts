import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Body } from '../../agent/delivery/body.ts';
import { Batch, Job, Outbox } from '../../agent/delivery/outbox.ts';
import { DeliveryStats } from '../../agent/delivery/stats.ts';
import { rawBody } from './fixtures.ts';

let sequence = 0;

function job(length: number): Job {
  sequence++;
  const body: Body = {
    ...{ sequence, encoding: 'none', bytes: new Uint8Array(length), rawLength: length, rowCount: 1 },
    ...{ rows: rawBody(['{}']).table, sealedAtMs: 0, lastEventTimeMs: Number.NaN },
  };
  return new Job(new Batch(sequence), body);
}

function outbox(capacityBytes: number): { outbox: Outbox; stats: DeliveryStats; entered: Job[] } {
  const stats = new DeliveryStats();
  const entered: Job[] = [];
  return { outbox: new Outbox(capacityBytes, stats, (one) => entered.push(one)), stats, entered };
}

test('bytes, overhead and row table count; pieces take the place of the whole', () => {
  const { outbox: box, stats } = outbox(100_000);
  const [a, b, c] = [job(1000), job(2000), job(3000)];
  for (const one of [a, b, c]) void box.admit(one);
  expect(box.usedBytes).toBe(6000 + 3 * (1024 + 16));
  const [left, right] = [job(10), job(20)];
  box.replace(b, [left, right]);
  expect(box.jobs).toEqual([a, left, right, c]);
  expect(b.state).toBe('gone');
  box.remove(b);
  box.remove(a);
  expect(stats.outboxBytes).toBe(3030 + 3 * 1040);
  expect(stats.outboxBodies).toBe(3);
});

test('those who wait are let in by their order, not by their size', async () => {
  const { outbox: box, entered } = outbox(10_000);
  const [big, large, small] = [job(8000), job(7000), job(10)];
  await box.admit(big);
  const done: string[] = [];
  const first = box.admit(large).then(() => done.push('large'));
  const second = box.admit(small).then(() => done.push('small'));
  expect(box.full).toBe(true);
  expect(box.jobs).toEqual([big]);
  box.remove(big);
  await Promise.all([first, second]);
  expect(done).toEqual(['large', 'small']);
  expect(entered).toEqual([big, large, small]);
});

test('when it closes, those who wait and those who come are told', async () => {
  const { outbox: box } = outbox(10);
  await box.admit(job(100));
  const waiting = box.admit(job(100));
  box.close(new Error('closed'));
  await expect(waiting).rejects.toThrow('closed');
  await expect(box.admit(job(1))).rejects.toThrow('closed');
});

test('against a model: order kept, bound held, nobody waits in vain', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.integer({ min: 1, max: 9000 }), fc.constant(0)), { maxLength: 60 }),
      async (steps) => {
        const { outbox: box, entered } = outbox(20_000);
        const offered: Job[] = [];
        let inside = 0;
        for (const length of steps) {
          if (length > 0) {
            const one = job(length);
            offered.push(one);
            void box.admit(one).then(() => inside++);
          } else if (box.jobs.length > 0) {
            const oldest = box.jobs[0];
            if (oldest !== undefined) box.remove(oldest);
          }
          const used = box.jobs.reduce((sum, one) => sum + one.sizeBytes, 0);
          expect(box.usedBytes).toBe(used);
          expect(used <= 20_000 || box.jobs.length === 1).toBe(true);
          expect(entered).toEqual(offered.slice(0, entered.length));
          const next = offered[entered.length];
          expect(box.full).toBe(next !== undefined);
          if (next !== undefined) expect(used + next.sizeBytes).toBeGreaterThan(20_000);
        }
        await Promise.resolve();
        expect(inside).toBe(entered.length);
      },
    ),
    { numRuns: 100 },
  );
});
