import { expect, test } from 'vitest';
import { History } from '../../agent/ops/history.ts';
import { LogMemory } from '../../agent/ops/log-memory.ts';
import { createLogger } from '../../agent/ops/logger.ts';
import { Thrifty } from '../../agent/ops/thrifty.ts';

test('the log remembers its last lines and its last problems, bounded, without secrets', () => {
  const log = createLogger({ level: 'info', format: 'json', secrets: () => ['hunter2'], write: () => {} });
  log.error('the password is hunter2', { file: '/a' });
  for (let i = 0; i < 3000; i++) log.info(`line ${i} ${'x'.repeat(300)}`);
  const { lines, problems } = log.memory;
  expect(lines.join('').length).toBeLessThanOrEqual(64 * 1024);
  expect(lines.at(-1)).toContain('line 2999');
  expect(problems).toMatchObject([{ level: 'error', text: 'the password is [hidden] file="/a"' }]);
});

test('problems are the newest first, and cut', () => {
  const memory = new LogMemory();
  for (let i = 0; i < 100; i++) memory.add('warn', `l${i}\n`, `m${i} ${'x'.repeat(5000)}`);
  expect(memory.problems).toHaveLength(20);
  expect(memory.problems[0]?.text).toMatch(/^m99 x+…$/);
  expect(memory.problems[0]?.text.length).toBeLessThan(700);
});

test('history: a counter is its rate, a gauge as it is, the ring goes round', () => {
  let [counter, gauge] = [1000, 5];
  const history = new History([
    { name: 'c', kind: 'counter', read: () => counter },
    { name: 'g', kind: 'gauge', read: () => gauge },
  ]);
  history.sample(0);
  expect(history.series()[0]?.values.at(-1)).toBe(null); // no rate without a time before
  for (let i = 1; i <= 200; i++) {
    counter += 50;
    gauge = i;
    history.sample(i * 5000);
  }
  const [c, g] = history.series();
  expect([c?.values.length, c?.values[0], c?.values.at(-1)]).toEqual([180, 10, 10]);
  expect([g?.values[0], g?.values.at(-1)]).toEqual([21, 200]);
  counter = 0; // never a negative rate
  history.sample(201 * 5000);
  expect(history.series()[0]?.values.at(-1)).toBe(0);
});

test('a thrifty page is made again after four times its cost, and an error is not kept', async () => {
  let nowMs = 0;
  let made = 0;
  const page = new Thrifty(
    () => {
      nowMs += 10;
      made++;
      if (made === 2) throw new Error('broken');
      return made;
    },
    () => nowMs,
  );
  expect([await page.get(), await page.get()]).toEqual([1, 1]);
  nowMs += 39;
  expect(await page.get()).toBe(1);
  nowMs += 1;
  await expect(page.get()).rejects.toThrow('broken');
  expect(await page.get()).toBe(3);
});
