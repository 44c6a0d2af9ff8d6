import { describe, expect, test } from 'vitest';
import {
  boolean,
  choice,
  duration,
  formatBytes,
  formatDuration,
  integer,
  type Kind,
  list,
  listOrNone,
  pairs,
  path,
  size,
  text,
  Unacceptable,
} from '../../agent/config/values.ts';
import { address, proxyUrl, url } from '../../agent/config/values-network.ts';

/** A string as `want` is the reason of the refusal. */
function check<T>(kind: Kind<T>, input: string, want: { is: T } | { refused: string }): void {
  if ('is' in want) {
    expect(kind.parse(input)).toEqual(want.is);
    return;
  }
  expect(() => kind.parse(input)).toThrow(Unacceptable);
  expect(() => kind.parse(input)).toThrow(want.refused);
}

describe('sizes', () => {
  const kind = size(1024, 8 * 1024 ** 3, '2MiB');
  test.each([
    ['1024', 1024],
    ['1024B', 1024],
    ['1KiB', 1024],
    ['64 KiB', 65_536],
    ['1.5MiB', 1_572_864],
    ['2mib', 2_097_152],
    ['8GiB', 8 * 1024 ** 3],
  ])('%s', (input, is) => check(kind, input, { is }));
  test.each([
    ['', 'not a size'],
    ['2 cows', 'not a size'],
    ['2MB', 'not a size'],
    ['2Mi', 'not a size'],
    ['-1KiB', 'not a size'],
    ['1e6', 'not a size'],
    ['0x1000', 'not a size'],
    ['1 KiB 2', 'not a size'],
    ['1024.5', 'not a whole number'],
    ['1023', 'too small'],
    ['9GiB', 'too large'],
    [`${'9'.repeat(400)}GiB`, 'not a whole number'],
  ])('%s is refused', (input, refused) => check(kind, input, { refused }));
  test('says its limits', () => expect(kind.accepts).toBe('a size from 1KiB to 8GiB'));
});

describe('times', () => {
  const kind = duration(10, 3_600_000, '1s');
  test.each([
    ['10ms', 10],
    ['1.5s', 1500],
    ['1m', 60_000],
    ['1m30s', 90_000],
    ['1h', 3_600_000],
    ['0.25s', 250],
  ])('%s', (input, is) => check(kind, input, { is }));
  test.each([
    ['30', 'unit is missing'],
    ['0', 'unit is missing'],
    ['', 'not a time'],
    ['1 s', 'not a time'],
    ['1d', 'not a time'],
    ['-1s', 'not a time'],
    ['s', 'not a time'],
    ['9ms', 'too small'],
    ['61m', 'too large'],
  ])('%s is refused', (input, refused) => check(kind, input, { refused }));
  test('says its limits', () => expect(kind.accepts).toBe('a time from 10ms to 1h'));
});

describe('other scalars', () => {
  test.each([
    ['true', true],
    ['1', true],
    ['YES', true],
    ['on', true],
    ['false', false],
    ['0', false],
    ['No', false],
    ['off', false],
  ])('boolean %s', (input, is) => check(boolean(), input, { is }));
  test.each(['', 'maybe', '2', 'truee', ' true'])('boolean %j is refused', (input) =>
    check(boolean(), input, { refused: 'neither' }),
  );
  test('whole numbers', () => {
    const kind = integer(1, 64, '4');
    check(kind, '1', { is: 1 });
    check(kind, '64', { is: 64 });
    check(kind, '0', { refused: 'too small' });
    check(kind, '65', { refused: 'too large' });
    for (const input of ['', '4.0', '-4', '4x', '1e1', ' 4'])
      check(kind, input, { refused: 'not a whole number' });
  });
  test('one of a few words, in their spelling', () => {
    const kind = choice('zstd', 'gzip', 'none');
    check(kind, 'gzip', { is: 'gzip' });
    check(kind, 'GZIP', { refused: 'not one of the words' });
    expect(kind.accepts).toBe('`zstd`, `gzip` or `none`');
    expect(choice('block').accepts).toBe('only `block`');
  });
  test('paths become absolute and hold no NUL', () => {
    check(path('', ''), '/var/lib//x/', { is: '/var/lib/x' });
    check(path('', ''), 'state', { is: `${process.cwd()}/state` });
    check(path('', ''), 'a\0b', { refused: 'NUL' });
  });
});

