/** What rules and filters see of a row, and what they say. Expected values are written by hand. */

import { describe } from 'vitest';
import type { FlattenOptions } from '../../agent/kernel/types.ts';
import type { Expression, NumericOperator, StringOperator } from '../../rules/ast.ts';
import { check, type Extra } from './check.ts';

const raw = String.raw;

const numeric = (column: string, operator: NumericOperator, value: number): Expression => ({
  numeric: { column, operator, value },
});
const text = (column: string, operator: StringOperator, value: string): Expression => ({
  string: { column, operator, value },
});
const folded = (column: string, operator: StringOperator, value: string): Expression => ({
  string: { column, operator, value, ignoreCase: true },
});
const not = (expression: Expression): Expression => ({ not: expression });
const and = (...parts: Expression[]): Expression => ({ and: parts });
const or = (...parts: Expression[]): Expression => ({ or: parts });

/** Which of the events the expression matches. The rows themselves are not what these cases are about. */
function rule(
  title: string,
  expression: Expression,
  yes: readonly string[],
  no: readonly string[],
  options: Partial<FlattenOptions> = {},
): void {
  let offset = 0;
  const matches: string[] = [];
  for (const [i, line] of [...yes, ...no].entries()) {
    if (i < yes.length) matches.push(`0 match ${offset}`);
    offset += Buffer.byteLength(line) + 1;
  }
  check(title, [...yes, ...no], { rows: 'any', matches }, options, { conditions: [{ expression }] });
}

describe('numbers', () => {
  rule(
    '=',
    numeric('a', 'equalTo', 100),
    ['{"a":100}', '{"a":1e2}', '{"a":100.000}', '{"a":0.1E+3}', '{"a":1000e-1}'],
    [
      '{"a":101}',
      '{"a":-100}',
      '{"a":"100"}',
      '{"a":true}',
      '{"a":null}',
      '{"b":100}',
      '{"a":[100]}',
      '{"a":{}}',
    ],
  );
  rule(
    '= 0',
    numeric('a', 'equalTo', 0),
    ['{"a":0}', '{"a":-0}', '{"a":0e9}', '{"a":-0.0}', '{"a":1e-400}'],
    ['{"a":5e-324}', '{"a":1}', '{"a":""}', '{"a":false}', '{"a":null}'],
  );
  rule('= -0', numeric('a', 'equalTo', -0), ['{"a":0}', '{"a":-0}'], ['{"a":1}']);
  rule(
    '!=',
    numeric('a', 'notEqualTo', 5),
    ['{"a":6}', '{"a":-5}', '{"a":5.0000001}', '{"a":1e400}'],
    ['{"a":5}', '{"a":5.0}', '{"a":"6"}', '{"a":true}', '{"a":null}', '{"b":6}'],
  );
  rule(
    '>',
    numeric('a', 'greaterThan', 5),
    ['{"a":6}', '{"a":5.1}', '{"a":1e400}', '{"a":50}'],
    ['{"a":5}', '{"a":4.9}', '{"a":-6}', '{"a":-1e400}', '{"a":"6"}'],
  );
  rule(
    '>=',
    numeric('a', 'greaterThanEquals', -1.5),
    ['{"a":-1.5}', '{"a":-15e-1}', '{"a":0}', '{"a":-1.25}'],
    ['{"a":-1.6}', '{"a":-2}', '{"a":"0"}'],
  );
  rule(
    '<',
    numeric('a', 'lessThan', 0.3),
    ['{"a":0.2}', '{"a":-1}', '{"a":0.29999999999999993}'],
    ['{"a":0.3}', '{"a":0.30000000000000004}', '{"a":3e-1}', '{"a":1}', '{"a":null}'],
  );
  rule(
    '<=',
    numeric('a', 'lessThanEquals', 10),
    ['{"a":10}', '{"a":9.999}', '{"a":1e1}'],
    ['{"a":10.5}', '{"a":11}', '{"a":100}'],
  );
  rule(
    'are doubles',
    numeric('a', 'equalTo', 9007199254740992),
    ['{"a":9007199254740992}', '{"a":9007199254740993}', '{"a":9.007199254740992e15}'],
    ['{"a":9007199254740994}', '{"a":9007199254740991}', '{"a":"9007199254740992"}'],
  );
  rule('sums of tenths', numeric('a', 'equalTo', 0.1 + 0.2), ['{"a":0.30000000000000004}'], ['{"a":0.3}']);
  rule(
    'out of range',
    numeric('a', 'greaterThan', Number.MAX_VALUE),
    ['{"a":1e309}', `{"a":1${'0'.repeat(400)}}`],
    ['{"a":1.7976931348623157e308}', '{"a":-1e309}'],
  );
});

