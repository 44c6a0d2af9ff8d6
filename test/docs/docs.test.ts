import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { describeOptions } from '../../agent/config/describe.ts';
import { METRICS } from '../../agent/ops/metric-table.ts';
import { generatedPages } from '../../docs/generate.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

test.each(generatedPages().map((page) => [page.name, page] as const))(
  '%s is what the tables say (npm run docs)',
  (_, page) => {
    expect(page.found).toBe(page.wanted);
  },
);

test('the manual names every setting and every metric', () => {
  const configuration = read('docs/configuration.md');
  for (const { name } of describeOptions()) expect(configuration).toContain(`| \`${name}\``);
  const operations = read('docs/operations.md');
  for (const { name } of METRICS) expect(operations).toContain(`| \`${name}`);
  expect(configuration).not.toContain('undefined');
  expect(operations).not.toContain('undefined');
});

const PAGES = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  test('every link inside the project leads somewhere', () => {
    const links = [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, target]) => target ?? '');
    const broken = links.filter(
      (link) => !/^https?:/.test(link) && !existsSync(join(root, dirname(page), link)),
    );
    expect(broken).toEqual([]);
  });

  test('every setting and metric that it names exists', () => {
    const settings = new Set(
      describeOptions().flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])),
    );
    const named = text.match(/\b(?:TETRASHIP|PARSEABLE)_[A-Z_]*[A-Z]\b/g) ?? [];
    expect(named.filter((name) => !settings.has(name))).toEqual([]);
    const metrics = new Set(METRICS.map(({ name }) => name).concat('tetraship_build_info'));
    const namedMetrics = text.match(/\btetraship_[a-z_]*[a-z]\b/g) ?? [];
    expect(namedMetrics.filter((name) => !metrics.has(name))).toEqual([]);
  });
});

test('the README fits one screen or two, and every make target that it names exists', () => {
  const readme = read('README.md');
  expect(readme.split('\n').length).toBeLessThan(70);
  const makefile = read('Makefile');
  for (const [, target] of readme.matchAll(/`?make ([a-z-]+)/g))
    expect(makefile).toMatch(new RegExp(`^${target}:`, 'm'));
});
