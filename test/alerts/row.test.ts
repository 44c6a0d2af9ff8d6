import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ColumnReader } from '../../agent/alerts/row.ts';
import { Template } from '../../agent/alerts/template.ts';
import { MAX_MESSAGE_BYTES } from '../../agent/limits.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function check(template: string, row: string, want: string): void {
  expect(new Template(template).render(bytes(row)), row).toBe(want);
}

describe('messages', () => {
  test('values as text', () => {
    check('pod {pod}', '{"pod":"a-1"}', 'pod a-1');
    check('{n}', '{"n":4294967295}', '4294967295');
    check('{n}', '{"n":-1.50e+3}', '-1.50e+3');
    check('{n}', '{"n":12345678901234567890}', '12345678901234567890');
    check('{t} {f}', '{"t":true,"f":false}', 'true false');
    check('{s}', String.raw`{"s":"a\"\\\n\u00e9\ud83d\ude00/é"}`, 'a"\\\né😀/é');
    check('{j}', String.raw`{"j":"[{\"a\":1}]"}`, '[{"a":1}]');
    check('{s}', '{"s":""}', '');
  });

  test('what is not there leaves the placeholder', () => {
    check('pod {pod}', '{"pop":"a"}', 'pod {pod}');
    check('pod {pod}', '{"pod":null}', 'pod {pod}');
    check('pod {pod}', '{}', 'pod {pod}');
    check('{} {', '{"":1}', '{} {');
  });

  test('placeholders', () => {
    check('{a}{b}{a}', '{"x":0,"b":2,"a":1}', '121');
    check('{"text": "{a}"}', '{"a":1}', '{"text": "1"}');
    check('a } {a}', '{"a":1}', 'a } 1');
    check('{a.b/c}', '{"a.b/c":1}', '1');
    check('{a"b}', String.raw`{"a\"b":1}`, '1');
    check('{größe}', '{"größe":1}', '1');
    check('{a\u0001}', '{"a\\u0001":1}', '1');
    check('none', '{"a":1}', 'none');
    check('', '{"a":1}', '');
  });

  test('a value brings no placeholder of its own', () => {
    check('{a} {b}', '{"a":"{b}","b":"secret"}', '{b} secret');
    check('{a}', '{"a":"$& $1 {a}"}', '$& $1 {a}');
  });

  test('rows that are none never throw', () => {
    for (const row of [
      '',
      '{',
      '{"',
      '{"a',
      '{"a"',
      '{"a":',
      '{"a":"',
      '{"a":"x',
      '{"a":1',
      '[1]',
      '{"a" :1}',
      '{"a":"\\x"}',
    ]) {
      check('{a}', row, '{a}');
    }
  });

  test('a view into a larger memory', () => {
    const memory = bytes('....{"a":"x"}....');
    expect(new Template('{a}').render(memory.subarray(4, 13))).toBe('x');
  });

  test('a message is bounded, and never cut within a character', () => {
    for (const value of [
      'x'.repeat(100_000),
      'é'.repeat(50_000),
      `x${'😀'.repeat(9_000)}`,
      '"'.repeat(40_000),
      '\u0001'.repeat(40_000),
    ]) {
      const message = new Template('<{a}>').render(bytes(JSON.stringify({ a: value })));
      expect(message.isWellFormed()).toBe(true);
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
      expect(Buffer.byteLength(message)).toBeGreaterThan(MAX_MESSAGE_BYTES - 8);
      expect(message.endsWith(' …')).toBe(true);
      expect(`<${value}>`.startsWith(message.slice(0, -2))).toBe(true);
    }
    const fits = 'x'.repeat(MAX_MESSAGE_BYTES);
    check('{a}', JSON.stringify({ a: fits }), fits);
  });

  test('a value cut within a surrogate pair of escapes', () => {
    for (let shift = 0; shift < 12; shift++) {
      const row = `{"a":"${'x'.repeat(shift)}${'\\ud83d\\ude00'.repeat(20_000)}"}`;
      const message = new Template('{a}').render(bytes(row));
      expect(message.isWellFormed()).toBe(true);
      expect(message).toMatch(/^x*(?:😀)+ …$/u);
    }
  });
});

test('a long value is cut near its bound, between characters', () => {
  for (const text of ['é'.repeat(500), '長'.repeat(500), '😀'.repeat(500), 'x"'.repeat(500)]) {
    for (let shift = 0; shift < 4; shift++) {
      const value = 'x'.repeat(shift) + text;
      const [got = ''] = new ColumnReader(['a'], 10).read(bytes(JSON.stringify({ a: value })));
      expect(value.startsWith(got)).toBe(true);
      expect(Buffer.byteLength(got)).toBeGreaterThan(9);
      expect(Buffer.byteLength(got)).toBeLessThan(70);
    }
  }
});

test('against JSON.parse on random rows', () => {
  const name = fc.oneof(
    fc.constantFrom('a', 'b', 'a"', '\\', 'é', '\u0000'),
    fc.string({ unit: 'grapheme' }),
  );
  const value = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.stringMatching(/^["\\,:{}]{0,10}$/),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  );
  fc.assert(
    fc.property(fc.dictionary(name, value), fc.uniqueArray(name, { maxLength: 5 }), (row, wanted) => {
      const want = wanted.map((column) => {
        const found = Object.hasOwn(row, column) ? row[column] : null;
        return found === null || found === undefined ? undefined : String(found);
      });
      expect(new ColumnReader(wanted, 1_000).read(bytes(JSON.stringify(row)))).toEqual(want);
    }),
    { numRuns: 2_000 },
  );
});
