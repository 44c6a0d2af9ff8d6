/** Codes of zstd frames by themselves: complete, within the format's limits, nothing that occurs left out. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { huffmanCode, stateTable } from '../../agent/kernel/zstd-codes.ts';

const counts = (symbols: number) =>
  fc
    .array(fc.oneof(fc.constant(0), fc.nat(20), fc.nat(1_000_000)), {
      minLength: symbols,
      maxLength: symbols,
    })
    .map((list) => Uint32Array.from(list));

test('a Huffman code has no gaps and no code too long', () => {
  fc.assert(
    fc.property(counts(128), (list) => {
      const code = huffmanCode(list);
      let share = 0;
      list.forEach((count, symbol) => {
        const length = (code?.codes[symbol] ?? 0) & 0xff;
        if (count > 0) expect(length).toBeGreaterThan(0);
        expect(length).toBeLessThanOrEqual(11);
        if (length > 0) share += 2 ** -length;
      });
      expect(share).toBe(1);
    }),
  );
});

test('frequent bytes have the shorter codes', () => {
  const list = new Uint32Array(128);
  list.set([1, 10, 100, 1000, 10_000], 60);
  const lengths = Array.from({ length: 5 }, (_, i) => (huffmanCode(list)?.codes[60 + i] ?? 0) & 0xff);
  expect(lengths).toEqual([4, 4, 3, 2, 1]);
});

test('a state table gives each symbol a share, and all places away', () => {
  fc.assert(
    fc.property(counts(53), (list) => {
      const { states, symbols } = stateTable(list, 9);
      expect(new Set(states).size).toBe(512);
      list.forEach((count, symbol) => {
        if (count > 0) expect(symbols[symbol]).toBeDefined();
      });
    }),
  );
});