describe('strings', () => {
  rule(
    '=',
    text('a', 'exact', 'x y'),
    ['{"a":"x y"}', raw`{"a":"\u0078 y"}`],
    ['{"a":"x  y"}', '{"a":"X y"}', '{"a":"x y "}', '{"a":""}', '{"a":1}', '{"a":null}', '{"b":"x y"}'],
  );
  rule(
    '= the empty string',
    text('a', 'exact', ''),
    ['{"a":""}'],
    ['{"a":" "}', '{"a":null}', '{"a":0}', '{}'],
  );
  rule(
    '=, escapes',
    text('a', 'exact', 'é"\\/\n😀\u0000'),
    [raw`{"a":"\u00e9\"\\\/\n\ud83d\ude00\u0000"}`, raw`{"a":"é\u0022\u005c/\u000a😀\u0000"}`],
    [raw`{"a":"é\"\\\/\n😀"}`, raw`{"a":"\\u00e9"}`],
  );
  rule(
    '!=',
    text('a', 'notExact', 'x'),
    ['{"a":"y"}', '{"a":""}', '{"a":"X"}', '{"a":"xx"}'],
    ['{"a":"x"}', raw`{"a":"\u0078"}`, '{"a":1}', '{"a":true}', '{"a":null}', '{}'],
  );
  rule(
    '=%',
    text('a', 'contains', '/usr/bin/'),
    ['{"a":"/usr/bin/wget"}', raw`{"a":"x \/usr\/bin\/ y"}`, '{"a":"/usr/bin/"}', '{"a":"/usr//usr/bin/"}'],
    ['{"a":"/usr/bin"}', '{"a":"/USR/BIN/"}', '{"a":""}', '{"a":7}'],
  );
  rule(
    '=% nothing',
    text('a', 'contains', ''),
    ['{"a":""}', '{"a":"x"}'],
    ['{"a":1}', '{"a":false}', '{"a":null}', '{}'],
  );
  rule(
    '=% non-ASCII',
    text('a', 'contains', 'ü日'),
    ['{"a":"xü日本"}', raw`{"a":"\u00fc\u65e5"}`],
    ['{"a":"u日"}', '{"a":"ü 日"}'],
  );
  rule(
    '!%',
    text('a', 'notContains', 'x'),
    ['{"a":"y"}', '{"a":""}', '{"a":"X"}'],
    ['{"a":"x"}', '{"a":"yxy"}', '{"a":1}', '{"a":null}', '{}'],
  );
  rule(
    'ignoring case: ASCII only',
    folded('a', 'exact', 'Straße Ü'),
    ['{"a":"STRAßE Ü"}', '{"a":"straße Ü"}', raw`{"a":"\u0053TRA\u00dfe Ü"}`],
    ['{"a":"straße ü"}', '{"a":"STRASSE Ü"}'],
  );
  rule(
    'ignoring case: only letters',
    folded('a', 'exact', '@[`{'),
    ['{"a":"@[`{"}'],
    ['{"a":"`{@["}', '{"a":"`[`{"}'],
  );
  rule(
    'ignoring case: =%',
    folded('a', 'contains', 'BiN'),
    ['{"a":"/usr/bin"}', '{"a":"BIN"}', '{"a":"xbIn"}'],
    ['{"a":"bi n"}', '{"a":1}'],
  );
  rule(
    'ignoring case: !=',
    folded('a', 'notExact', 'X'),
    ['{"a":"xx"}', '{"a":"y"}'],
    ['{"a":"x"}', '{"a":"X"}', '{"a":1}'],
  );
  rule(
    'ignoring case: !%',
    folded('a', 'notContains', 'X'),
    ['{"a":"y"}'],
    ['{"a":"axa"}', '{"a":"aXa"}', '{"a":1}'],
  );
});

