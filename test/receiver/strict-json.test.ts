import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrict } from './strict-json.ts';

function check(text: string, want: 'good' | RegExp): void {
  const result = parseStrict(Buffer.from(text, 'utf8'));
  const got = result.ok ? 'good' : result.reason;
  if (want === 'good') expect(got, text).toBe('good');
  else expect(got, text).toMatch(want);
}

describe('strict JSON', () => {
  test('refuses what serde_json refuses', () => {
    check('', /EOF while parsing/);
    check(' ', /JSON/);
    check('{"a":1,"a":2}', /duplicate key "a"/);
    check('{"a":1,"\\u0061":2}', /duplicate key "a"/);
    check('[{"x":{"k":1,"o":{},"k":2}}]', /duplicate key "k"/);
    check('{"a":[{"b":1},{"b":2}],"a" :3}', /duplicate key "a"/);
    check('{"a":"\\ud800"}', /hex escape/);
    check('{"a":"\\ud800\\u0041"}', /hex escape/);
    check('{"a":"\\ud800x\\udc00"}', /hex escape/);
    check('{"a":"\\udc00"}', /surrogate/);
    check('{"\\uDFFF":1}', /surrogate/);
    check('[1e400]', /out of range/);
    check('[-1E+400]', /out of range/);
    check(`[${'9'.repeat(400)}]`, /out of range/);
    check('\ufeff{}', /token/);
    check(`${'['.repeat(128)}${']'.repeat(128)}`, /recursion/);
    check('{"a":1,}', /JSON/);
  });

  test('takes what serde_json takes', () => {
    check('{"a":{"k":1},"b":{"k":1},"k":[{"k":1},{"k":2}]}', 'good');
    check('{"a":"\\ud83d\\ude00 \\\\ud800 \\" \\\\\\\\"}', 'good');
    check('{"a":"b","b":"a","c":"\\":{\\"a\\":1,\\"a\\":2}"}', 'good');
    check('[1e-400, -0, 18446744073709551616, 1.7976931348623157e308]', 'good');
    check(`${'['.repeat(127)}${']'.repeat(127)}`, 'good');
    check(' [ { "a" : "é😀" } ] \n', 'good');
  });

  test('refuses bytes that are not UTF-8', () => {
    for (const hex of ['22ff22', '22c080 22', '22eda08022', '22f490808022', '22e282']) {
      const result = parseStrict(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
      expect(result, hex).toEqual({ ok: false, reason: 'invalid unicode code point' });
    }
  });

  test('takes any value that JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }), (value) => {
        const text = JSON.stringify(value);
        expect(parseStrict(Buffer.from(text))).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  test('finds a duplicate of any key wherever it stands', () => {
    const keys = fc.uniqueArray(fc.string({ unit: 'grapheme', maxLength: 6 }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(keys, fc.nat(), fc.jsonValue({ maxDepth: 2 }), (names, pick, inner) => {
        const twice = names[pick % names.length] ?? '';
        const members = [...names, twice].map((name) => `${JSON.stringify(name)}:${JSON.stringify(inner)}`);
        const text = `[{"wrap":{${members.join(' , ')}}}]`;
        expect(parseStrict(Buffer.from(text)), text).toMatchObject({ ok: false });
      }),
    );
  });
});
