import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { MiB } from '../../agent/limits.ts';
import { cli } from './in-process.ts';
import { composite, execs, file, folder, rulesFile, time } from './rules-files.ts';

const rules = rulesFile(
  'backtest.json',
  { name: 'curl', rule: composite('process_exec_process_binary ~ "/curl$"') },
  {
    name: 'root',
    rule: {
      type: 'column',
      config: { column: 'process_exec_process_uid', operator: '=', value: 0, repeats: 2 },
    },
  },
  { name: 'never', rule: composite('process_exec_process_binary = "/bin/none"') },
  { name: 'off', rule: composite('process_exec_process_uid >= 0'), tetraship: { enabled: false } },
);
const pod = (name: string) => ({ pod: { name } });
const events = execs(
  { binary: '/usr/bin/curl', uid: 0, ...pod('a') },
  { binary: '/usr/bin/ls', uid: 0 },
  { binary: '/usr/bin/curl', uid: 0, ...pod('b\u001b[2J') },
  { binary: '/usr/bin/ls', uid: 1 },
  { binary: '/usr/bin/curl' },
  { binary: '/usr/bin/ls', uid: 0 },
  { binary: '/usr/bin/ls', uid: 0 },
);
const log = file('plain.log', events);
const results = async (...logs: string[]) => {
  const { code, stdout } = await cli('rules', 'backtest', rules, ...logs, '--json');
  const lines: unknown[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { code, lines };
};

const WANTED = [
  { rule: 'curl', matched: 3, fired: 3, first: time(0), last: time(4) },
  { rule: 'root', matched: 5, fired: 2, first: time(0), last: time(6) },
  { rule: 'never', matched: 0, fired: 0, first: null, last: null },
];

describe('what rules would have done', () => {
  test('counts matches and firings, rules that are off left out', async () => {
    expect(await results(log)).toEqual({ code: 0, lines: WANTED });
  });

  test.each([
    ['gzip', gzipSync(events)],
    ['gzip in two members', Buffer.concat([gzipSync(events.slice(0, 99)), gzipSync(events.slice(99))])],
    ['zstd', zstdCompressSync(events)],
    ['no newline at the end', Buffer.from(events.slice(0, -1))],
    ['CR LF', Buffer.from(events.replaceAll('\n', '\r\n'))],
  ])('of a log that is %s, whatever its name', async (_, bytes) => {
    expect(await results(file('any.name', bytes))).toEqual({ code: 0, lines: WANTED });
  });

  test('over several logs states go on', async () => {
    const lines = events.split('\n');
    const logs = [lines.slice(0, 1), lines.slice(1, 4), [], lines.slice(4)].map((part, index) =>
      file(`part-${index}.log`, part.join('\n')),
    );
    expect(await results(...logs)).toEqual({ code: 0, lines: WANTED });
  });

  test('a backup and its compressed copy are one', async () => {
    const backup = file('tetragon-2026-01-02T03-04-05.000.log', events);
    const copy = file('tetragon-2026-01-02T03-04-05.000.log.gz', gzipSync(events));
    expect(await results(backup, copy)).toEqual({ code: 0, lines: WANTED });
    expect(await results(copy)).toEqual({ code: 0, lines: WANTED });
  });

  test('for people, with the first messages', async () => {
    const { code, stdout, stderr } = await cli('rules', 'backtest', rules, log, '--rows', '2');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      [
        '7 events of 1 log, 0.8 KiB',
        '',
        'rule  matched  fired  first                     last',
        'curl        3      3  2026-01-02T03:04:05.000Z  2026-01-02T03:04:09.000Z',
        'root        5      2  2026-01-02T03:04:05.000Z  2026-01-02T03:04:11.000Z',
        '',
        'No event matches never.',
        '',
        'curl: the first 2 of 3 firings',
        '  2026-01-02T03:04:05.000Z  in a',
        '  2026-01-02T03:04:07.000Z  in b\\u001b[2J',
        '',
        'root: 2 firings',
        '  2026-01-02T03:04:06.000Z  in {process_exec_process_pod_name}',
        '  2026-01-02T03:04:11.000Z  in {process_exec_process_pod_name}',
        '',
      ].join('\n'),
    );
  });

  test('with whole rows as JSON', async () => {
    const { stdout } = await cli('rules', 'backtest', rules, log, '--json', '--rows', '1');
    expect(JSON.parse(stdout.split('\n')[1] ?? '')).toMatchObject({
      rule: 'root',
      rows: [{ process_exec_process_binary: '/usr/bin/ls', time: time(1) }],
    });
  });

  test('targets are not looked at: a placeholder does not stop it', async () => {
    const walkthrough = rulesFile('walk.json', {
      rule: composite('process_exec_process_binary =% "curl"'),
      targets: [{ type: 'webhook', endpoint: 'webhook.site_custom_endpoint' }],
    });
    expect(await cli('rules', 'backtest', walkthrough, log, '--json')).toMatchObject({
      code: 0,
      stdout: `${JSON.stringify({ ...WANTED[0], rule: 'rule-0' })}\n`,
    });
  });

  test('a line that is too long is passed over, and the ones behind it count', async () => {
    const long = `{"process_exec":{"process":{"arguments":"${'x'.repeat(2 * MiB)}"}}}\n`;
    const mixed = file('long.log', `${events}${long}nonsense\n\n${events}${long.trim()}`);
    const { code, stdout, stderr } = await cli('rules', 'backtest', rules, mixed, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({ rule: 'curl', matched: 6 });
    expect(stderr).toBe(`warning: ${mixed}: 3 lines are no event (too_long 2, invalid_json 1)\n`);
  });
});

describe('bad input', () => {
  const backtest = (...logs: string[]) => cli('rules', 'backtest', rules, ...logs, '--json');

  test('a gzip that breaks off: what stands before is counted, and the code says that it is not all', async () => {
    const torn = file('torn.gz', gzipSync(events.repeat(500)).subarray(0, -100));
    const { code, stdout, stderr } = await backtest(torn);
    expect(code).toBe(1);
    expect(JSON.parse(stdout.split('\n')[0] ?? '').matched).toBeGreaterThan(100);
    expect(stderr).toMatch(
      /^.*torn\.gz is damaged: unexpected end of file; 3,\d{3} events before that place were read\n$/,
    );
  });
  test('an empty log', async () => {
    const empty = file('empty.log', '');
    const { code, stdout, stderr } = await backtest(empty);
    expect([code, stderr]).toEqual([0, `warning: ${empty} is empty\n`]);
    expect(stdout).toContain('"matched":0');
  });
  test('what is no log', async () => {
    const binary = file('binary', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) & 255)));
    const { code, stderr } = await backtest(binary);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^no line of .*binary is an event \(.*invalid_utf8 \d+\): is it Tetragon's log\?\n$/,
    );
  });
  test.each([
    ['a log that is not there', () => [join(folder, 'none')], /^cannot read .*none: ENOENT/],
    ['a folder', () => [folder], /^cannot read .*: it is a folder: name the files in it\n$/],
  ])('%s', async (_, logs, message) => {
    const { code, stdout, stderr } = await backtest(log, ...logs());
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
  });
  test('rules that cannot be used', async () => {
    const bad = rulesFile('bad.json', { rule: composite('a =') });
    const { code, stdout, stderr } = await cli('rules', 'backtest', bad, log);
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toContain('line 1, column 4: expected a number or a "quoted" string');
  });
  test.each([[[]], [['only-rules']], [['r', 'l', '--rows', '-1']], [['r', 'l', '--rows', '1e9']]])(
    'usage %j',
    async (args) => expect((await cli('rules', 'backtest', ...args)).code).toBe(64),
  );
});

