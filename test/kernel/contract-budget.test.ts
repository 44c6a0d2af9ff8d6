/** The column budget. Expected values are written by hand. */

import { describe } from 'vitest';
import { check } from './check.ts';

const raw = String.raw;
const max = (maxColumns: number): { maxColumns: number } => ({ maxColumns });

describe('the column budget', () => {
  check(
    'names beyond it overflow',
    '{"a":1,"b":2,"c":3,"d":"x"}',
    { rows: [raw`{"a":1,"b":2,"overflow":"{\"c\":3,\"d\":\"x\"}"}`], names: ['a', 'b'] },
    max(2),
  );
  check(
    'names within it stay',
    ['{"a":1,"b":2}', '{"c":3,"a":4}', '{"b":5,"a":6}'],
    { rows: ['{"a":1,"b":2}', raw`{"a":4,"overflow":"{\"c\":3}"}`, '{"b":5,"a":6}'], names: ['a', 'b'] },
    max(2),
  );
  check(
    'nothing but overflow',
    ['{"a":1}', '{"b":{"c":1}}'],
    { rows: ['{"a":1}', raw`{"overflow":"{\"b_c\":1}"}`] },
    max(1),
  );
  check(
    'names count as they are sent',
    '{"a":1,"a":2,"x":[{"b":3},{"b":4}]}',
    { rows: [raw`{"a":1,"a__2":2,"x_b":3,"overflow":"{\"x_1_b\":4}"}`], names: ['a', 'a__2', 'x_b'] },
    max(3),
  );
  check(
    'null takes a place',
    '{"a":null,"b":1}',
    { rows: [raw`{"a":null,"overflow":"{\"b\":1}"}`], names: ['a'] },
    max(1),
  );
  check('empty containers take none', '{"a":{},"b":[],"c":1}', { rows: ['{"c":1}'], names: ['c'] }, max(1));
  check(
    'mixed arrays take one',
    '{"x":[{"a":1},{"b":2},3],"c":4}',
    { rows: [raw`{"x":"[{\"a\":1},{\"b\":2},3]","c":4}`], names: ['x', 'c'] },
    max(2),
  );
  check(
    'mixed arrays in one another',
    '{"x":[{"y":[{"a":1},2],"b":3}],"c":4}',
    { rows: [raw`{"x_y":"[{\"a\":1},2]","x_b":3,"overflow":"{\"c\":4}"}`], names: ['x_y', 'x_b'] },
    max(2),
  );
  check(
    'overflowed names are taken',
    '{"a":0,"b":1,"b":2}',
    raw`{"a":0,"overflow":"{\"b\":1,\"b__2\":2}"}`,
    max(1),
  );
  check(
    "the server's names do not count, their numbered ones do",
    '{"p_format":1,"a":2}',
    { rows: [raw`{"p_format__2":1,"overflow":"{\"a\":2}"}`], names: ['p_format__2'] },
    max(1),
  );
  check(
    'refused lines take nothing',
    ['{"a":1', '{"b":2}', '[{"c":3}]'],
    { rows: ['{"b":2}'], rejects: ['invalid_json', 'not_object'], names: ['b'] },
    max(1),
  );
  check(
    'dropped columns take nothing',
    ['{"a":1,"b":2}', '{"a":1,"c":3}'],
    { rows: ['{"b":2}', raw`{"overflow":"{\"c\":3}"}`], names: ['b'] },
    { ...max(1), dropColumns: ['a'] },
  );
  check(
    'redacted columns take a place',
    '{"a":1,"b":2}',
    { rows: [raw`{"a":"[redacted]","overflow":"{\"b\":2}"}`], names: ['a'] },
    { ...max(1), redactColumns: ['a'] },
  );
  const exclude = { string: { column: 'k', operator: 'exact', value: 'no' } } as const;
  check(
    'filtered events take nothing',
    ['{"k":"no","a":1}', '{"k":"no","b":1}', '{"c":3,"k":"yes"}'],
    { rows: ['{"c":3,"k":"yes"}'], filteredEvents: 2, names: ['c', 'k'] },
    max(2),
    { filters: { exclude } },
  );
  check(
    'added columns take a place first',
    ['{"a":1,"b":2}'],
    { rows: [raw`{"a":1,"overflow":"{\"b\":2}","z":"1"}`], names: ['z', 'a'] },
    { ...max(2), addColumns: [['z', '1']] },
  );
  check(
    'added columns alone',
    '{"a":1}',
    { rows: [raw`{"overflow":"{\"a\":1}","y":"1","z":"2"}`], names: ['y', 'z'] },
    {
      ...max(2),
      addColumns: [
        ['y', '1'],
        ['z', '2'],
      ],
    },
  );
});