describe('regular expressions', () => {
  rule(
    'search anywhere',
    text('a', 'regex', 'w(get|curl)'),
    ['{"a":"/bin/wget -q"}', '{"a":"wcurl"}'],
    ['{"a":"WGET"}', '{"a":"w get"}', '{"a":1}', '{"a":null}'],
  );
  rule(
    'anchors',
    text('a', 'regex', '^/usr/.*sh$'),
    ['{"a":"/usr/bin/bash"}', raw`{"a":"\/usr\/sh"}`],
    ['{"a":" /usr/bin/bash"}', '{"a":"/usr/bin/bash "}', raw`{"a":"/usr/\nsh"}`],
  );
  rule(
    'see decoded text',
    text('a', 'regex', '^é\\t"\\x{1F600}$'),
    [raw`{"a":"\u00e9\u0009\u0022\ud83d\ude00"}`, raw`{"a":"é\t\"😀"}`],
    [raw`{"a":"\\u00e9"}`],
  );
  rule('ignoring case is not theirs', folded('a', 'regex', 'ab'), ['{"a":"xaby"}'], ['{"a":"AB"}']);
  rule(
    'with flags of their own',
    text('a', 'regex', '(?i)ab'),
    ['{"a":"AB"}', '{"a":"xaBy"}'],
    ['{"a":"a b"}'],
  );
  rule('the empty one', text('a', 'regex', ''), ['{"a":""}', '{"a":"x"}'], ['{"a":1}', '{}']);
});

describe('composition and presence', () => {
  const a = numeric('a', 'equalTo', 1);
  const b = text('b', 'exact', 'x');
  rule(
    'and',
    and(a, b),
    ['{"a":1,"b":"x"}', '{"b":"x","a":1.0}'],
    ['{"a":1}', '{"b":"x"}', '{"a":1,"b":"y"}', '{"a":2,"b":"x"}', '{"a":1,"b":null}'],
  );
  rule(
    'or',
    or(a, b),
    ['{"a":1}', '{"b":"x"}', '{"a":2,"b":"x"}', '{"a":1,"b":1}'],
    ['{"a":2,"b":"y"}', '{"a":"1"}', '{"b":null}', '{}'],
  );
  rule(
    'not',
    not(a),
    ['{"a":2}', '{"a":"1"}', '{"a":true}', '{"a":[1]}'],
    ['{"a":1}', '{"a":null}', '{"b":2}', '{}', '{"a":[]}'],
  );
  rule(
    'not of two',
    not(and(a, b)),
    ['{"a":1}', '{"b":"x"}', '{"a":1,"b":"y"}', '{"a":false}'],
    ['{"a":1,"b":"x"}', '{"c":1}', '{"a":null,"b":null}'],
  );
  rule(
    'not in and',
    and(a, not(b)),
    ['{"a":1}', '{"a":1,"b":"y"}', '{"a":1,"b":null}'],
    ['{"a":1,"b":"x"}', '{"b":"y"}', '{"a":2}'],
  );
  rule(
    'not in or',
    or(a, not(b)),
    ['{"a":2}', '{"a":1,"b":"x"}', '{"b":"y"}', '{"a":null,"b":1}'],
    ['{"a":2,"b":"x"}', '{"c":1}'],
  );
  rule('not of not', not(not(a)), ['{"a":1}'], ['{"a":2}', '{}']);
  rule(
    'nested',
    or(and(a, or(b, not(numeric('c', 'lessThan', 5)))), text('d', 'contains', 'z')),
    ['{"a":1,"b":"x"}', '{"a":1,"c":5}', '{"a":1}', '{"d":"zz"}'],
    ['{"a":1,"c":4}', '{"b":"x","c":5}', '{"d":"y"}'],
  );
  rule(
    'one column in many leaves',
    and(numeric('a', 'greaterThan', 1), numeric('a', 'lessThan', 5), not(numeric('a', 'equalTo', 3))),
    ['{"a":2}', '{"a":4}'],
    ['{"a":1}', '{"a":3}', '{"a":5}', '{"b":2}'],
  );
  rule(
    'the type can differ from leaf to leaf',
    or(numeric('a', 'equalTo', 1), text('a', 'exact', '1')),
    ['{"a":1}', '{"a":"1"}'],
    ['{"a":true}', '{"a":2}', '{"a":"2"}'],
  );
});

