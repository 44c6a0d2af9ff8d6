import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ledger } from '../../agent/delivery/ledger.ts';
import type { TrackedFile } from '../../agent/position.ts';
import { ACTIVE } from './fixtures.ts';

const OTHER: TrackedFile = { ...ACTIVE, source: '/var/log/other.log', path: '/var/log/other.log' };

function offsets(ledger: Ledger): Record<string, number> {
  return Object.fromEntries([...ledger.lowWater()].map(([source, { offsetBytes }]) => [source, offsetBytes]));
}

test('the mark waits for the oldest batch', () => {
  const ledger = new Ledger();
  for (const sequence of [1, 2, 3]) ledger.sealed(sequence, [{ file: ACTIVE, offsetBytes: sequence * 10 }]);
  ledger.settled(3);
  ledger.settled(2);
  expect(offsets(ledger)).toEqual({});
  expect(ledger.dirty).toBe(false);
  ledger.settled(1);
  expect(offsets(ledger)).toEqual({ [ACTIVE.source]: 30 });
  expect(ledger.dirty).toBe(true);
  expect(ledger.openCount).toBe(0);
});

test('a rotation within a batch: the last position of a lineage counts', () => {
  const ledger = new Ledger();
  const old = { ...ACTIVE, path: '/var/log/tetragon-1.log' };
  ledger.sealed(1, [
    { file: old, offsetBytes: 900 },
    { file: OTHER, offsetBytes: 5 },
    { file: ACTIVE, offsetBytes: 7 },
  ]);
  ledger.settled(1);
  expect(offsets(ledger)).toEqual({ [ACTIVE.source]: 7, [OTHER.source]: 5 });
  expect(ledger.lowWater().get(ACTIVE.source)?.file).toBe(ACTIVE);
});

test('a batch without positions moves nothing but lets those behind it pass', () => {
  const ledger = new Ledger();
  ledger.sealed(4, []);
  ledger.sealed(9, [{ file: ACTIVE, offsetBytes: 1 }]);
  ledger.settled(9);
  expect(ledger.dirty).toBe(false);
  ledger.settled(4);
  expect(offsets(ledger)).toEqual({ [ACTIVE.source]: 1 });
});

test('taking the mark clears dirty, and what was taken stays as it was', () => {
  const ledger = new Ledger();
  ledger.sealed(1, [{ file: ACTIVE, offsetBytes: 1 }]);
  ledger.sealed(2, [{ file: ACTIVE, offsetBytes: 2 }]);
  ledger.settled(1);
  const taken = ledger.takeLowWater();
  expect(ledger.dirty).toBe(false);
  ledger.settled(2);
  expect(taken.get(ACTIVE.source)?.offsetBytes).toBe(1);
  expect(ledger.dirty).toBe(true);
});

test('bugs of the caller are told', () => {
  const ledger = new Ledger();
  ledger.sealed(2, []);
  expect(() => ledger.sealed(2, [])).toThrow('cannot seal batch 2');
  expect(() => ledger.settled(3)).toThrow('never sealed');
  ledger.settled(2);
  ledger.settled(2);
});

test('in any order of settling the mark is the end of the longest settled run', () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(Array.from({ length: 30 }, (_, i) => i + 1)),
      fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
      (order, isOther) => {
        const ledger = new Ledger();
        const fileOf = (sequence: number) => (isOther[sequence - 1] === true ? OTHER : ACTIVE);
        for (let i = 1; i <= 30; i++) ledger.sealed(i, [{ file: fileOf(i), offsetBytes: i }]);
        const settled = new Set<number>();
        for (const sequence of order) {
          ledger.settled(sequence);
          settled.add(sequence);
          let end = 0;
          const want: Record<string, number> = {};
          while (settled.has(end + 1)) {
            end++;
            want[fileOf(end).source] = end;
          }
          expect(offsets(ledger)).toEqual(want);
        }
      },
    ),
    { numRuns: 100 },
  );
});
