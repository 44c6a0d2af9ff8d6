import { expect, test } from 'vitest';
import { Readiness, type ReadinessFacts } from '../../agent/ops/readiness.ts';

const GOOD: ReadinessFacts = { credentials: 'accepted', logFolderReadable: true, degraded: [] };

function sequence(...facts: Partial<ReadinessFacts>[]): boolean[] {
  let now = GOOD;
  const readiness = new Readiness(() => now);
  return facts.map((change) => {
    now = { ...GOOD, ...change };
    return readiness.report().ready;
  });
}

test.each<[string, Partial<ReadinessFacts>[], boolean[]]>([
  ['waits for the first answer', [{ credentials: 'untried' }, {}], [false, true]],
  ['latches', [{}, { credentials: 'untried' }], [true, true]],
  [
    'an outage at start stops no rollout',
    [{ credentials: 'untried' }, { credentials: 'unreachable' }],
    [false, true],
  ],
  ['an outage later neither', [{}, { credentials: 'unreachable' }], [true, true]],
  [
    'refused credentials do, also after it was ready',
    [{}, { credentials: 'refused' }, {}],
    [true, false, true],
  ],
  [
    'so does no readable folder',
    [{ logFolderReadable: false }, {}, { logFolderReadable: false }],
    [false, true, false],
  ],
  ['being degraded does not', [{ degraded: ['disk full'] }], [true]],
])('%s', (_, facts, want) => expect(sequence(...facts)).toEqual(want));

test('says why', () => {
  const report = (facts: Partial<ReadinessFacts>) => new Readiness(() => ({ ...GOOD, ...facts })).report();
  expect(report({ credentials: 'refused', logFolderReadable: false, degraded: ['x'] })).toEqual({
    ready: false,
    reasons: ['the server refuses the credentials', 'no log folder can be read'],
    degraded: ['x'],
  });
  expect(report({ credentials: 'unreachable', degraded: ['x'] })).toEqual({
    ready: true,
    reasons: [],
    degraded: ['the server cannot be reached', 'x'],
  });
});
