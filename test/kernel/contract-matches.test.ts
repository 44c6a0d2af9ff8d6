/** What rules see, what they remember, and what filters keep back. Expected values are written by hand. */

import { describe } from 'vitest';
import { check, type Extra, rule } from './check.ts';
import { and, not, numeric, text } from './expressions.ts';

const raw = String.raw;

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

describe('a report on every event that has the column', () => {
  check(
    'match or not',
    ['{"a":1}', '{"a":2}', '{"b":1}', '{"a":null}', '{"a":"1"}', '{"a":1}'],
    {
      rows: 'any',
      matches: ['0 match 0', '0 non_match 8', '0 non_match 35', '0 match 45'],
    },
    {},
    { conditions: [{ expression: numeric('a', 'equalTo', 1), report: 'both' }] },
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
