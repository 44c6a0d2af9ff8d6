/** Rules as nobody should write them: they work, or a message says why not; nothing hangs and nothing crashes. */

import { describe, expect, test } from 'vitest';
import { Kernel } from '../../agent/kernel/kernel.ts';
import type { Condition, Filters } from '../../agent/kernel/types.ts';
import { MiB } from '../../agent/limits.ts';
import type { Expression } from '../../rules/ast.ts';
import { withOptions } from './check.ts';
import { and, folded, not, numeric, or, text } from './expressions.ts';

const raw = String.raw;

async function load(conditions: readonly Condition[], filters: Filters = {}): Promise<Kernel> {
  const options = withOptions({ maxLineBytes: 2 * MiB });
  const kernel = await Kernel.create({ ...options, slotCount: 1, slotBytes: 4 * MiB, conditions, filters });
  kernel.openSlot(0);
  return kernel;
}

/** Numbers of the conditions that match. */
function matchesOf(kernel: Kernel, event: unknown): number[] {
  const bytes = Buffer.from(`${JSON.stringify(event)}\n`);
  kernel.input.set(bytes);
  kernel.process(bytes.length, 0, false);
  return Array.from({ length: kernel.matchCount }, (_, i) => kernel.match(i).condition);
}

const events = (...expressions: Expression[]): Condition[] =>
  expressions.map((expression) => ({ expression }));
const numbered = (count: number, of: (i: number) => Expression): Condition[] =>
  Array.from({ length: count }, (_, i) => ({ expression: of(i) }));

describe('ten thousand rules', () => {
  test('equal texts, parts of texts and thresholds', { timeout: 60_000 }, async () => {
    const kernel = await load(
      numbered(10_000, (i) => {
        if (i % 4 === 0) return text('a', 'exact', `value ${i}`);
        if (i % 4 === 1) return text('a', 'contains', `part-${i}-`);
        if (i % 4 === 2) return numeric('n', 'equalTo', i);
        return folded('a', 'contains', `Folded-${i}-`);
      }),
    );
    expect(matchesOf(kernel, { a: 'value 5000' })).toEqual([5000]);
    expect(matchesOf(kernel, { a: 'a part-4001- of folded-4003- and part-1-' })).toEqual([1, 4001, 4003]);
    expect(matchesOf(kernel, { a: 'nothing', n: 9998 })).toEqual([9998]);
    expect(matchesOf(kernel, { b: 1 })).toEqual([]);
  });
  test('that all match at once', async () => {
    const kernel = await load(numbered(10_000, (i) => numeric('n', 'greaterThan', -i)));
    expect(matchesOf(kernel, { n: 1 }).length).toBe(10_000);
    expect(matchesOf(kernel, { n: -9998.5 })).toEqual([9999]);
  });
  test('each with a column of its own', async () => {
    const kernel = await load(
      numbered(10_000, (i) => not(and(text(`c${i}`, 'exact', 'x'), text(`d${i}`, 'exact', 'y')))),
    );
    expect(matchesOf(kernel, { c77: 'x', d9999: 'y' })).toEqual([77, 9999]);
  });
  test('that contain each other, on a value made for them', { timeout: 60_000 }, async () => {
    const kernel = await load(numbered(2_000, (i) => text('a', 'contains', `${'a'.repeat(i + 3)}b`)));
    expect(matchesOf(kernel, { a: 'a'.repeat(20_000) })).toEqual([]);
    expect(matchesOf(kernel, { a: `${'a'.repeat(5)}b` })).toEqual([0, 1, 2]);
  });
  test('one too many', async () => {
    await expect(load(numbered(10_001, () => numeric('n', 'equalTo', 1)))).rejects.toThrow(
      /10001 rules: at most 10000/,
    );
  });
  test('more columns than there is room for', async () => {
    const rules = numbered(10_000, (i) => or(...[0, 1, 2].map((k) => numeric(`c${i}_${k}`, 'equalTo', 1))));
    await expect(load(rules)).rejects.toThrow(/30000 columns/);
    const long = numbered(3, (i) => numeric(`${'c'.repeat(MiB)}${i}`, 'equalTo', 1));
    await expect(load(long)).rejects.toThrow(/names of their columns/);
  });
});

