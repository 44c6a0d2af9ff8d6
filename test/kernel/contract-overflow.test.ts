/** The column `overflow`, and type changes. Expected values are written by hand. */

import { describe } from 'vitest';
import { check } from './check.ts';

const raw = String.raw;
const max = (maxColumns: number): { maxColumns: number } => ({ maxColumns });

describe('the column overflow', () => {
  check(
    'stands after the columns and before the added ones',
    ['{"a":1}', '{"b":2,"a":3}'],
    { rows: ['{"a":1,"z":"1"}', raw`{"a":3,"overflow":"{\"b\":2}","z":"1"}`] },
    { ...max(2), addColumns: [['z', '1']] },
  );
  check(
    'keeps all kinds of values',
    '{"k":0,"a":"","b":null,"c":true,"d":1.50E1,"e":"é😀"}',
    raw`{"k":0,"overflow":"{\"a\":\"\",\"b\":null,\"c\":true,\"d\":1.50E1,\"e\":\"é😀\"}"}`,
    max(1),
  );
  check(
    'escapes escapes',
    raw`{"k":0,"b\"":"x\"\\\n\u0041"}`,
    raw`{"k":0,"overflow":"{\"b\\\"\":\"x\\\"\\\\\\n\\u0041\"}"}`,
    max(1),
  );
  check(
    'escapes names minimally first',
    raw`{"k":0,"\u0062\u0001\/":1}`,
    raw`{"k":0,"overflow":"{\"b\\u0001/\":1}"}`,
    max(1),
  );
  check(
    'holds JSON text as a string',
    raw`{"k":0,"a":["x\"y"]}`,
    raw`{"k":0,"overflow":"{\"a\":\"[\\\"x\\\\\\\"y\\\"]\"}"}`,
    max(1),
  );
  check('without the dropped', '{"k":0,"a":1,"b":2}', raw`{"k":0,"overflow":"{\"b\":2}"}`, {
    ...max(1),
    dropColumns: ['a'],
  });
  check('not there when all in it is dropped', '{"k":0,"a":1,"b":2}', '{"k":0}', {
    ...max(1),
    dropColumns: ['a', 'b'],
  });
  check(
    'with the redacted',
    '{"k":0,"a":1,"b":2}',
    raw`{"k":0,"overflow":"{\"a\":\"[redacted]\",\"b\":2}"}`,
    { ...max(1), redactColumns: ['a'] },
  );
  check('is not dropped or redacted itself', '{"k":0,"a":1}', raw`{"k":0,"overflow":"{\"a\":1}"}`, {
    ...max(1),
    dropColumns: ['overflow'],
    redactColumns: ['over*'],
  });
});