describe('rules see the row', () => {
  rule(
    'joined names',
    text('process_exit_process_binary', 'contains', 'wget'),
    ['{"process_exit":{"process":{"binary":"/usr/bin/wget"}}}', '{"process_exit_process":{"binary":"wget"}}'],
    [
      '{"process_exec":{"process":{"binary":"/usr/bin/wget"}}}',
      '{"process_exit":{"process":{"binary":"/usr/bin/curl"}}}',
    ],
  );
  rule(
    'indexed names',
    numeric('x_1_a', 'equalTo', 2),
    ['{"x":[{"a":1},{"a":2}]}', '{"x_1_a":2}'],
    ['{"x":[{"a":2},{"a":1}]}', '{"x":[{"a":2}]}'],
  );
  rule(
    'numbered names',
    numeric('a__2', 'equalTo', 2),
    ['{"a":1,"a":2}', '{"a":null,"a":2}'],
    ['{"a":2,"a":1}', '{"a":2}'],
  );
  rule(
    'only the first of a name under it',
    numeric('a', 'equalTo', 2),
    ['{"a":2,"a":1}'],
    ['{"a":1,"a":2}', '{"a":null,"a":2}'],
  );
  rule('names decoded', numeric('é"', 'equalTo', 1), [raw`{"\u00e9\u0022":1}`, raw`{"é\"":1}`], ['{"é":1}']);
  rule('names with @ rewritten', numeric('_a', 'equalTo', 1), ['{"@a":1}', '{"_a":1}'], ['{"a":1}']);
  rule(
    'JSON text as a string',
    text('a', 'exact', raw`["x",{"b":"\u0061"}]`),
    [raw`{"a":[ "x", {"b":"\u0061"} ]}`],
    ['{"a":["x",{"b":"a"}]}'],
  );
  rule(
    'JSON columns',
    text('pod_labels', 'contains', '"app":"nginx"'),
    [
      '{"pod_labels":{"app" : "nginx"}}',
      '{"pod_labels":[{"app":"nginx"}]}',
      raw`{"pod_labels":"{\"app\":\"nginx\"}"}`,
    ],
    ['{"pod_labels":{"app":"redis"}}', '{"pod_labels":{}}'],
  );
  rule(
    'not what a mixed array held',
    numeric('x_a', 'equalTo', 1),
    ['{"x":[{"a":1}]}', '{"x":[{"a":2},3],"x_a":1}'],
    ['{"x":[{"a":1},2]}', '{"x":[{"a":1},{"b":[{"a":1},[]]},null]}'],
  );
  rule(
    'the mixed array itself',
    text('x', 'contains', '"a":1'),
    ['{"x":[{"a":1},2]}', '{"x":[{"a":0},[{"a":1}]]}'],
    ['{"x":[{"a":1}]}'],
  );
  rule(
    'what an inner mixed array held, no',
    numeric('x_y_a', 'equalTo', 1),
    ['{"x":[{"y":[{"a":1},2]},{"y_a":1}]}', '{"x":[{"y":[{"a":1}]}]}'],
    ['{"x":[{"y":[{"a":1},2]}]}', '{"x":[{"y":[{"a":1}]},2]}'],
  );
  rule('dropped columns', numeric('a', 'equalTo', 1), ['{"a":1}'], ['{"a":2}'], { dropColumns: ['a'] });
  rule(
    'redacted columns with their value',
    numeric('a', 'equalTo', 1),
    ['{"a":1}'],
    ['{"a":"[redacted]"}', '{"a":2}'],
    { redactColumns: ['a'] },
  );
  rule('redacted, not the mark', text('a', 'contains', 'redacted'), ['{"a":"redacted"}'], ['{"a":"x"}'], {
    redactColumns: ['a'],
  });
  rule('columns in overflow', numeric('b', 'equalTo', 1), ['{"a":0,"b":1}', '{"b":1}'], ['{"a":0,"b":2}'], {
    maxColumns: 1,
  });
  rule(
    'the overflow itself',
    text('overflow', 'exact', '{"b":1}'),
    ['{"a":0,"b":1}'],
    ['{"a":0}', '{"a":0,"b":2}'],
    { maxColumns: 1 },
  );
  rule(
    'an own overflow',
    numeric('overflow', 'equalTo', 1),
    ['{"overflow":1,"a":0,"b":1}'],
    ['{"a":0,"b":1}'],
    { maxColumns: 1 },
  );
  rule(
    'the numbered overflow',
    text('overflow__2', 'contains', '"b"'),
    ['{"overflow":1,"a":0,"b":1}'],
    ['{"a":0,"b":1}'],
    { maxColumns: 1 },
  );
  rule('added columns', text('z', 'exact', 'one'), ['{"a":0}', '{}', '{"z":1}'], [], {
    addColumns: [['z', 'one']],
  });
  rule('not what an added column displaced', numeric('z', 'equalTo', 1), [], ['{"z":1}'], {
    addColumns: [['z', 'one']],
  });
  rule('what it displaced under its number', numeric('z__2', 'equalTo', 1), ['{"z":1}'], ['{"y":1}'], {
    addColumns: [['z', 'one']],
  });
  rule('nothing of refused lines', not(numeric('a', 'equalTo', 1)), ['{"a":2}'], ['{"a":1}']);
});

