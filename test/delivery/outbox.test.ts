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
  return new Job(new Batch(false, () => undefined), body);
}

test('bytes, overhead and row table count; pieces take the place of the whole', () => {
  const stats = new DeliveryStats();
  const outbox = new Outbox(100_000, stats);
  const entered: Job[] = [];
  outbox.onEnter = (one) => entered.push(one);
  const [a, b, c] = [job(1000), job(2000), job(3000)];
  for (const one of [a, b, c]) outbox.enter(one);
  expect(entered).toEqual([a, b, c]);
  expect(outbox.usedBytes).toBe(6000 + 3 * (1024 + 16));
  const [left, right] = [job(10), job(20)];
  outbox.replace(b, [left, right]);
  expect(outbox.jobs).toEqual([a, left, right, c]);
  expect(b.isGone).toBe(true);
  outbox.remove(b);
  outbox.remove(a);
  expect(stats.outboxBytes).toBe(3030 + 3 * 1040);
  expect(stats.outboxBodies).toBe(3);
});

test('against a model: order kept, the sum is right, what fits does not exceed the capacity', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: 1, max: 9000 }), fc.nat(20)), { maxLength: 80 }),
      (steps) => {
        const outbox = new Outbox(20_000, new DeliveryStats());
        let left = 0;
        outbox.onRoom = () => left++;
        let model: Job[] = [];
        for (const step of steps) {
          const gone = model[step % Math.max(1, model.length)];
          if (step > 20) {
            const one = job(step);
            if (!outbox.fits(one.sizeBytes)) continue;
            outbox.enter(one);
            model.push(one);
          } else if (gone !== undefined) {
            const before = left;
            outbox.remove(gone);
            expect(left).toBe(before + 1);
            model = model.filter((one) => one !== gone);
          }
          const used = model.reduce((sum, one) => sum + one.sizeBytes, 0);
          expect(outbox.jobs).toEqual(model);
          expect(outbox.usedBytes).toBe(used);
          expect(used <= 20_000 || model.length === 1).toBe(true);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('a batch tells once, with its last piece, whoever is to be told by then', () => {
  const told: string[] = [];
  const batch = new Batch(false, () => told.push('first'));
  batch.pieces++;
  batch.release();
  expect(told).toEqual([]);
  batch.redirect(() => told.push('second'));
  batch.release();
  expect(told).toEqual(['second']);
  batch.redirect(() => told.push('late'));
  expect(told).toEqual(['second', 'late']);
});
