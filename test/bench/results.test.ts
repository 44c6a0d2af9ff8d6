import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { goalTable } from '../../bench/goals.ts';
import { readResults } from '../../bench/results.ts';
import { type Results, renderPage, SECTIONS } from '../../bench/results-page.ts';

const page = fileURLToPath(new URL('../../bench/RESULTS.md', import.meta.url));
const results = readResults();

test('RESULTS.md is what results.json says', () => {
  expect(readFileSync(page, 'utf8')).toBe(renderPage(results));
});

describe.each(Object.entries(results))('section %s', (name, section) => {
  test('is known, and says where it was measured', () => {
    expect(SECTIONS).toContain(name);
    expect(section.machine).toMatch(/GiB/);
    expect(section.node).toMatch(/^v\d+\./);
    expect(section.commit).toMatch(/^([0-9a-f]{7,}( with changes)?|unknown)$/);
    expect(section.about.length).toBeGreaterThan(20);
  });

  test('has a cell for each column, and no figure is missing', () => {
    for (const row of section.rows) expect(row).toHaveLength(section.header.length);
    expect(section.rows.flat().join(' ')).not.toMatch(/NaN|undefined|Infinity/);
    expect(section.data).toBeTypeOf('object');
  });
});

const recorded = {
  machine: '',
  node: '',
  commit: '',
  quick: false,
  title: '',
  about: '',
  header: [],
  rows: [],
};
const withSteady = (cpuShare: number): Results => ({
  steady: {
    ...recorded,
    data: { phases: [{ shipper: 'tetraship', kilobytesPerSecond: 1000, cpuShare, residentMiB: 60 }] },
  },
});
const rowOf = (all: Results, text: string): string[] | undefined =>
  goalTable(all).find(([goal]) => goal?.startsWith(text));

test('a goal that was reached says so, one that was not says by how much', () => {
  expect(rowOf(withSteady(0.019), 'CPU at 1 MB/s')).toEqual([
    ...['CPU at 1 MB/s: at most 2 % of a core', '1.90 % of a core', 'yes'],
  ]);
  expect(rowOf(withSteady(0.04), 'CPU at 1 MB/s')?.[2]).toBe('no: 50 % of it');
});

test('a goal that was not measured is not called reached', () => {
  expect(goalTable({}).every(([, measured, reached]) => measured === 'not measured' && reached === '')).toBe(
    true,
  );
});
