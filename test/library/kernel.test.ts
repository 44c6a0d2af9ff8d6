import { expect, test } from 'vitest';
import { createFlattener } from '../../agent/library/kernel.ts';
import { parse, print } from '../../agent/library/rules.ts';

test('rows, rejects with their places, matches; names are remembered', async () => {
  const flattener = await createFlattener({ conditions: [{ expression: parse('a_b > 1') }] });
  const found = flattener.flatten('{"a":{"b":1}}\nno\n{"a":{"b":2}}');
  expect(found).toEqual({
    rows: ['{"a_b":1}', '{"a_b":2}'],
    rejects: [{ reason: 'invalid_json', offset: 14, length: 3 }],
    matches: [{ condition: 0, kind: 'match', row: '{"a_b":2}' }],
  });
  expect(flattener.flatten('')).toEqual({ rows: [], rejects: [], matches: [] });
  expect(flattener.columns).toEqual(['a_b']);
});

test('long lines, too long ones, and more than a slot holds', async () => {
  const flattener = await createFlattener();
  const long = `{"a":"${'x'.repeat(800_000)}"}`;
  const tooLong = `{"a":"${'y'.repeat(2_000_000)}"}`;
  const found = flattener.flatten(
    [long, tooLong, ...Array(5000).fill(`{"b":"${'z'.repeat(500)}"}`)].join('\n'),
  );
  expect(found.rows).toHaveLength(5001);
  expect(found.rows[0]).toBe(long);
  expect(found.rejects).toEqual([
    { reason: 'too_long', offset: long.length + 1, length: tooLong.length + 1 },
  ]);
});

test('what is printed is parsed as the same', () => {
  const expression = parse('a = 1 and (b =% "x" or !(c ~ "^y"))');
  expect(parse(print(expression))).toEqual(expression);
});
