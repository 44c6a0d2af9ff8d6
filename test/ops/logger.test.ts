import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLogger, type LoggerOptions } from '../../agent/ops/logger.ts';
import { printable, withoutUserInfo } from '../../agent/ops/printable.ts';

function capture(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', format: 'json', write: (line) => lines.push(line), ...options });
  return { log, lines };
}

/** Everything that could act on a terminal or break a line. */
const ACTS = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff]/u;

/** Text full of what acts, which a fair choice among a million characters would hardly ever draw. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\u001b',
      '\u009b',
      '\n',
      '\r',
      '\u007f',
      '\u2028',
      '\u202e',
      '\u200b',
      '\ufeff',
      '\ud800',
      '"',
      '\\',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
});

describe('printable', () => {
  test.each([
    ['plain ä 💥 text', 'plain ä 💥 text'],
    ['a\nb\tc\r', 'a\\u000ab\\u0009c\\u000d'],
    ['\u001b]0;title\u0007', '\\u001b]0;title\\u0007'],
    ['\u009b31m', '\\u009b31m'],
    ['abc\u202edef', 'abc\\u202edef'],
    ['\ud83d!', '\\ud83d!'],
    ['!\udca5', '!\\udca5'],
    ['\u2028\ufeff\u200b\u007f', '\\u2028\\ufeff\\u200b\\u007f'],
  ])('%j', (input, want) => expect(printable(input)).toBe(want));
  test('of JSON is the same JSON', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const line = printable(JSON.stringify({ text }));
        expect(line).not.toMatch(ACTS);
        expect(JSON.parse(line)).toEqual({ text });
      }),
    );
  });
});

test.each([
  ['http://u:p@h:1/x', 'http://[hidden]@h:1/x'],
  ['proxy http://u:p@q@h and https://v@w', 'proxy http://[hidden]@h and https://[hidden]@w'],
  ['mail a@b and http://h/x@y', 'mail a@b and http://h/x@y'],
])('user and password in %s are hidden', (input, want) => expect(withoutUserInfo(input)).toBe(want));

describe('JSON lines', () => {
  test('level as a word, time in ISO form, then the fields and the message', () => {
    const { log, lines } = capture();
    log.info('hello', { file: '/x', count: 3 });
    expect(lines).toHaveLength(1);
    expect(lines[0]?.endsWith('\n')).toBe(true);
    const { time, ...rest } = JSON.parse(lines[0] ?? '');
    expect(rest).toEqual({ level: 'info', message: 'hello', file: '/x', count: 3 });
    expect(new Date(time).toISOString()).toBe(time);
  });
  test('no field can stand in for level, time or message', () => {
    const { log, lines } = capture();
    log.warn('real', { level: 'info', message: 'forged', time: 'never' });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'warn',
      message: 'real',
      message_: 'forged',
      level_: 'info',
    });
    expect(lines[0]?.match(/"message":/g)).toHaveLength(1);
  });
  test('levels below the one that is set are not written', () => {
    const { log, lines } = capture({ level: 'warn' });
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(['c', 'd']);
  });
  test('values that JSON does not know do not stop it', () => {
    const { log, lines } = capture();
    const circle: unknown[] = [];
    circle.push(circle);
    log.info('x', { big: 10n ** 20n, circle, missing: undefined, nothing: null });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ big: '100000000000000000000', nothing: null });
  });
});

describe('errors', () => {
  const error = new Error('cannot send: refused', { cause: new Error('connect ECONNREFUSED') });
  test('are their messages and causes', () => {
    const { log, lines } = capture();
    log.error('x', { error });
    expect(JSON.parse(lines[0] ?? '').error).toBe('cannot send: refused: connect ECONNREFUSED');
  });
  test('show their stack at level debug only', () => {
    const { log, lines } = capture({ level: 'debug' });
    log.error('x', { error });
    expect(JSON.parse(lines[0] ?? '').error).toContain('logger.test.ts');
  });
  test('that are their own cause end', () => {
    const { log, lines } = capture();
    const loop = new Error('a');
    loop.cause = loop;
    log.error('x', { error: loop });
    expect(JSON.parse(lines[0] ?? '').error).toBe('a');
  });
});

describe('text lines', () => {
  test('time, level, message, fields', () => {
    const { log, lines } = capture({ format: 'text' });
    log.warn('cannot reach the server', { url: 'http://h', tries: 3 });
    expect(lines[0]).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z WARN {2}cannot reach the server url="http:\/\/h" tries=3\n$/,
    );
  });
});

describe.each(['json', 'text'] as const)('whatever goes into a %s line', (format) => {
  test('one message is one line and nothing in it acts', () => {
    fc.assert(
      fc.property(hostile, hostile, (message, value) => {
        const { log, lines } = capture({ format });
        log.info(message, { [value]: value, deep: { value } });
        expect(lines).toHaveLength(1);
        expect(lines[0]?.slice(0, -1)).not.toMatch(ACTS);
        expect(lines[0]?.at(-1)).toBe('\n');
      }),
    );
  });
  test('secrets are hidden, in messages, fields, errors and URLs', () => {
    const { log, lines } = capture({ format, secrets: () => ['hunter2', 'quo"te\\d'] });
    log.info('the password is hunter2', {
      deep: { text: 'xhunter2x' },
      error: new Error('hunter2'),
      other: 'quo"te\\d',
      url: 'http://u:other@h',
      password: 'p1',
      Authorization: 'Basic abc',
      apiKey: 'k1',
    });
    expect(lines[0]).not.toMatch(/hunter2|other@|te\\\\d|te\\d|"p1"|abc|"k1"/);
    expect(lines[0]).toContain('[hidden]');
  });
  test('a secret that changes is hidden from then on', () => {
    let secret = 'first-one';
    const { log, lines } = capture({ format, secrets: () => [secret] });
    secret = 'second-one';
    log.info('second-one');
    expect(lines[0]).not.toContain('second-one');
  });
  test('a very short secret does not blank the log', () => {
    const { log, lines } = capture({ format, secrets: () => ['', 'a', 'abc'] });
    log.info('a banana and abc');
    expect(lines[0]).toContain('a banana and abc');
  });
  test('long text is cut', () => {
    const { log, lines } = capture({ format });
    log.info('x'.repeat(1e6), { line: 'y'.repeat(1e6) });
    expect(lines[0]?.length).toBeLessThan(10_000);
  });
});
