import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Samples } from '../../agent/ops/metric.ts';
import { METRICS } from '../../agent/ops/metric-table.ts';
import { createExposition } from '../../agent/ops/metrics.ts';
import { parseExposition } from './exposition.ts';
import { fakeSources } from './sources.ts';

async function scrape(changes = {}) {
  const text = await createExposition(fakeSources(changes), '1.2.3').render();
  return { text, metrics: parseExposition(text) };
}

/** The metrics that dashboards and alerts are built on; see the table for what each means. */
const PROMISED = `read_bytes_total events_total rejected_events_total blank_lines_total filtered_events_total
  rows_delivered_total delivered_bytes_total sent_bytes_total requests_total request_duration_seconds retries_total
  lag_bytes lag_seconds outbox_bytes outbox_limit_bytes last_ack_timestamp_seconds columns columns_limit
  overflow_events_total type_changes_total dead_letters_total dead_letter_bytes open_files rotations_total
  truncations_total read_errors_total lost_files_total lost_bytes_total checkpoint_writes_total
  checkpoint_errors_total alerts_matched_total alert_notifications_total alert_queue_bytes build_info`
  .split(/\s+/)
  .map((name) => `tetraship_${name}`);

describe('the table', () => {
  test('names are well formed, unique, and end as their type asks', () => {
    const names = METRICS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, type, help, action } of METRICS) {
      expect(name).toMatch(/^tetraship_[a-z_]+$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(help).toMatch(/^[A-Z].*\.$/);
      expect(action).toMatch(/\.$/);
    }
  });
  test('each source is read by exactly one metric', async () => {
    const reads = new Map<string, number>();
    const counting = Object.fromEntries(
      Object.entries(fakeSources()).map(([name, read]) => [
        name,
        () => {
          reads.set(name, (reads.get(name) ?? 0) + 1);
          return read();
        },
      ]),
    );
    await scrape(counting);
    expect([...reads.keys()].sort()).toEqual(Object.keys(fakeSources()).sort());
    expect([...reads.values()].every((count) => count === 1)).toBe(true);
    expect(reads.size).toBe(METRICS.length);
  });
});

test('a scrape holds everything that is promised, with its values', async () => {
  const { metrics } = await scrape();
  for (const name of PROMISED) expect(metrics.has(name), name).toBe(true);
  const value = (name: string, series = name) => metrics.get(name)?.series.get(series);
  expect(value('tetraship_read_bytes_total')).toBe(1000);
  expect(value('tetraship_last_ack_timestamp_seconds')).toBe(1_700_000_000.25);
  expect(metrics.get('tetraship_rejected_events_total')?.series).toEqual(
    new Map([
      ['tetraship_rejected_events_total{reason="too_long"}', 3],
      ['tetraship_rejected_events_total{reason="invalid_json"}', 4],
    ]),
  );
  expect(value('tetraship_requests_total', 'tetraship_requests_total{code="ECONNREFUSED"}')).toBe(1);
  expect(
    value(
      'tetraship_alert_notifications_total',
      'tetraship_alert_notifications_total{rule="wget_command",target="webhook",result="sent"}',
    ),
  ).toBe(2);
  expect(
    value('tetraship_build_info', `tetraship_build_info{version="1.2.3",node="${process.version}"}`),
  ).toBe(1);
});

test('the histogram is cumulative and ends in infinity', async () => {
  const { metrics } = await scrape();
  expect(metrics.get('tetraship_request_duration_seconds')).toMatchObject({ type: 'histogram' });
  expect([...(metrics.get('tetraship_request_duration_seconds')?.series ?? [])]).toEqual([
    ['tetraship_request_duration_seconds_bucket{le="0.1"}', 3],
    ['tetraship_request_duration_seconds_bucket{le="1"}', 5],
    ['tetraship_request_duration_seconds_bucket{le="2.5"}', 5],
    ['tetraship_request_duration_seconds_bucket{le="+Inf"}', 6],
    ['tetraship_request_duration_seconds_sum', 7.25],
    ['tetraship_request_duration_seconds_count', 6],
  ]);
});

test('what is not known yet is left out', async () => {
  const { metrics } = await scrape({ lastAckSeconds: () => Number.NaN });
  expect(metrics.get('tetraship_last_ack_timestamp_seconds')?.series.size).toBe(0);
});

test('the process is measured', async () => {
  const { metrics } = await scrape();
  const value = (name: string) => metrics.get(name)?.series.get(name) ?? Number.NaN;
  expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  expect(value('process_open_fds')).toBeGreaterThan(3);
  expect(Math.abs(value('process_start_time_seconds') - (Date.now() / 1000 - process.uptime()))).toBeLessThan(
    2,
  );
});

describe('labels from outside', () => {
  const matched = async (samples: Samples) =>
    (await scrape({ alertsMatched: () => samples })).metrics.get('tetraship_alerts_matched_total')?.series;

  test.each([
    ['a "quoted" \\ name', 'a \\"quoted\\" \\\\ name'],
    ['two\nlines', 'two\\\\u000alines'],
    ['\u001b[31mred\u009b', '\\\\u001b[31mred\\\\u009b'],
    ['\ud800', '\\\\ud800'],
    ['größe 💥', 'größe 💥'],
    ['', ''],
    ['x'.repeat(500), 'x'.repeat(100)],
    ['💥'.repeat(500), '💥'.repeat(100)],
  ])('%j', async (name, label) => {
    expect([...((await matched([[name, 1]])) ?? [])]).toEqual([
      [`tetraship_alerts_matched_total{rule="${label}"}`, 1],
    ]);
  });
  test('names that are the same once they are cut are one series', async () => {
    const name = 'x'.repeat(200);
    expect(
      (
        await matched([
          [`${name}a`, 1],
          [`${name}b`, 2],
        ])
      )?.get(`tetraship_alerts_matched_total{rule="${'x'.repeat(100)}"}`),
    ).toBe(3);
  });
  test('series are bounded, and the rest is added up', async () => {
    const series = await matched(Array.from({ length: 5000 }, (_, i) => [`rule ${i}`, 1] as const));
    expect(series?.size).toBe(1001);
    expect(series?.get('tetraship_alerts_matched_total{rule="other"}')).toBe(4000);
    expect(series?.get('tetraship_alerts_matched_total{rule="rule 999"}')).toBe(1);
  });
  test('of too many series those that are zero are left out first', async () => {
    const series = await matched(
      Array.from({ length: 5000 }, (_, i) => [`rule ${i}`, i % 10 === 9 ? 1 : 0] as const),
    );
    expect(series?.size).toBe(500);
    expect(series?.get('tetraship_alerts_matched_total{rule="rule 4999"}')).toBe(1);
  });
});

const { PROMTOOL: promtool = 'promtool' } = process.env;
const hasPromtool = spawnSync(promtool, ['--version']).error === undefined;
test.skipIf(!hasPromtool)(
  `promtool check metrics${hasPromtool ? '' : ' (skipped: promtool is not installed; apt package prometheus, or PROMTOOL=path)'}`,
  async () => {
    const { text } = await scrape({ alertsMatched: () => [['"\\\n\u001b', 1]] });
    const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    });
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  },
);
