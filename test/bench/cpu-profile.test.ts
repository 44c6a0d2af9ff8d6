import { expect, test } from 'vitest';
import { type RawProfile, summarizeProfile } from '../../bench/cpu-profile.ts';

const node = (id: number, functionName: string, url: string, children: number[] = []) => ({
  ...{ id, children },
  callFrame: { functionName, url, lineNumber: 1 },
});
const NODES = [
  node(1, '(root)', '', [2, 3, 4, 5, 6, 9]),
  node(2, '(idle)', ''),
  node(3, 'load', 'node:internal/modules/esm/loader'),
  node(4, 'wasm-function[3]', 'wasm://wasm/0001'),
  node(5, '(garbage collector)', ''),
  node(6, 'send', 'file:///x/dist/agent/delivery/sink.js', [7]),
  node(7, 'onwrite', 'node:internal/streams/writable', [8]),
  node(8, 'writev', ''),
  node(9, 'wander', 'node:events'),
];
const profile = (...samples: [id: number, took: number][]): RawProfile => ({
  nodes: NODES,
  samples: samples.map(([id]) => id),
  timeDeltas: samples.map(([, took]) => took),
});

test('what comes before the kernel’s first call is the start; idle time is not counted', () => {
  const { stages } = summarizeProfile(profile([3, 10], [6, 10], [2, 1000], [4, 60], [6, 20]));
  expect(stages.get('start')).toBe(0.2);
  expect(stages.get('kernel')).toBe(0.6);
  expect(stages.get('send')).toBe(0.2);
});

test('code that belongs to nobody is its nearest caller’s; native code carries its caller’s name', () => {
  const { stages, functions } = summarizeProfile(profile([4, 25], [8, 25], [9, 25], [5, 25]));
  expect([stages.get('send'), stages.get('rest'), stages.get('collector')]).toEqual([0.25, 0.25, 0.25]);
  expect(functions.map(({ name }) => name)).toContain(
    'writev, called by onwrite (node:internal/streams/writable)',
  );
});
