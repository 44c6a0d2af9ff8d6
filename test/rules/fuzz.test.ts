import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TetrashipError } from '../../agent/errors.ts';
import { parseDocument } from '../../rules/document.ts';
import { heightOf, normalise } from '../../rules/normal.ts';
import { ExpressionError, formatError, parse } from '../../rules/parse.ts';
import { print } from '../../rules/print.ts';

test('any text is an expression that prints and parses, or has a place that is wrong', () => {
  const token = fc.constantFrom(
    ...['a', 'b-1', '=', '!=', '=%', '!%', '~', '<', '>=', '5', '-1.5', '"x"', '"\\', '\\n"', '(', ')', '!('],
    ...[' and ', ' or ', ' ', '\n', 'AND', '.', '\u0000', '😀'],
  );
  const comparison = fc.constantFrom('a = 5', 'b =% "x"', 'c ~ "^x"', '!(a != 1)', '(a < -1)');
  const text = fc
    .array(fc.oneof({ weight: 3, arbitrary: token }, { weight: 2, arbitrary: comparison }), { maxLength: 12 })
    .map((parts) => parts.join(''));
  let good = 0;
  fc.assert(
    fc.property(text, (input) => {
      try {
        const tree = parse(input);
        good++;
        expect(normalise(tree)).toEqual(tree);
        expect(heightOf(tree)).toBeLessThan(20);
        expect(parse(print(tree))).toEqual(tree);
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
        expect(error.offset).toBeGreaterThanOrEqual(0);
        expect(error.offset).toBeLessThanOrEqual(input.length);
        const [, line = '', caret = ''] = formatError(input, error).split('\n');
        expect(caret.trimStart()).toBe('^');
        expect(caret.length).toBeLessThanOrEqual([...line].length + 1);
      }
    }),
    { numRuns: 5_000 },
  );
  expect(good).toBeGreaterThan(100); // else it tells nothing about printing
});

const GOOD = {
  version: 'v1',
  alerts: [
    {
      name: 'a',
      message: '{x}',
      rule: {
        type: 'composite',
        config: { and: [{ not: { numeric: { column: 'a', operator: '>', value: 1 } } }] },
      },
      targets: [
        { type: 'webhook', endpoint: 'http://h/', headers: { k: 'v' }, repeat: { interval: '1s', times: 1 } },
      ],
    },
    {
      name: 'b',
      message: '',
      rule: {
        type: 'column',
        config: { column: 'a', operator: '~', value: 'x', repeats: 2, ignoreCase: true },
      },
      targets: [{ type: 'alertmanager', endpoint: 'http://h/', username: 'u', password: 'p' }],
    },
  ],
};

/** All places of a document, as paths. */
function paths(value: unknown, at: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, member]) => paths(member, [...at, key]))];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined || typeof value !== 'object' || value === null) return by;
  const entries = Object.entries(value).map(([name, member]) => [
    name,
    name === key ? replaced(member, rest, by) : member,
  ]);
  return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries);
}

test('a document with anything anywhere loads, or is refused in words', () => {
  const anything = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('', 'v1', 'constructor', '__proto__', 'a = 1', '~', '(', 1e308, -0, null, [], {}),
    fc.constantFrom({ and: [] }, { not: 5 }, { type: 'slack' }, { interval: '1s' }, { constructor: 1 }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...paths(GOOD)), anything, (path, value) => {
      try {
        parseDocument(JSON.stringify(replaced(GOOD, path, value)) ?? '', 'rules.json');
      } catch (error) {
        if (!(error instanceof TetrashipError)) throw error;
        expect(error.code).toBe('RULES');
        expect(error.message).toContain('rules.json: ');
        expect(error.message).not.toMatch(/undefined|\[object|must /);
      }
    }),
    { numRuns: 3_000 },
  );
});
