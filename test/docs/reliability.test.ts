/** The page on reliability claims what tests show: each must exist. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'reliability.md'), 'utf8');

/** Cells of each row below the head of a table. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !line.startsWith('| fault '))
  .map((line) =>
    line
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  );

test('there are tables, and each row says what happens and which test shows it', () => {
  expect(rows.length).toBeGreaterThan(20);
  for (const cells of rows) {
    expect(cells, cells[0]).toHaveLength(4);
    expect(cells[1], cells[0]).not.toBe('');
    expect(cells[3], cells[0]).toMatch(/^`test\//);
  }
});

test.each(
  rows.flatMap(([fault = '', , , shown = '']) => shown.split('<br>').map((one) => [one, fault] as const)),
)('%s', (shown) => {
  const [, file = '', name = ''] = /^`(test\/[\w/-]+\.test\.ts)`: (.+)$/.exec(shown) ?? [];
  expect(existsSync(join(root, file)), file).toBe(true);
  const text = readFileSync(join(root, file), 'utf8');
  const isNamed = ["'", '"', '`'].some((quote) => text.includes(`${quote}${name}${quote}`));
  expect(isNamed, `${file} has no test of the name: ${name}`).toBe(true);
});
