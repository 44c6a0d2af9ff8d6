/** What expressions say of a row. Expected values are written by hand. */

import { describe } from 'vitest';
import { rule } from './check.ts';
import { and, folded, not, numeric, or, text } from './expressions.ts';

const raw = String.raw;

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
