/** Scalars and objects, and what is added, dropped or redacted. Expected values are written by hand. */

import { describe } from 'vitest';
import { check } from './check.ts';

const raw = String.raw;

describe('scalars are copied byte for byte', () => {
  check(
    'numbers',
    '{"a":0,"b":-0,"c":1.50,"d":1E+2,"e":1e-07,"f":18446744073709551616,"g":1e400,"h":-0.0e0}',
    '{"a":0,"b":-0,"c":1.50,"d":1E+2,"e":1e-07,"f":18446744073709551616,"g":1e400,"h":-0.0e0}',
  );
  check('literals', '{"a":true,"b":false,"c":null}', '{"a":true,"b":false,"c":null}');
  check(
    'escapes',
    raw`{"a":"\u0041\/\"\\\b\f\n\r\t\u001F\u00e9"}`,
    raw`{"a":"\u0041\/\"\\\b\f\n\r\t\u001F\u00e9"}`,
  );
  check(
    'characters',
    '{"a":"é 日本 😀 \u2028\u2029\u007f\u0080"}',
    '{"a":"é 日本 😀 \u2028\u2029\u007f\u0080"}',
  );
  check('the empty string', '{"a":""}', '{"a":""}');
  check('white space in strings stays', '{ "a b" : " x  y " }', '{"a b":" x  y "}');
  check(
    'what looks like structure in strings',
    raw`{"a":"{\"b\":[1,2]}","c":"}],:"}`,
    raw`{"a":"{\"b\":[1,2]}","c":"}],:"}`,
  );
  check(
    'a long string with everything at every alignment',
    `{"a":"${'xé"\\'.replace('"', '\\"').replace(/\\$/, '\\\\').repeat(97)}"}`,
    `{"a":"${'xé\\"\\\\'.repeat(97)}"}`,
  );
});

describe('objects', () => {
  check(
    'names are joined',
    '{"process_exit":{"process":{"binary":"/usr/bin/wget"}}}',
    '{"process_exit_process_binary":"/usr/bin/wget"}',
  );
  check(
    'columns stand in order of appearance',
    '{"z":1,"a":{"z":2,"a":3},"m":4}',
    '{"z":1,"a_z":2,"a_a":3,"m":4}',
  );
  check(
    'an event without columns',
    ['{}', '{ }', '{"a":{}}', '{"a":[]}', '{"a":{"b":{"c":[ ]}}}', '{"a":[{},{}]}', '{"a":[{"b":[]}]}'],
    { rows: ['{}', '{}', '{}', '{}', '{}', '{}', '{}'], names: [] },
  );
  check('empty containers beside columns', '{"a":{},"b":1,"c":[],"d":{"e":{}}}', '{"b":1}');
});

describe('added columns', () => {
  const add = (
    ...addColumns: (readonly [string, string])[]
  ): { addColumns: (readonly [string, string])[] } => ({ addColumns });
  check(
    'come last, in their order',
    ['{"a":1}', '{}'],
    { rows: ['{"a":1,"z":"1","b":"2"}', '{"z":"1","b":"2"}'], names: ['z', 'b', 'a'] },
    add(['z', '1'], ['b', '2']),
  );
  check('are escaped', '{"a":1}', raw`{"a":1,"c\"d":"x\"\\\n\u0001é/"}`, add(['c"d', 'x"\\\n\u0001é/']));
  check('win over the event', '{"a":1,"b":2}', '{"a__2":1,"b":2,"a":"z"}', add(['a', 'z']));
  check('win over a joined name', '{"a":{"b":1}}', '{"a_b__2":1,"a_b":"z"}', add(['a_b', 'z']));
  check('win over a JSON text', '{"a":[1]}', '{"a__2":"[1]","a":"z"}', add(['a', 'z']));
  check('take numbered names too', '{"a":1,"a":2}', '{"a":1,"a__3":2,"a__2":"z"}', add(['a__2', 'z']));
  check(
    'with @ rewritten',
    ['{"@a":1}', '{"_a":1}'],
    { rows: ['{"_a__2":1,"_a":"z"}', '{"_a__2":1,"_a":"z"}'], names: ['_a', '_a__2'] },
    add(['@a', 'z']),
  );
  check(
    'several in the way',
    '{"a":1,"a":2}',
    '{"a__3":1,"a__4":2,"a":"y","a__2":"z"}',
    add(['a', 'y'], ['a__2', 'z']),
  );
});