describe('lists', () => {
  const word = text('words', /^[a-z]+$/, 'one');
  test('items between commas', () => {
    check(list(word, 3, 'words'), ' a, b ,c,', { is: ['a', 'b', 'c'] });
    check(list(word, 3, 'words'), 'a,b,c,d', { refused: 'too many' });
    check(list(word, 3, 'words'), ' , ', { refused: 'empty' });
    check(list(word, 3, 'words'), 'a,B', { refused: 'not that' });
    check(list(word, 3, 'words'), 'none', { is: ['none'] });
    check(listOrNone(word, 3, 'words'), 'none', { is: [] });
    check(listOrNone(word, 3, 'words'), 'a', { is: ['a'] });
  });
  test('pairs', () => {
    const kind = pairs(word, text('text', /^.{0,5}$/, ''), 2, 'a=b');
    check(kind, 'a=1, b = x=y', {
      is: [
        ['a', '1'],
        ['b', 'x=y'],
      ],
    });
    check(kind, 'a=', { is: [['a', '']] });
    check(kind, 'a', { refused: 'not name=value' });
    check(kind, '=a', { refused: 'not name=value' });
    check(kind, 'A=1', { refused: 'not that' });
    check(kind, 'a=123456', { refused: 'not that' });
    check(kind, 'a=1,a=2', { refused: 'stands twice' });
    check(kind, 'a=1,b=2,c=3', { refused: 'too many' });
  });
});

describe('places on the network', () => {
  test.each([
    ['http://parseable:8000', 'http://parseable:8000'],
    ['https://p.example.org/base//', 'https://p.example.org/base'],
    ['http://[::1]:8000/', 'http://[::1]:8000'],
  ])('%s', (input, is) => check(url(''), input, { is }));
  test.each([
    ['parseable:8000', 'not http or https'],
    ['', 'not a URL'],
    ['http://', 'not a URL'],
    ['ftp://x', 'not http or https'],
    ['file:///etc/passwd', 'not http or https'],
    ['http://user@x', 'holds a user'],
    ['http://:secret@x', 'holds a user'],
    ['http://x/?a=1', 'query'],
    ['http://x/#a', 'fragment'],
  ])('%s is refused', (input, refused) => check(url(''), input, { refused }));
  test('a proxy may hold credentials', () => {
    check(proxyUrl(''), 'http://u:p@proxy:3128', { is: 'http://u:p@proxy:3128/' });
    check(proxyUrl(''), 'socks5://proxy', { refused: 'not http or https' });
  });
  test.each([
    ['0.0.0.0:9880', { host: '0.0.0.0', port: 9880 }],
    [':0', { host: '0.0.0.0', port: 0 }],
    ['[::]:65535', { host: '::', port: 65_535 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
  ])('address %s', (input, is) => check(address(''), input, { is }));
  test.each([
    ['9880', 'not host:port'],
    ['localhost', 'not host:port'],
    ['::1:9880', 'not host:port'],
    ['x:65536', 'too large'],
    ['x:-1', 'not host:port'],
    ['x y:1', 'not host:port'],
    ['http://x:1', 'not host:port'],
  ])('address %s is refused', (input, refused) => check(address(''), input, { refused }));
});

test('numbers are printed in the largest unit that divides them', () => {
  expect([0, 1, 1023, 1024, 1536, 1024 ** 2, 3 * 1024 ** 3].map(formatBytes)).toEqual([
    '0B',
    '1B',
    '1023B',
    '1KiB',
    '1536B',
    '1MiB',
    '3GiB',
  ]);
  expect([0, 1, 999, 1000, 90_000, 60_000, 7_200_000].map(formatDuration)).toEqual([
    '0s',
    '1ms',
    '999ms',
    '1s',
    '90s',
    '1m',
    '2h',
  ]);
});
