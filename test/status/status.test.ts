import { describe, expect, test } from 'vitest';
import type { MetricSources } from '../../agent/ops/metric.ts';
import type { StageFacts, TargetFacts } from '../../agent/status/facts.ts';
import { ago, bytes, clock, count, duration, formatNumber } from '../../agent/status/format.ts';
import { escapeHtml, Html, html } from '../../agent/status/html.ts';
import { renderPage } from '../../agent/status/page.ts';
import { statusOf } from '../../agent/status/status.ts';
import { parts, RUNNING } from './support.ts';

const SERVER = RUNNING.server;
const TARGET: TargetFacts = {
  ...{ rule: 'r', target: 'slack-1', origin: 'https://slack.test', sent: 1, failed: 0, dropped: 0 },
  ...{ suppressed: 3, queued: 2, queueBytes: 300, trouble: '', limited: 0 },
};

describe('each condition turns its stage, with a sentence that says what to do', () => {
  test.each<[string, Partial<StageFacts>, Partial<MetricSources>, string, string, RegExp]>([
    ['all well', {}, {}, 'sink', 'ok', /^All is well/],
    [
      'server away',
      { server: { ...SERVER, state: 'waiting', reason: 'connect ECONNREFUSED' } },
      {},
      'sink',
      'bad',
      /since .*03:04:05 UTC: connect ECONNREFUSED\. They are kept.*http:\/\/parseable:8000/,
    ],
    [
      'credentials',
      { server: { ...SERVER, state: 'refused', reason: 'status 403' } },
      {},
      'sink',
      'bad',
      /PARSEABLE_PASSWORD/,
    ],
    [
      'held',
      { server: { ...SERVER, state: 'held', reason: 'status 404' } },
      {},
      'sink',
      'bad',
      /PARSEABLE_URL/,
    ],
    ['lost rows', {}, { rowsLost: () => [['dropped', 12]] }, 'sink', 'warn', /12 rows were given up/],
    ['no log', { unreadable: 'no log can be read' }, {}, 'read', 'bad', /CAP_DAC_READ_SEARCH/],
    [
      'lost files',
      {},
      { lostFiles: () => 2, lostBytes: () => 4096 },
      'read',
      'warn',
      /2 files, at least 4\.0 KiB/,
    ],
    ['blocked', { reader: 'blocked' }, {}, 'read', 'warn', /Reading waits/],
    ['behind', {}, { lagSeconds: () => 300 }, 'read', 'warn', /5 min 0 s behind/],
    ['checkpoint', { checkpointIsFailing: true }, {}, 'read', 'warn', /sent twice/],
    ['watch', { watchFault: 'no more inotify watches' }, {}, 'read', 'warn', /once a second/],
    ['columns', {}, { columns: () => 900 }, 'kernel', 'warn', /TETRASHIP_JSON_COLUMNS/],
    ['full', { isFull: true }, {}, 'outbox', 'bad', /full/],
    ['nearly full', {}, { outboxBytes: () => 8_000_000 }, 'outbox', 'warn', /95 %/],
    [
      'disk',
      { spoolTrouble: 'cannot write to the spool: ENOSPC' },
      {},
      'spool',
      'bad',
      /^Cannot write.*ENOSPC\. Sending goes on/,
    ],
    ['damaged', {}, { spoolDamagedRecords: () => 1 }, 'spool', 'warn', /check the disk/],
    [
      'target',
      { targets: [{ ...TARGET, trouble: 'it answered 503' }] },
      {},
      'alerts',
      'bad',
      /slack-1 of r at https:\/\/slack\.test: it answered 503/,
    ],
  ])('%s', (_, facts, metrics, id, health, sentence) => {
    const status = statusOf(parts(facts, metrics));
    expect(status.stages.find((stage) => stage.id === id)?.health).toBe(health);
    expect(status.headline).toMatch(sentence);
    expect(status.health).toBe(health);
  });
  test('of several the worst and the most important one is the headline', () => {
    const status = statusOf(
      parts({ reader: 'blocked', isFull: true, server: { ...SERVER, state: 'waiting', reason: 'x' } }),
    );
    expect(status.headline).toContain('The server cannot take events');
  });
  test('lines rejected lately', () => {
    const status = statusOf(parts({}, {}, { history: rejecting() }));
    expect(status.stages.find(({ id }) => id === 'kernel')?.sentence).toMatch(
      /^In the last 15 minutes 10 lines/,
    );
  });
});