describe('names that the dataset has', () => {
  check(
    'count and are allowed',
    '{"a":1,"b":2,"x":3}',
    { rows: [raw`{"a":1,"x":3,"overflow":"{\"b\":2}"}`], names: ['x', 'y', 'a'] },
    max(3),
    { names: ['x', 'y'] },
  );
  check(
    'may be more than the budget',
    '{"a":1,"z":2,"x":3}',
    { rows: [raw`{"z":2,"x":3,"overflow":"{\"a\":1}"}`], names: ['x', 'y', 'z'] },
    max(2),
    { names: ['x', 'y', 'z'] },
  );
  check(
    'with escapes',
    raw`{"q\"":1,"é\n":2,"c":3}`,
    { rows: [raw`{"q\"":1,"é\n":2,"overflow":"{\"c\":3}"}`], names: ['q"', 'é\n'] },
    max(2),
    { names: ['q"', 'é\n'] },
  );
  check(
    'the added ones come after',
    '{"x":1,"a":2}',
    { rows: [raw`{"x":1,"overflow":"{\"a\":2}","z":"1"}`], names: ['x', 'z'] },
    { ...max(2), addColumns: [['z', '1']] },
    { names: ['x'] },
  );
  check(
    'an added one among them counts once',
    '{"x":1,"a":2}',
    { rows: ['{"x":1,"a":2,"z":"1"}'], names: ['z', 'x', 'a'] },
    { ...max(3), addColumns: [['z', '1']] },
    { names: ['z', 'x'] },
  );
  check(
    'frozen: no further name',
    ['{"a":1,"b":2}', '{"b":3}'],
    { rows: [raw`{"a":1,"overflow":"{\"b\":2}"}`, raw`{"overflow":"{\"b\":3}"}`], names: ['a'] },
    {},
    { names: ['a'], frozen: true },
  );
  check(
    'frozen: added columns all the same',
    '{"a":1}',
    { rows: [raw`{"overflow":"{\"a\":1}","z":"1"}`], names: ['z'] },
    { addColumns: [['z', '1']] },
    { frozen: true },
  );
});

describe('bytes of names', () => {
  const name = (i: number, bytes: number): string => String(i).padEnd(bytes, 'x');
  const event = (...sizes: number[]): string =>
    `{${sizes.map((bytes, i) => `"${name(i, bytes)}":0`).join(',')}}`;
  const full: number[] = Array.from({ length: 256 }, () => 1024);
  const options = { maxLineBytes: 512 * 1024 };
  check('256 KiB are fine', event(...full), event(...full), options);
  check(
    'one more is not',
    `${event(...full).slice(0, -1)},"z":1}`,
    `${event(...full).slice(0, -1)},"overflow":"{\\"z\\":1}"}`,
    options,
  );
  const nearly = event(...full.slice(1));
  const then = (key: string, written: string, fits: boolean): void => {
    const overflow = `,"overflow":"${`{"${written}":1}`.replace(/["\\]/g, '\\$&')}"}`;
    check(
      `${written.length} bytes as written ${fits ? 'fit' : 'do not fit'}: ${key.slice(-8)}`,
      `${nearly.slice(0, -1)},"${key}":1}`,
      `${nearly.slice(0, -1)}${fits ? `,"${written}":1}` : overflow}`,
      options,
    );
  };
  then('y'.repeat(1024), 'y'.repeat(1024), true);
  then('y'.repeat(1025), 'y'.repeat(1025), false);
  then(raw`${'y'.repeat(1018)}\u0001`, raw`${'y'.repeat(1018)}\u0001`, true);
  then(raw`${'y'.repeat(1019)}\u0001`, raw`${'y'.repeat(1019)}\u0001`, false);
  then(raw`${'y'.repeat(1022)}\u0022`, raw`${'y'.repeat(1022)}\"`, true);
  then(raw`${'y'.repeat(1023)}\u0022`, raw`${'y'.repeat(1023)}\"`, false);
  then(raw`\u0061${'y'.repeat(1023)}`, `a${'y'.repeat(1023)}`, true);
  check(
    'two bytes of a character count',
    `${nearly.slice(0, -1)},"é${'y'.repeat(1023)}":1,"é${'y'.repeat(1022)}":2}`,
    `${nearly.slice(0, -1)},"é${'y'.repeat(1022)}":2,"overflow":"{\\"é${'y'.repeat(1023)}\\":1}"}`,
    options,
  );
  check(
    'a later, smaller name may fit',
    `${nearly.slice(0, -1)},"${'y'.repeat(1025)}":1,"a":2}`,
    `${nearly.slice(0, -1)},"a":2,"overflow":"{\\"${'y'.repeat(1025)}\\":1}"}`,
    options,
  );
});