test('a text of a MiB', async () => {
  const long = 'x'.repeat(MiB);
  const kernel = await load(
    events(text('a', 'contains', `${long}y`), text('a', 'exact', long), folded('a', 'exact', long)),
  );
  expect(matchesOf(kernel, { a: long })).toEqual([1, 2]);
  expect(matchesOf(kernel, { a: `${long}y` })).toEqual([0]);
  await expect(load(numbered(40, (i) => text('a', 'contains', `${i}${long}`)))).rejects.toThrow(
    /take more than/,
  );
});

test('expressions a thousand deep', async () => {
  let deep: Expression = text('a', 'exact', 'x');
  for (let i = 0; i < 1000; i++)
    deep = i % 2 ? and(deep, numeric('n', 'greaterThan', 0)) : or(not(deep), numeric('m', 'equalTo', i));
  const kernel = await load(events(deep));
  expect(matchesOf(kernel, { a: 'x', n: 1 })).toBeDefined();
});

describe('expressions that other engines hang on', () => {
  const value = `${'a'.repeat(30_000)}!`;
  test.each([
    ['(a|aa)+$', false],
    ['(a*)*b', false],
    ['.*.*.*x', false],
    ['(a{1,50}){1,20}!', true],
    [raw`\pL{1,100}`, true],
    [raw`(x+x+)+y`, false],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', false],
  ])('%s', async (pattern, wanted) => {
    const kernel = await load(events(text('a', 'regex', pattern)));
    expect(matchesOf(kernel, { a: value })).toEqual(wanted ? [0] : []);
  });
  test.each([
    '(a{1,50}){1,50}',
    raw`\pL{1,1000}!`,
    '(?:(?:[a-f]{1,10}[b-z]{1,10}){1,10}x){1,10}',
    '[ab]*a[ab]{15}$',
  ])('%s is refused, with the name of the rule', async (pattern) => {
    await expect(load([{ name: 'bomb', expression: text('a', 'regex', pattern) }])).rejects.toThrow(
      /invalid repeat count|"bomb".*more than 2000 states/s,
    );
  });
});

describe('an expression too large for the kernel', () => {
  /** Two to the sixteenth states: which of the last sixteen bytes were an `a`. */
  const large = 'wget.*[ab]*a[ab]{15}$';
  const leaf = text('a', 'regex', large);
  const hit = `wget ${'b'.repeat(20)}a${'ab'.repeat(7)}b`;
  test('goes to the host in a composite rule that a literal guards', async () => {
    const kernel = await load(events(leaf, and(leaf, numeric('n', 'equalTo', 1)), not(leaf)));
    expect(matchesOf(kernel, { a: hit, n: 1 })).toEqual([0, 1]);
    expect(matchesOf(kernel, { a: hit.slice(5) })).toEqual([2]);
    expect(matchesOf(kernel, { a: 'wget é' })).toEqual([2]);
  });
  test.each<[string, readonly Condition[], Filters, RegExp]>([
    [
      'column rule',
      [{ name: 'r', expression: leaf, repeats: 1 }],
      {},
      /rule "r".*2000 states.*composite rules/s,
    ],
    [
      'column rule with groups',
      [{ name: 'r', expression: leaf, report: 'both' }],
      {},
      /rule "r".*composite rules/s,
    ],
    ['include', [], { include: leaf }, /TETRASHIP_INCLUDE.*composite rules/s],
    ['exclude', [], { exclude: not(leaf) }, /TETRASHIP_EXCLUDE.*composite rules/s],
    [
      'no literal',
      [{ expression: text('a', 'regex', '[ab]*a[ab]{15}$') }],
      {},
      /rule number 1.*no text stands in all/s,
    ],
  ])('is refused: %s', async (_, conditions, filters, message) => {
    await expect(load(conditions, filters)).rejects.toThrow(message);
  });
});

test('many large expressions share one budget, and what is over is said', { timeout: 60_000 }, async () => {
  const rules = numbered(120, (i) => text('a', 'regex', `[a-z${i}]{1,200}[0-9${i}]{1,200}x[${i}a-f]{1,300}`));
  await expect(load(rules)).rejects.toThrow(/all together/);
});
