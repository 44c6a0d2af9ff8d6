import fc from 'fast-check';
import { expect, test } from 'vitest';
import { editDistance, nearest } from '../../agent/nearest.ts';

test.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['abc', '', 3],
  ['abc', 'abc', 0],
  ['abc', 'abd', 1],
  ['abc', 'acb', 1],
  ['kitten', 'sitting', 3],
  ['ca', 'abc', 3], // no editing between two swapped letters
])('from %j to %j it is %d', (a, b, want) => {
  expect(editDistance(a, b)).toBe(want);
});

/** The definition, without the table. */
function slowDistance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const [x, y] = [a.slice(0, -1), b.slice(0, -1)];
  let best = Math.min(
    slowDistance(x, b) + 1,
    slowDistance(a, y) + 1,
    slowDistance(x, y) + (a.at(-1) === b.at(-1) ? 0 : 1),
  );
  if (a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1)) {
    best = Math.min(best, slowDistance(a.slice(0, -2), b.slice(0, -2)) + 1);
  }
  return best;
}

test('agrees with the definition', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 5 });
  fc.assert(
    fc.property(word, word, (a, b) => editDistance(a, b) === slowDistance(a, b)),
    { numRuns: 300 },
  );
});

test('nearest gives the closest within the limit, and nothing beyond it', () => {
  const names = ['ALPHA', 'ALPHABET', 'BETA'];
  expect(nearest('ALHPA', names, 2)).toBe('ALPHA');
  expect(nearest('ALPHABETT', names, 2)).toBe('ALPHABET');
  expect(nearest('BETAXXX', names, 2)).toBeUndefined();
  expect(nearest('BETAXXX', names, 3)).toBe('BETA');
  expect(nearest('X'.repeat(100_000), names, 4)).toBeUndefined();
});
