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

/** As GitHub makes them from headings. */
function anchorsOf(text: string): Set<string> {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '');
  const headings = [...prose.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title);
  const anchors = new Set<string>();
  for (const title of headings) {
    const plain = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    for (let count = 0; ; count++) {
      const numbered = count === 0 ? anchor : `${anchor}-${count}`;
      if (anchors.has(numbered)) continue;
      anchors.add(numbered);
      break;
    }
  }
  return anchors;
}

test('anchors are those of GitHub', () => {
  const text = '# A `b` (c)!\n## A b c\n```\n# not one\n```\n## [Linked](x) – ä\n';
  expect([...anchorsOf(text)]).toEqual(['a-b-c', 'a-b-c-1', 'linked--ä']);
});

test('every alert has its line in the runbook', () => {
  const rules = read('deploy/prometheus/tetraship.rules.yaml');
  const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  expect(alerts.length).toBeGreaterThan(5);
  const lines = [...read('docs/operations.md').matchAll(/^\| `(Tetraship\w+)`/gm)].map(([, name]) => name);
  expect(lines.sort()).toEqual(alerts.sort());
});

test('every test that the page on security names exists', () => {
  const named = read('docs/security.md').match(/`(?:test|agent)\/[\w/.-]+\.ts`/g) ?? [];
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((name) => !existsSync(join(root, name.slice(1, -1))))).toEqual([]);
});

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  test('every link inside the project leads somewhere, and so does its anchor', () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
    const broken = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [file = '', anchor] = link.split('#');
      const path = file === '' ? join(root, page) : join(root, dirname(page), file);
      if (!existsSync(path)) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(path, 'utf8')).has(anchor);
    });
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
