import { expect, test } from 'vitest';
import { Evaluated } from '../../agent/alerts/evaluated.ts';
import type { TrackedFile } from '../../agent/position.ts';

function file(inode: number, firstLineHash: string, changes: Partial<TrackedFile> = {}): TrackedFile {
  return {
    source: '/log/t.log',
    path: '/log/t.log',
    identity: { device: 1, inode, firstLineHash },
    ...changes,
  };
}

/** What a run that evaluated so much leaves to the next. */
function after(...positions: (readonly [TrackedFile, number])[]): Evaluated {
  const run = new Evaluated();
  for (const [tracked, offsetBytes] of positions) run.passed({ file: tracked, offsetBytes });
  const next = new Evaluated();
  next.restore(run.points());
  return next;
}

test('a file is known again by inode and first line, whatever its name and device', () => {
  const next = after([file(1, 'a'), 100], [file(2, 'b'), 50]);
  expect(next.upTo(file(1, 'a', { path: '/log/t-2026.log' }))).toBe(100);
  const elsewhere = file(2, 'b');
  expect(next.upTo({ ...elsewhere, identity: { ...elsewhere.identity, device: 7 } })).toBe(50);
  expect(next.upTo(file(1, 'b'))).toBe(0);
  expect(next.upTo(file(3, 'a'))).toBe(0);
  expect(next.upTo(file(1, 'a', { source: '/log/other.log' }))).toBe(0);
});

test('a compressed copy has another inode', () => {
  const next = after([file(1, 'a'), 100]);
  expect(next.upTo(file(9, 'a', { path: '/log/t-2026.log.gz' }))).toBe(100);
});

test('a file without a first line is asked for again', () => {
  const next = after([file(1, 'a'), 100], [file(2, ''), 10]);
  const early = file(1, '');
  expect(next.upTo(early)).toBe(0);
  early.identity = { device: 1, inode: 1, firstLineHash: 'a' };
  expect(next.upTo(early)).toBe(100);
  expect(next.points()).toHaveLength(1);
});

test('what is read again does not take the place back, and what is not is kept', () => {
  const next = after([file(1, 'a'), 100], [file(2, 'b'), 50]);
  const again = file(1, 'a');
  next.passed({ file: again, offsetBytes: 40 });
  expect(next.points().map(({ identity, offsetBytes }) => [identity.inode, offsetBytes])).toEqual([
    [2, 50],
    [1, 100],
  ]);
  next.passed({ file: again, offsetBytes: 120 });
  expect(next.points().at(-1)?.offsetBytes).toBe(120);
});

test('a place that is none is forgotten', () => {
  const next = after([file(1, 'a'), 100]);
  const again = file(1, 'a');
  expect(next.upTo(again)).toBe(100);
  next.forget(again);
  next.passed({ file: again, offsetBytes: 40 });
  expect([next.upTo(again), next.points()[0]?.offsetBytes]).toEqual([0, 40]);
});

test('standard input has no place, and files are not remembered for ever', () => {
  const run = new Evaluated();
  run.passed({ file: file(0, 'x', { source: '-' }), offsetBytes: 5 });
  for (let inode = 1; inode <= 1_000; inode++)
    run.passed({ file: file(inode, `h${inode}`), offsetBytes: inode });
  const points = run.points();
  expect(points.length).toBeLessThanOrEqual(128);
  expect(points.at(-1)?.offsetBytes).toBe(1_000);
});
