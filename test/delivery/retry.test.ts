import { describe, expect, test } from 'vitest';
import type { Encoding } from '../../agent/delivery/body.ts';
import {
  type Action,
  decide,
  describe as inWords,
  type Outcome,
  pauseMs,
  retryAfterMs,
} from '../../agent/delivery/retry.ts';

const NEVER = Number.POSITIVE_INFINITY;

function answer(status: number, text = ''): Outcome {
  return { kind: 'answer', status, text, retryAfterMs: Number.NaN };
}

function fault(code: string): Outcome {
  return { kind: 'fault', code, message: code };
}

function check(
  outcome: Outcome,
  want: Action,
  strikes = 0,
  encoding: Encoding = 'zstd',
  proven = true,
): void {
  expect(decide(outcome, encoding, proven), `${inWords(outcome)} for ${encoding}`).toEqual({
    action: want,
    strikes,
  });
}

test('what each outcome means', () => {
  check(answer(200), 'done');
  check(answer(200, '\n'), 'done');
  check(answer(200, '<html>'), 'held');
  check(answer(201), 'held');
  check(answer(204), 'held');
  check(answer(301), 'held');
  check(answer(307), 'held');
  check(answer(400), 'reject');
  check(answer(400, 'Json deserialize error: duplicate field'), 'reject');
  check(answer(400, 'Total number of fields 1103 exceeds the permissible limit of 1000'), 'held');
  check(answer(400, 'duplicate: Total number of fields 1103 exceeds the permissible limit'), 'reject');
  check(answer(401), 'refused');
  check(answer(402), 'held');
  check(answer(403), 'refused');
  check(answer(404), 'held');
  check(answer(405), 'held');
  check(answer(407), 'held');
  check(answer(408), 'retry', NEVER);
  check(answer(413), 'split');
  check(answer(422), 'reject');
  check(answer(425), 'retry', NEVER);
  check(answer(429), 'retry', NEVER);
  check(answer(431), 'held');
  check(answer(500), 'retry', 3);
  check(answer(501), 'held');
  check(answer(502), 'retry', 5);
  check(answer(503), 'retry', NEVER);
  check(answer(504), 'retry', 5);
  check(answer(505), 'held');
  check(answer(507), 'retry', NEVER);
  check(answer(522), 'retry', NEVER);
  check(answer(999), 'retry', NEVER);
  for (const code of ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'TIMEOUT']) check(fault(code), 'retry', 5);
  for (const code of [
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'UND_ERR_CONNECT_TIMEOUT',
    'CERT_HAS_EXPIRED',
    'UNKNOWN',
  ]) {
    check(fault(code), 'retry', NEVER);
  }
});

test('when an encoding is in doubt', () => {
  check(answer(415), 'reencode', 0, 'zstd');
  check(answer(415), 'reencode', 0, 'gzip');
  check(answer(415), 'held', 0, 'none');
  for (const words of [
    'unsupported encoding zstd',
    'Content-Encoding is not supported',
    'cannot decompress',
  ]) {
    check(answer(400, words), 'reencode', 0, 'zstd');
    check(answer(400, words), 'reencode', 0, 'gzip');
    check(answer(400, words), 'reject', 0, 'none');
  }
  check(answer(400, 'expected value at line 1 column 1'), 'reencode', 0, 'zstd');
  check(answer(400, 'expected value at line 1 column 17'), 'reject', 0, 'zstd');
  const unreadable = 'Error that occur during reading payload: payload reached EOF before completing';
  check(answer(400, unreadable), 'retry', 5, 'zstd');
  check(answer(400, unreadable), 'retry', 5, 'none', false);
  check(answer(400, unreadable), 'reencode', 0, 'zstd', false);
  check(answer(400, unreadable), 'reencode', 0, 'gzip', false);
  check(answer(400, 'anything'), 'reencode', 0, 'zstd', false);
  check(answer(400, 'anything'), 'reject', 0, 'gzip', false);
  check(answer(400, 'anything'), 'reject', 0, 'none', false);
});

describe('the pause', () => {
  test('grows with each failure up to the bound, anywhere below it', () => {
    const longest = (failures: number) => pauseMs(failures, Number.NaN, 30_000, 1);
    expect([1, 2, 3, 4, 7, 8, 50, 2000].map(longest)).toEqual([
      250, 500, 1000, 2000, 16_000, 30_000, 30_000, 30_000,
    ]);
    expect(pauseMs(5, Number.NaN, 30_000, 0)).toBe(0);
    expect(pauseMs(5, Number.NaN, 30_000, 0.5)).toBe(2000);
  });

  test('is never shorter than the server asked, nor longer than the bound', () => {
    expect(pauseMs(1, 2000, 30_000, 0)).toBe(2000);
    expect(pauseMs(1, 2000, 30_000, 0.5)).toBe(2125);
    expect(pauseMs(9, 0, 30_000, 0)).toBe(0);
    expect(pauseMs(1, 3_600_000, 30_000, 0.5)).toBe(30_000);
  });

  test.each([
    ['120', 120_000],
    [' 3 ', 3000],
    ['0', 0],
    ['Fri, 01 Jan 2021 00:00:10 GMT', 10_000],
    ['Fri, 01 Jan 2021 00:00:00 GMT', 0],
    ['Thu, 31 Dec 2020 00:00:00 GMT', 0],
    ['-5', Number.NaN],
    ['1.5', Number.NaN],
    ['soon', Number.NaN],
    ['', Number.NaN],
    ['9'.repeat(400), Number.NaN],
    [undefined, Number.NaN],
  ])('Retry-After: %s', (value, want) => {
    expect(retryAfterMs(value, Date.parse('2021-01-01T00:00:00Z'))).toBe(want);
  });
});
