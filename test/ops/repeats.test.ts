import { beforeEach, expect, test } from 'vitest';
import { Repeats } from '../../agent/ops/repeats.ts';

const said: string[] = [];
let nowMs = 0;
let repeats: Repeats;
beforeEach(() => {
  said.length = 0;
  nowMs = 0;
  repeats = new Repeats(
    (level, message, fields) => {
      said.push(`${level} ${message}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}`);
    },
    () => nowMs,
  );
});

test('the first time is a line, what follows within a minute is one line', () => {
  for (let i = 0; i < 100; i++) {
    nowMs = i * 100;
    repeats.hear('warn', 'disk full', undefined);
  }
  expect(said).toEqual(['warn disk full']);
  nowMs = 60_000;
  repeats.sumUp();
  expect(said).toEqual(['warn disk full', 'warn disk full (again, 99 times in 60 s)']);
});

test('what goes on is one line a minute, what is over is nothing', () => {
  for (nowMs = 0; nowMs < 180_000; nowMs += 1000) repeats.hear('warn', 'x', undefined);
  expect(said).toHaveLength(3);
  nowMs = 241_000;
  repeats.sumUp();
  nowMs = 1_000_000;
  repeats.sumUp();
  expect(said).toHaveLength(4);
});

test('numbers do not make it another message, all else does', () => {
  repeats.hear('error', 'lost', { file: '/a', bytes: 1 });
  repeats.hear('error', 'lost', { file: '/a', bytes: 2 });
  repeats.hear('error', 'lost', { file: '/b', bytes: 3 });
  repeats.hear('error', 'lost', { file: '/a', ranges: [{ offset: 1 }] });
  repeats.hear('error', 'lost', { file: '/a', ranges: [{ offset: 2 }] });
  repeats.hear('warn', 'lost', { file: '/a', bytes: 1 });
  expect(said).toHaveLength(5);
  repeats.flush();
  expect(said.at(-1)).toBe('error lost (again, 1 times in 1 s) {"file":"/a","bytes":2}');
});

test('a flood of different messages keeps its bound', () => {
  for (let i = 0; i < 5000; i++) repeats.hear('warn', `m ${i}`, undefined);
  for (let i = 0; i < 5000; i++) repeats.hear('warn', `m ${i}`, undefined);
  expect(said.length).toBeGreaterThan(9000); // none is held back for ever
});

test('what is not JSON does not stop it', () => {
  repeats = new Repeats((_, message) => {
    said.push(message);
  });
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  repeats.hear('warn', 'x', { loop, error: new Error('e') });
  expect(said).toHaveLength(1);
});