describe('state', () => {
  const state = (
    title: string,
    repeats: number,
    lines: readonly string[],
    matches: readonly string[],
  ): void => {
    const expression = numeric('a', 'equalTo', 1);
    check(title, lines, { rows: 'any', matches }, {}, { conditions: [{ expression, repeats }] });
  };
  // Lines of eight bytes, so that line n begins at 8n.
  const yes = '{"a":1}';
  const no = '{"a":2}';
  const absent = '{"b":1}';
  state(
    'fires once and resolves once',
    1,
    [no, yes, yes, yes, no, no, yes],
    ['0 firing 8', '0 resolved 32', '0 firing 48'],
  );
  state(
    'after so many matches',
    3,
    [yes, yes, yes, yes, no, yes, yes, no, yes],
    ['0 firing 16', '0 resolved 32', '0 firing 64'],
  );
  state('not necessarily in a row', 2, [yes, no, no, yes, no], ['0 firing 24', '0 resolved 32']);
  state(
    'events without the column do not count',
    1,
    [yes, absent, '{"a":[]}', '{}', yes, no],
    ['0 firing 0', '0 resolved 36'],
  );
  check(
    'null is no column, another type is',
    ['{"a":1}', '{"a":null}', '{"a":true}', '{"a":1}', '{"a":"1"}'],
    {
      rows: ['{"a":1}', '{"a":null}', '{"a":true}', '{"a":1}', '{"a":"1"}'],
      matches: ['0 firing 0', '0 resolved 19', '0 firing 30', '0 resolved 38'],
    },
    {},
    { conditions: [{ expression: numeric('a', 'equalTo', 1), repeats: 1 }] },
  );
  check(
    'refused lines change nothing',
    ['{"a":1}', '{"a":2', '[{"a":2}]', '{"a":1}'],
    { rows: [yes, yes], rejects: ['invalid_json', 'not_object'], matches: ['0 firing 0'] },
    {},
    { conditions: [{ expression: numeric('a', 'equalTo', 1), repeats: 1 }] },
  );
});

describe('several conditions and filters', () => {
  const one = numeric('a', 'equalTo', 1);
  const two = numeric('a', 'equalTo', 2);
  const lines = ['{"a":1}', '{"a":2}', '{"b":1}', '{"a":3}'];
  const filter = (title: string, filters: Extra['filters'], rows: readonly string[]): void => {
    check(
      title,
      lines,
      { rows, filteredEvents: lines.length - rows.length, matches: ['0 match 0', '1 match 0', '2 match 8'] },
      {},
      {
        filters: filters ?? {},
        conditions: [{ expression: one }, { expression: and(one, one) }, { expression: two }],
      },
    );
  };
  filter('each is reported', {}, lines);
  filter('include', { include: one }, ['{"a":1}']);
  filter('exclude', { exclude: one }, ['{"a":2}', '{"b":1}', '{"a":3}']);
  filter('both', { include: numeric('a', 'lessThan', 3), exclude: two }, ['{"a":1}']);
  filter('include with not needs the column', { include: not(one) }, ['{"a":2}', '{"a":3}']);
  filter('exclude with not needs the column', { exclude: not(one) }, ['{"a":1}', '{"b":1}']);
  check(
    'a filtered row is reported as it would be sent',
    ['{"a":1,"b":2,"c":3}', '{"c":4}'],
    {
      rows: [raw`{"c":4,"z":"1"}`],
      names: ['z', 'c'],
      filteredEvents: 1,
      matches: ['0 match 0', '0 match 20'],
    },
    { maxColumns: 2, addColumns: [['z', '1']], redactColumns: ['b'] },
    { filters: { exclude: one }, conditions: [{ expression: text('z', 'exact', '1') }] },
  );
  check(
    'a filter sees dropped columns',
    ['{"a":1,"b":1}', '{"a":2,"b":2}'],
    { rows: ['{"b":1}'], filteredEvents: 1 },
    { dropColumns: ['a'] },
    { filters: { include: one } },
  );
  check(
    'a row too large is refused, whatever the rules',
    [`{"a":1,"b":"${'x'.repeat(4 * 1024 * 1024)}"}`, '{"a":1}'],
    { rows: ['{"a":1}'], rejects: ['row_too_large'], matches: ['0 match 4194319'] },
    { maxLineBytes: 5 * 1024 * 1024 },
    { conditions: [{ expression: one }] },
  );
});