describe("an event's own overflow", () => {
  check(
    'is a column that does not count',
    ['{"overflow":1,"a":2}', '{"a":3,"overflow":"x"}'],
    { rows: ['{"overflow":1,"a":2}', '{"a":3,"overflow":"x"}'], names: ['a'] },
    max(1),
  );
  check(
    "comes first, the agent's is numbered",
    '{"overflow":5,"a":1,"b":2}',
    { rows: [raw`{"overflow":5,"a":1,"overflow__2":"{\"b\":2}"}`], names: ['a'] },
    max(1),
  );
  check(
    'after what overflows',
    '{"a":1,"b":2,"overflow":5}',
    raw`{"a":1,"overflow":5,"overflow__2":"{\"b\":2}"}`,
    max(1),
  );
  check(
    'twice',
    '{"overflow":1,"overflow":2,"a":3,"b":4}',
    { rows: [raw`{"overflow":1,"overflow__2":2,"overflow__3":"{\"a\":3,\"b\":4}"}`], names: ['overflow__2'] },
    max(1),
  );
  check(
    'twice, the second overflows',
    '{"a":0,"overflow":1,"overflow":2}',
    { rows: [raw`{"a":0,"overflow":1,"overflow__3":"{\"overflow__2\":2}"}`], names: ['a'] },
    max(1),
  );
  check(
    'an object of this name is none',
    '{"a":0,"overflow":{"b":1}}',
    raw`{"a":0,"overflow":"{\"overflow_b\":1}"}`,
    max(1),
  );
  check(
    'while frozen',
    '{"overflow":1,"a":2}',
    { rows: [raw`{"overflow":1,"overflow__2":"{\"a\":2}"}`], names: [] },
    {},
    { frozen: true },
  );
  check(
    'dropped, but its name is taken',
    '{"a":0,"overflow":1,"b":2}',
    raw`{"a":0,"overflow__2":"{\"b\":2}"}`,
    { ...max(1), dropColumns: ['overflow'] },
  );
  check(
    'as an added column',
    '{"a":1}',
    raw`{"overflow__2":"{\"a\":1}","overflow":"z"}`,
    { addColumns: [['overflow', 'z']] },
    { frozen: true },
  );
  check(
    'as an added column and in the event',
    '{"overflow":1,"a":2}',
    raw`{"overflow__3":"{\"overflow__2\":1,\"a\":2}","overflow":"z"}`,
    { addColumns: [['overflow', 'z']] },
    { frozen: true },
  );
});

describe('type changes', () => {
  const change = (title: string, lines: readonly string[], typeChanges: number, options = {}): void => {
    check(title, lines, { rows: lines, typeChanges }, options);
  };
  change('none', ['{"a":1,"b":"x","c":true}', '{"a":-2.5,"b":"y","c":false}'], 0);
  change('each counts', ['{"a":1}', '{"a":"x"}', '{"a":"y"}', '{"a":true}', '{"a":2}'], 3);
  change('null is no type', ['{"a":null}', '{"a":1}', '{"a":null}', '{"a":2}', '{"a":null}', '{"a":"x"}'], 1);
  change('each column has its own', ['{"a":1,"b":"x"}', '{"a":"x","b":1}', '{"b":"x"}'], 3);
  check('JSON text is a string', ['{"a":"x"}', '{"a":[1]}', '{"a":1}'], {
    rows: ['{"a":"x"}', '{"a":"[1]"}', '{"a":1}'],
    typeChanges: 1,
  });
  check('duplicates are two columns', '{"a":1,"a":"x"}', { rows: ['{"a":1,"a__2":"x"}'], typeChanges: 0 });
  check(
    'not in overflow',
    ['{"k":0}', '{"a":1}', '{"a":"x"}'],
    { rows: ['{"k":0}', raw`{"overflow":"{\"a\":1}"}`, raw`{"overflow":"{\"a\":\"x\"}"}`], typeChanges: 0 },
    max(1),
  );
  check(
    'not when dropped',
    ['{"a":1}', '{"a":"x"}'],
    { rows: ['{}', '{}'], typeChanges: 0 },
    { dropColumns: ['a'] },
  );
  check(
    'redacted values are strings',
    ['{"a":1}', '{"a":"x"}', '{"a":null}', '{"a":true}'],
    { rows: Array.from({ length: 4 }, () => '{"a":"[redacted]"}'), typeChanges: 0 },
    { redactColumns: ['a'] },
  );
  const include = { numeric: { column: 'k', operator: 'equalTo', value: 1 } } as const;
  check(
    'not in filtered events',
    ['{"k":1,"a":1}', '{"k":2,"a":"x"}', '{"k":1,"a":2}'],
    { rows: ['{"k":1,"a":1}', '{"k":1,"a":2}'], filteredEvents: 1, typeChanges: 0 },
    {},
    { filters: { include } },
  );
  check(
    'of names that the dataset has',
    ['{"a":1}', '{"a":"x"}'],
    { rows: ['{"a":1}', '{"a":"x"}'], typeChanges: 1 },
    {},
    { names: ['a'] },
  );
});
