/** Dashboard and alerts: their metrics exist, Prometheus understands them, and they say what they should. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { METRICS } from '../../agent/ops/metric-table.ts';
import { processMetrics } from '../../agent/ops/process-metrics.ts';
import { dashboard } from '../../deploy/dashboard.ts';
import { QUERIES } from '../../deploy/dashboard-panels.ts';
import { programOf } from '../debian.ts';
import { strictProblems } from './strict.ts';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const promtool = programOf('promtool', 'prometheus');
const folder = mkdtempSync(join(tmpdir(), 'tetraship-prometheus-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Record<string, string>;
}
const text = read('deploy/prometheus/tetraship.rules.yaml');
const groups: { name: string; rules: Rule[] }[] = parse(text).groups;
const rules = groups.flatMap((group) => group.rules);

/** Series as Prometheus names them; of other exporters, what the one alert about nodes needs. */
const SERIES = new Set(
  [...METRICS, ...processMetrics('')]
    .flatMap(({ name, type }) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
    )
    .concat('kube_node_info'),
);
const seriesIn = (expr: string): string[] => expr.match(/\b(?:tetraship|process|kube)_[a-z_]+[a-z]\b/g) ?? [];

/** Runs promtool on a file; throws with its words. */
function check(command: string, name: string, content: string): void {
  const file = join(folder, name);
  writeFileSync(file, content);
  execFileSync(promtool ?? '', [...command.split(' '), file], { encoding: 'utf8', stdio: 'pipe' });
}

test('every metric of dashboard and alerts exists', () => {
  const expressions = [...QUERIES, ...rules].map(({ expr }) => expr);
  expect(expressions.length).toBeGreaterThan(40);
  for (const expr of expressions) {
    const series = seriesIn(expr);
    expect(series.length, expr).toBeGreaterThan(0);
    expect(
      series.filter((name) => !SERIES.has(name)),
      expr,
    ).toEqual([]);
  }
});

test('labels of dashboard queries exist on their metrics', () => {
  const labels = new Map(METRICS.map((metric) => [metric.name, metric.labels ?? []]));
  for (const { expr } of QUERIES) {
    const by = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(', '));
    const known = seriesIn(expr).flatMap((name) => labels.get(name.replace(/_bucket$/, '')) ?? []);
    expect(
      by.filter((name) => !['instance', 'le', ...known].includes(name)),
      expr,
    ).toEqual([]);
  }
});

test('the dashboard fits together', () => {
  const { panels } = JSON.parse(JSON.stringify(dashboard()));
  const taken = new Set<string>();
  for (const { id, gridPos } of panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = 0; x < gridPos.w; x++) {
      for (let y = 0; y < gridPos.h; y++) {
        const cell = `${gridPos.x + x},${gridPos.y + y}`;
        expect(taken.has(cell), `panel ${id}`).toBe(false);
        taken.add(cell);
      }
    }
  }
  expect(new Set(panels.map(({ id }: { id: number }) => id)).size).toBe(panels.length);
});

test('the alerts are a PrometheusRule by the schema of the operator', async () => {
  const object = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'tetraship' },
    spec: { groups },
  };
  expect(await strictProblems(object)).toEqual([]);
});

describe.skipIf(promtool === undefined)('promtool', () => {
  test('accepts the alerts', () => check('check rules', 'rules.yaml', text));

  test('parses every expression of the dashboard', () => {
    const records = QUERIES.map(({ expr }, index) => ({
      record: `dashboard:${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*'),
    }));
    check('check rules', 'dashboard.yaml', stringify({ groups: [{ name: 'dashboard', rules: records }] }));
    const wrong = [{ record: 'x', expr: 'rate(tetraship_events_total)' }];
    expect(() =>
      check('check rules', 'wrong.yaml', stringify({ groups: [{ name: 'x', rules: wrong }] })),
    ).toThrow();
  });

  test('sees each alert fire, and stay silent', () => {
    const tests = read('test/deploy/tetraship.rules.test.yaml');
    for (const { alert } of rules) {
      const named = parse(tests).tests.map(
        ({ alert_rule_test }: { alert_rule_test: { alertname: string; exp_alerts?: unknown }[] }) =>
          alert_rule_test
            .filter(({ alertname }) => alertname === alert)
            .map((one) => one.exp_alerts !== undefined),
      );
      expect(named.flat(), `${alert} is not tested both ways`).toEqual(expect.arrayContaining([true, false]));
    }
    const summaries = groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({ ...rule, annotations: { summary: rule.annotations['summary'] } })),
    }));
    writeFileSync(join(folder, 'summaries.yaml'), stringify({ groups: summaries }));
    check('test rules', 'tests.yaml', tests.replace('RULES', join(folder, 'summaries.yaml')));
  });
});