function rejecting() {
  // One sample of two a second: ten in five seconds.
  return { series: () => [{ name: 'rejectedEvents', values: [null, 2] }] };
}

test('rules in trouble come first, then those that matched last; files and rules are bounded', () => {
  const rules = Array.from({ length: 200 }, (_, i) => ({
    ...{ rule: `r${i}`, matched: i, fired: 1, resolved: 0 },
    lastMatchMs: i === 5 ? Number.NaN : i,
  }));
  const file = RUNNING.files.slice(0, 1);
  const status = statusOf(
    parts({
      rules,
      targets: [{ ...TARGET, rule: 'r5', trouble: 'x' }],
      files: Array.from({ length: 100 }, () => file).flat(),
    }),
  );
  expect(status.rules.slice(0, 3).map(({ rule }) => rule)).toEqual(['r5', 'r199', 'r198']);
  expect(status.rules[0]).toMatchObject({ lastMatchMs: null, suppressed: 3 });
  expect([status.rules.length, status.rulesInAll, status.files.length, status.filesInAll]).toEqual([
    50, 200, 30, 100,
  ]);
  expect(JSON.stringify(status)).not.toContain('NaN');
});

test.each([
  [bytes(0), '0 B'],
  [bytes(999), '999 B'],
  [bytes(1000), '1.0 KiB'],
  [bytes(8_388_608), '8.0 MiB'],
  [bytes(1023 * 1024), '1.0 MiB'],
  [bytes(5e12), '4.5 TiB'],
  [count(1234567), '1,234,567'],
  [count(12), '12'],
  [duration(0), '0 s'],
  [duration(0.44), '0.4 s'],
  [duration(61), '1 min 1 s'],
  [duration(7260), '2 h 1 min'],
  [duration(180_000), '2 d 2 h'],
  [ago(null, 0), 'never'],
  [ago(0, 59_000), '59 s ago'],
  [ago(0, 3_600_000), '1 h ago'],
  [ago(5000, 0), '0 s ago'],
  [clock(0, 1000), '00:00:00 UTC'],
  [clock(0, 1e9), '1970-01-01 00:00:00 UTC'],
  [formatNumber(Number.NaN, 'bytes'), '–'],
  [formatNumber(0.25, 'count/s'), '0.3/s'],
])('%s', (text, want) => expect(text).toBe(want));

describe('HTML', () => {
  const HOSTILE = `</script><img src=x onerror=alert(1)>"'&\u202e\u001b[2J`;
  test('holes are escaped, HTML is not', () => {
    expect(html`<p title="${HOSTILE}">${new Html('<b>')}${1}</p>`.text).toBe(
      `<p title="${escapeHtml(HOSTILE)}"><b>1</p>`,
    );
    expect(escapeHtml(HOSTILE)).toBe(
      '&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;\\u202e\\u001b[2J',
    );
  });
  test('nothing that others wrote gets into the page as it is', () => {
    const file = RUNNING.files[0];
    const status = statusOf(
      parts(
        {
          files: file === undefined ? [] : [{ ...file, path: HOSTILE }],
          logs: [HOSTILE],
          unreadable: HOSTILE,
          watchFault: HOSTILE,
          server: { ...SERVER, state: 'held', reason: HOSTILE, urls: [HOSTILE], stream: HOSTILE },
          rules: [{ rule: HOSTILE, matched: 1, fired: 1, resolved: 0, lastMatchMs: 1 }],
          targets: [{ ...TARGET, rule: HOSTILE, target: HOSTILE, origin: HOSTILE, trouble: HOSTILE }],
        },
        {},
        {
          node: HOSTILE,
          version: HOSTILE,
          settings: { [HOSTILE]: HOSTILE },
          problems: () => [{ timeMs: 1, level: 'error', text: HOSTILE }],
          readiness: () => ({ ready: false, reasons: [HOSTILE], degraded: [HOSTILE] }),
        },
      ),
    );
    const page = renderPage(status);
    expect(page).not.toContain('<img');
    expect(page).not.toMatch(/\p{Cf}|(?!\n)\p{Cc}/u);
    expect(page.match(/<script>/g)).toHaveLength(1);
    expect(page.match(/<\/script>/g)).toHaveLength(1);
    expect(page.split('&lt;/script&gt;').length).toBeGreaterThan(10);
  });
});
