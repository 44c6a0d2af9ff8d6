import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Due, DueQueue } from '../../agent/alerts/due-queue.ts';

test('random actions against a sorted list', () => {
  const action = fc.record({
    item: fc.nat(31),
    dueMs: fc.oneof(fc.nat(200), fc.constant(Number.POSITIVE_INFINITY)),
    remove: fc.nat(4).map((draw) => draw === 0),
  });
  fc.assert(
    fc.property(fc.array(action, { minLength: 40, maxLength: 200 }), (actions) => {
      const items: Due[] = Array.from({ length: 32 }, () => ({ dueMs: 0, heapIndex: -1 }));
      const queue = new DueQueue<Due>();
      const queued = new Set<Due>();
      for (const { item: index, dueMs, remove } of actions) {
        const item = items[index];
        if (item === undefined) continue;
        if (remove) {
          queue.remove(item);
          queued.delete(item);
        } else {
          queue.set(item, dueMs);
          queued.add(item);
        }
        const dues = [...queued].map(({ dueMs }) => dueMs);
        expect(queue.first?.dueMs).toBe(dues.length === 0 ? undefined : Math.min(...dues));
      }
      const emptied: number[] = [];
      for (let first = queue.first; first !== undefined; first = queue.first) {
        emptied.push(first.dueMs);
        queue.remove(first);
      }
      expect(emptied).toEqual([...queued].map(({ dueMs }) => dueMs).sort((one, other) => one - other));
    }),
    { numRuns: 1_000 },
  );
});