describe('dropped columns', () => {
  const drop = (...dropColumns: string[]): { dropColumns: string[] } => ({ dropColumns });
  check(
    'by name',
    '{"a":1,"ab":2,"b":{"a":3}}',
    { rows: ['{"ab":2,"b_a":3}'], names: ['ab', 'b_a'] },
    drop('a'),
  );
  check('by the beginning of the name', '{"a":{"b":1,"c":2},"ab":3,"a":4}', '{"ab":3,"a":4}', drop('a_*'));
  check('by the name before a number', '{"a":1,"a":2,"a":3}', '{}', drop('a'));
  check('by the numbered name', '{"a":1,"a":2,"a":3}', '{"a":1,"a__3":3}', drop('a__2'));
  check('by the name before an index', '{"x":[{"a":1},{"a":2,"b":3}]}', '{"x_b":3}', drop('x_a'));
  check('by the indexed name', '{"x":[{"a":1},{"a":2,"b":3}]}', '{"x_a":1,"x_b":3}', drop('x_1_a'));
  check(
    'by the beginning of the indexed name',
    '{"x":[{"a":1},{"a":2,"b":3}]}',
    '{"x_a":1,"x_b":3}',
    drop('x_1*'),
  );
  check(
    'their names stay taken',
    '{"x_1_a":0,"x":[{"a":1},{"a":2}]}',
    '{"x_a":1,"x_1_a__2":2}',
    drop('x_1_a'),
  );
  check('decoded', raw`{"\u0061\"":1,"é":2,"b":3}`, '{"b":3}', drop('a"', 'é'));
  check('with @ rewritten', '{"@a":1,"b":2}', '{"b":2}', drop('_a'));
  check('JSON text too', '{"pod_labels":{"a":1},"b":[1],"c":2}', '{"c":2}', drop('pod_labels', 'b'));
  check('not what is added', '{"c":1,"d":2}', '{"d":2,"c":"z"}', { ...drop('c'), addColumns: [['c', 'z']] });
});

describe('redacted columns', () => {
  const redact = (...redactColumns: string[]): { redactColumns: string[] } => ({ redactColumns });
  check(
    'whatever they hold',
    '{"a":1,"b":"x","c":null,"d":true,"e":[1],"f":[],"g":{"h":2}}',
    '{"a":"[redacted]","b":"[redacted]","c":"[redacted]","d":"[redacted]","e":"[redacted]","g_h":"[redacted]"}',
    redact('a', 'b', 'c', 'd', 'e', 'f', 'g*'),
  );
  check(
    'by the name before an index or a number',
    '{"a":1,"a":2,"x":[{"b":3},{"b":4}]}',
    '{"a":"[redacted]","a__2":"[redacted]","x_b":"[redacted]","x_1_b":"[redacted]"}',
    redact('a', 'x_b'),
  );
  check(
    'by the name that they got',
    '{"a":1,"a":2,"x":[{"b":3},{"b":4}]}',
    '{"a":1,"a__2":"[redacted]","x_b":3,"x_1_b":"[redacted]"}',
    redact('a__2', 'x_1*'),
  );
  check('dropped wins', '{"a":1,"b":2}', '{"b":"[redacted]"}', { ...redact('a', 'b'), dropColumns: ['a'] });
  check('not what is added', '{"c":1}', '{"c__2":"[redacted]","c":"z"}', {
    ...redact('c'),
    addColumns: [['c', 'z']],
  });
});
