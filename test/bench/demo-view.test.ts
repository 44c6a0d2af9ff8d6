import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { DemoError, parseOptions } from '../../bench/demo-options.ts';
import { NOTHING_STORED } from '../../bench/demo-probe.ts';
import { type Alert, alertLines, block, failures, type Outcome, type View } from '../../bench/demo-view.ts';

const WGET: Alert = {
  name: 'wget_command',
  text: 'wget_command triggered on s\nMessage: m',
  atMs: 0,
  latencyMs: 8,
};
const CURL: Alert = { ...WGET, name: 'curl_command', latencyMs: undefined };

const GOOD: Outcome = {
  written: { lines: 100, bytes: 1000 },
  seconds: 1,
  stored: { ...NOTHING_STORED, rows: 101, unique: 100, duplicates: 1 },
  alerts: [WGET, CURL, WGET],
  expectedAlerts: ['wget_command', 'curl_command'],
  agentExit: 0,
};

test('what counts as a failure', () => {
  function check(changes: Partial<Outcome>, want: RegExp[]): void {
    const got = failures({ ...GOOD, ...changes });
    expect(got).toHaveLength(want.length);
    for (const [i, words] of want.entries()) expect(got[i]).toMatch(words);
  }
  check({}, []);
  check({ written: { lines: 101, bytes: 1 } }, [/1 events never arrived/]);
  check({ written: { lines: 99, bytes: 1 } }, [/nobody wrote/]);
  check({ written: { lines: 0, bytes: 0 }, stored: NOTHING_STORED }, [/nothing was written/]);
  check({ alerts: [WGET] }, [/curl_command never came/]);
  check({ alerts: [] }, [/wget_command never/, /curl_command never/]);
  check({ agentExit: 3 }, [/ended with 3/]);
  check({ agentExit: 'SIGKILL' }, [/SIGKILL/]);
  check({ stored: { ...GOOD.stored, violations: 2, firstViolation: 'not flat' } }, [
    /2 times, first: not flat/,
  ]);
});

const VIEW: View = {
  ...{ elapsedMs: 7000, doing: 'writing', logPath: '/tmp/x/tetragon.log' },
  ...{ agentUrl: 'http://127.0.0.1:1', receiverUrl: 'http://127.0.0.1:2' },
  written: { lines: 12_345, bytes: 28e6, rotations: 6 },
  stored: { ...NOTHING_STORED, rows: 12_000, unique: 12_000, rawBytes: 33e6, wireBytes: 3e6 },
  ...{ writtenBytesPerSecond: 9.6e6, storedBytesPerSecond: 9.9e6, lagSeconds: 0.25 },
  ...{ residentBytes: 84e6, cpuShare: 0.061, alerts: [WGET, CURL] },
};

describe('the block', () => {
  test('shows what there is', () => {
    const text = stripVTControlCharacters(block(VIEW, 120).join('\n'));
    for (const part of [
      ...['12,345 events', '28.0 MB', '9.6 MB/s', '6 rotations', '12,000 rows', '11.0x packed', '345 events'],
      ...[
        '0.25 s late',
        '84 MB memory',
        '6 % CPU',
        'http://127.0.0.1:1/metrics',
        'http://127.0.0.1:2/__stats',
      ],
      ...['wget_command triggered on s  8 ms after', '7 s'],
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('sent twice');
  });

  test('is never wider than the terminal, and shows the last alerts only', () => {
    const alerts = Array.from({ length: 9 }, (_, i) => ({ ...CURL, text: `alert ${i}` }));
    const lines = block({ ...VIEW, alerts, lagSeconds: Number.NaN, residentBytes: Number.NaN }, 40);
    expect(Math.max(...lines.map((line) => stripVTControlCharacters(line).length))).toBe(40);
    const text = lines.join('\n');
    expect(text).toContain('alert 8');
    expect(text).toContain('alert 5');
    expect(text).not.toContain('alert 4');
    expect(text).not.toContain('NaN');
  });
});

test('what an alert quotes does not act on the terminal', () => {
  const text = 'a\u001b[2J b\u202ec\u009b\nMessage: d\r\u0007e\nFailing Condition: f';
  const shown = alertLines({ ...CURL, text }).map((line) => stripVTControlCharacters(line));
  expect(shown[0]).toContain('a?[2J b?c?');
  expect(shown[1]?.trim()).toBe('d??e');
});

test('options', () => {
  function check(args: string, want: Record<string, unknown> | RegExp): void {
    const read = () => parseOptions(args === '' ? [] : args.split(' '));
    if (!(want instanceof RegExp)) {
      expect(read(), args).toMatchObject(want);
      return;
    }
    expect(read, args).toThrow(want);
    expect(read, args).toThrow(DemoError);
  }
  check('', { seconds: Number.POSITIVE_INFINITY, rate: 4000, keep: false, agentArgs: ['run'], help: false });
  check('--seconds 10 --rate 0 --keep', { seconds: 10, rate: 0, keep: true });
  check('--agent a.ts -- b --c', { agent: 'a.ts', agentArgs: ['b', '--c'] });
  check('-h', { help: true });
  check('--seconds 0', /--seconds must be a number of at least 1, not "0"/);
  check('--seconds ten', /--seconds/);
  check('--rate -1', /--rate/);
  check('--rate=', /--rate/);
  check('--fast', /--fast/);
  check('extra', /extra/);
});