test('ten thousand rules', async () => {
  const many = rulesFile(
    'many.json',
    ...Array.from({ length: 10_000 }, (_, index) => ({
      rule: composite(`process_exec_process_binary = "/bin/${index}" or process_exec_process_uid = ${index}`),
      targets: [],
    })),
  );
  const { code, stdout } = await cli('rules', 'backtest', many, log, '--json');
  const lines = stdout.trim().split('\n');
  expect([code, lines.length]).toEqual([0, 10_000]);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ rule: 'rule-0', matched: 5 });
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ rule: 'rule-1', matched: 1 });
});

const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const present = existsSync(join(data, 'tetragon.log.zst'));
test.skipIf(!present)(
  `the walkthrough's rules over real events agree with a naive count${present ? '' : ' (skipped: no ../shared)'}`,
  async () => {
    const packed = join(data, 'tetragon.log.zst');
    const text = zstdDecompressSync(readFileSync(packed)).toString();
    const naive = (binary: string) =>
      text.split('\n').filter((line) => {
        const event: { process_exit?: { process?: { binary?: string } } } = JSON.parse(line || '{}');
        return event.process_exit?.process?.binary?.includes(binary) === true;
      }).length;
    const { stdout } = await cli('rules', 'backtest', join(data, 'alerts.json'), packed, '--json');
    const found = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(found.map(({ rule, matched, fired }) => [rule, matched, fired])).toEqual(
      ['wget', 'curl'].map((name) => [
        `${name}_command`,
        naive(`/usr/bin/${name}`),
        naive(`/usr/bin/${name}`),
      ]),
    );
  },
);
