/** Rules replaced between two calls: the new ones hold at once, and what a state rule remembered can be carried over. */

import { expect, test } from 'vitest';
import { Kernel } from '../../agent/kernel/kernel.ts';
import type { Condition, ConditionState } from '../../agent/kernel/types.ts';
import { withOptions } from './check.ts';
import { numeric, text } from './expressions.ts';

const one = numeric('a', 'equalTo', 1);
const state = (repeats: number): Condition => ({ expression: one, repeats });

async function started(conditions: readonly Condition[]): Promise<Kernel> {
  const kernel = await Kernel.create({ ...withOptions(), slotCount: 1, slotBytes: 1 << 16, conditions });
  kernel.openSlot(0);
  return kernel;
}

/** Gives lines to the kernel; what it reports, `condition kind` each. */
function feed(kernel: Kernel, ...lines: readonly string[]): string[] {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  kernel.input.set(bytes);
  kernel.process(bytes.length, 0, false);
  return Array.from({ length: kernel.matchCount }, (_, i) => {
    const { condition, kind } = kernel.match(i);
    return `${condition} ${kind}`;
  });
}

async function replace(
  kernel: Kernel,
  conditions: readonly Condition[],
  states: readonly ConditionState[] = [],
): Promise<void> {
  kernel.conditions.replace(await kernel.conditions.prepare(conditions));
  states.forEach((kept, i) => {
    kernel.conditions.restore(i, kept);
  });
}

test('the new conditions hold from the next call on', async () => {
  const kernel = await started([{ expression: one }]);
  expect(feed(kernel, '{"a":1}', '{"b":"x"}')).toEqual(['0 match']);
  await replace(kernel, [
    { expression: text('b', 'contains', 'x') },
    { expression: text('b', 'regex', '^x') },
  ]);
  expect(feed(kernel, '{"a":1}', '{"b":"x"}')).toEqual(['0 match', '1 match']);
  await replace(kernel, []);
  expect(feed(kernel, '{"a":1}', '{"b":"x"}')).toEqual([]);
});

test('prepared conditions change nothing until they are taken', async () => {
  const kernel = await started([{ expression: one }]);
  await kernel.conditions.prepare([{ expression: text('b', 'regex', 'x') }]);
  expect(feed(kernel, '{"a":1}', '{"b":"x"}')).toEqual(['0 match']);
});

test('states begin anew, or go on where they were', async () => {
  const kernel = await started([state(3), state(1)]);
  feed(kernel, '{"a":1}', '{"a":1}');
  const kept = [0, 1].map((i) => kernel.conditions.state(i));
  expect(kept).toEqual([
    { count: 2, firing: false },
    { count: 1, firing: true },
  ]);
  await replace(kernel, [state(3), state(1)]);
  expect([0, 1].map((i) => kernel.conditions.state(i))).toEqual([
    { count: 0, firing: false },
    { count: 0, firing: false },
  ]);
  await replace(kernel, [state(3), state(1)], kept);
  expect(feed(kernel, '{"a":1}', '{"a":2}')).toEqual(['0 firing', '0 resolved', '1 resolved']);
});

test('a lowered repeats fires with the next match, not by itself', async () => {
  const kernel = await started([state(5)]);
  feed(kernel, '{"a":1}', '{"a":1}', '{"a":1}');
  const kept = kernel.conditions.state(0);
  await replace(kernel, [state(2)], [kept]);
  expect(feed(kernel, '{"a":2}')).toEqual([]);
  expect(feed(kernel, '{"a":1}')).toEqual(['0 firing']);
});

test('a condition that is none, and one without state', async () => {
  const kernel = await started([{ expression: one }]);
  expect(() => kernel.conditions.state(1)).toThrow(/there are 1/);
  expect(() => kernel.conditions.restore(-1, { count: 0, firing: true })).toThrow(/there are 1/);
  kernel.conditions.restore(0, { count: 5, firing: true });
  expect(feed(kernel, '{"a":1}', '{"a":2}')).toEqual(['0 match']);
});
