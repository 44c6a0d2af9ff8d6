/** Histories that once failed, as short as they could be made, each with what went wrong. */

import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { useClock } from './clock.ts';
import { type Action, History, type Simple } from './history.ts';
import { useOneKernel } from './one-kernel.ts';

vi.mock('../../agent/http-request.ts', () => import('./memory-network.ts'));
vi.mock('chokidar', () => import('./silent-chokidar.ts'));

beforeAll(() => {
  useClock();
  useOneKernel();
});
afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const write: Action = { do: 'write', lines: 1 };
const down: Action = { do: 'server', mode: 'down' };
const compress: Action = { do: 'compress', half: false };
const pass = (ms: number): Action => ({ do: 'pass', ms });

function found(name: string, lostFiles: number, ...steps: (Simple['do'] | Action)[]): void {
  test(name, async () => {
    const actions = steps.map((step) => (typeof step === 'string' ? { do: step } : step));
    expect(await new History().run(actions)).toBe(lostFiles);
  });
}

found(
  'a backup that took the name of a delivered one while nobody ran was taken for it, and skipped',
  0,
  ...(['kill', write, 'rotate', 'start', 'stop', write, 'rotateInSameMillisecond', 'start'] as const),
);
found(
  'so was its compressed copy, known by its name alone',
  0,
  ...([write, 'rotate', 'notify', write, 'rotateInSameMillisecond', compress, 'stop', 'start'] as const),
);
found(
  'a file cut and refilled was read on at the old offset when the reader came before the next look',
  0,
  ...([write, 'notify', 'cut', write, pass(150)] as const),
);
found(
  'a delivered file without a line end, compressed while nobody ran, was counted as lost',
  0,
  ...(['piece', 'rotate', 'kill', 'start', 'kill', compress, 'start'] as const),
);
found(
  'files known to wait behind the one being sent vanished with their agent and were not counted',
  2,
  ...([down, write, 'rotate', write, 'rotate', 'notify', pass(5_000), 'kill'] as const),
  ...(['deleteBackup', 'deleteBackup', 'start'] as const),
);
found(
  'what was delivered to its end and then deleted was counted as lost, because nothing had come after it',
  0,
  ...([
    write,
    'notify',
    pass(5_000),
    'rotate',
    'notify',
    pass(5_000),
    'kill',
    'deleteBackup',
    'start',
  ] as const),
);
