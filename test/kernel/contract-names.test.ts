/** How names are written, and how they stay unique. Expected values are written by hand. */

import { describe } from 'vitest';
import { check } from './check.ts';

const raw = String.raw;

describe('keys are written by their decoded text', () => {
  check('an escape that needs none', raw`{"\u0061":1}`, '{"a":1}');
  check('a slash', raw`{"a\/b":1}`, '{"a/b":1}');
  check('the short escapes', raw`{"\"\\\b\f\n\r\t":1}`, raw`{"\"\\\b\f\n\r\t":1}`);
  check(
    'the short escapes written long',
    raw`{"\u0022\u005c\u0008\u000C\u000a\u000D\u0009\u002F":1}`,
    raw`{"\"\\\b\f\n\r\t/":1}`,
  );
  check(
    'other control characters in lower case',
    raw`{"\u0000\u0001\u001F\u001a\u000B":1}`,
    raw`{"\u0000\u0001\u001f\u001a\u000b":1}`,
  );
  check(
    'U+007F and above as UTF-8',
    raw`{"\u007f\u0080\u00e9\u20ac\u2028\uffff":1}`,
    '{"\u007f\u0080é€\u2028\uffff":1}',
  );
  check('surrogate pairs', raw`{"\ud83d\ude00\uDBFF\uDFFF":1}`, '{"😀\u{10ffff}":1}');
  check('in joined names', raw`{"\u0061":{"b\"":{"\/":1}}}`, raw`{"a_b\"_/":1}`);
  check('in indexed names', raw`{"\u0078\n":[{"\u0061\t":1},{"a\t":2}]}`, raw`{"x\n_a\t":1,"x\n_1_a\t":2}`);
  check('in numbered names', raw`{"a\"":1,"\u0061\u0022":2}`, raw`{"a\"":1,"a\"__2":2}`);
  check(
    'and compared by it',
    raw`{"😀":1,"\ud83d\ude00":2,"\uD83D\uDE00":3}`,
    '{"😀":1,"😀__2":2,"😀__3":3}',
  );
  check('names are reported decoded', raw`{"\u0061\n":1,"😀":2}`, {
    rows: [raw`{"a\n":1,"😀":2}`],
    names: ['a\n', '😀'],
  });
  check(
    'dots, slashes, spaces, braces',
    '{"app.kubernetes.io/name":1," a ":2,"{}":3,"a:b,c":4}',
    '{"app.kubernetes.io/name":1," a ":2,"{}":3,"a:b,c":4}',
  );
  check('a long key', `{"${'k'.repeat(5000)}":{"b":1}}`, `{"${'k'.repeat(5000)}_b":1}`);
});

describe('empty keys', () => {
  check('alone', '{"":1}', '{"":1}');
  check('joined', '{"":{"":1,"a":2},"b":{"":3}}', '{"_":1,"_a":2,"b_":3}');
  check('in arrays', '{"x":[{"":1},{"":2}],"":[{"a":1},{"a":2}]}', '{"x_":1,"x_1_":2,"_a":1,"_1_a":2}');
  check('twice', '{"":1,"":2}', '{"":1,"__2":2}');
});

describe('@ at the beginning', () => {
  check('becomes an underscore', '{"@a":1,"@":2,"@@b":3}', '{"_a":1,"_":2,"_@b":3}');
  check('only of the whole name', '{"@a":{"@b":1},"c":{"@d":2},"e@f":3}', '{"_a_@b":1,"c_@d":2,"e@f":3}');
  check('escaped', raw`{"\u0040a":1}`, '{"_a":1}');
  check('not behind an empty key', '{"":{"@a":1}}', '{"_@a":1}');
  check('beside the name that it becomes', ['{"@a":1,"_a":2}', '{"_a":1,"@a":2}'], {
    rows: ['{"_a":1,"_a__2":2}', '{"_a":1,"_a__2":2}'],
  });
  check('of an array', '{"@x":[{"@a":1},{"@a":2}]}', '{"_x_@a":1,"_x_1_@a":2}');
});

describe('names stay unique', () => {
  check('duplicate keys', '{"a":1,"a":2,"a":3}', '{"a":1,"a__2":2,"a__3":3}');
  check('duplicate objects', '{"a":{"b":1},"a":{"b":2}}', '{"a_b":1,"a_b__2":2}');
  check('duplicate arrays', '{"x":[{"a":1}],"x":[{"a":2},{"a":3}]}', '{"x_a":1,"x_0_a":2,"x_1_a":3}');
  check(
    'duplicates of three kinds',
    '{"a":1,"a":{"b":2},"a":[3],"a":"4","a_b":5}',
    raw`{"a":1,"a_b":2,"a__2":"[3]","a__3":"4","a_b__2":5}`,
  );
  check('a_b beside a:{b}', ['{"a_b":1,"a":{"b":2}}', '{"a":{"b":1},"a_b":2}'], {
    rows: ['{"a_b":1,"a_b__2":2}', '{"a_b":1,"a_b__2":2}'],
  });
  check(
    'a:{b_c} beside a_b:{c}',
    '{"a":{"b_c":1,"b":{"c":2}},"a_b":{"c":3},"a_b_c":4}',
    '{"a_b_c":1,"a_b_c__2":2,"a_b_c__3":3,"a_b_c__4":4}',
  );
  check('a numbered name that is taken', '{"a__2":1,"a":2,"a":3}', '{"a__2":1,"a":2,"a__3":3}');
  check('a numbered name that comes later', '{"a":1,"a":2,"a__2":3}', '{"a":1,"a__2":2,"a__2__2":3}');
  check(
    'in the duplicate of an object, in a duplicate of an object',
    '{"o":{"a":1,"a":2},"o":{"a":3}}',
    '{"o_a":1,"o_a__2":2,"o_a__3":3}',
  );
  check('each event begins anew', ['{"a":1,"a":2}', '{"a":3}', '{"a":4,"a":5}'], {
    rows: ['{"a":1,"a__2":2}', '{"a":3}', '{"a":4,"a__2":5}'],
    names: ['a', 'a__2'],
  });
  check('null takes a name too', '{"a":null,"a":1}', '{"a":null,"a__2":1}');
  check('an empty container takes none', '{"a":{},"a":[],"a":1}', '{"a":1}');
});

describe('names stay unique in arrays', () => {
  check('taken before the array', '{"x_a":0,"x":[{"a":1}]}', '{"x_a":0,"x_0_a":1}');
  check('taken by the array', '{"x":[{"a":1},{"a":2}],"x_a":3}', '{"x_a":1,"x_1_a":2,"x_a__2":3}');
  check('the indexed name is taken', '{"x_1_a":0,"x":[{"a":1},{"a":2}]}', '{"x_1_a":0,"x_a":1,"x_1_a__2":2}');
  check(
    'the indexed name and its number are taken',
    '{"x_1_a":0,"x_1_a__2":0,"x":[{"a":1},{"a":2}]}',
    '{"x_1_a":0,"x_1_a__2":0,"x_a":1,"x_1_a__3":2}',
  );
  check('three times in one element', '{"x":[{"a":1,"a":2,"a":3}]}', '{"x_a":1,"x_0_a":2,"x_0_a__2":3}');
  check(
    'the same index of two inner arrays',
    '{"x":[{"y":[{"a":1}]},{"y":[{"a":2}]},{"y":[{"a":3}]}]}',
    '{"x_y_a":1,"x_y_0_a":2,"x_y_0_a__2":3}',
  );
  check(
    'a key that looks like an index',
    '{"x":[{"1_a":0},{"1_a":1,"a":2},{"a":3}]}',
    '{"x_1_a":0,"x_1_1_a":1,"x_a":2,"x_2_a":3}',
  );
  check(
    'a key that takes the index of another',
    '{"x":[{"a":1,"1_a":2},{"a":3}]}',
    '{"x_a":1,"x_1_a":2,"x_1_a__2":3}',
  );
  check(
    'an array that takes the name of an element',
    '{"x":[{"a":[1]},{"a":2},{"a":{"b":3}},{"a_b":4}]}',
    '{"x_a":"[1]","x_1_a":2,"x_a_b":3,"x_3_a_b":4}',
  );
  check(
    'duplicate keys of an object in an element',
    '{"x":[{"o":{"a":1,"a":2}},{"o":{"a":3}}]}',
    '{"x_o_a":1,"x_0_o_a":2,"x_1_o_a":3}',
  );
});

describe('names of the server', () => {
  check(
    'are taken',
    '{"p_timestamp":1,"p_user_agent":2,"p_src_ip":3,"p_format":4}',
    '{"p_timestamp__2":1,"p_user_agent__2":2,"p_src_ip__2":3,"p_format__2":4}',
  );
  check(
    'joined',
    '{"p":{"timestamp":1,"format":{"a":2}},"p_src":{"ip":3}}',
    '{"p_timestamp__2":1,"p_format_a":2,"p_src_ip__2":3}',
  );
  check(
    'straight to a number in arrays',
    '{"p":[{"timestamp":1},{"timestamp":2}]}',
    '{"p_timestamp__2":1,"p_timestamp__3":2}',
  );
  check(
    'repeated',
    '{"p_format":1,"p_format":2,"p_format__2":3}',
    '{"p_format__2":1,"p_format__3":2,"p_format__2__2":3}',
  );
  check('escaped', raw`{"p\u005ftimestamp":1}`, '{"p_timestamp__2":1}');
  check(
    'only these, only whole, only as written',
    '{"p_time":1,"P_FORMAT":2,"p_formats":3,"@p_format":4,"a":{"p_format":5}}',
    '{"p_time":1,"P_FORMAT":2,"p_formats":3,"_p_format":4,"a_p_format":5}',
  );
  check(
    'an indexed name that an added column has',
    '{"x":[{"a":1},{"a":2}]}',
    '{"x_a":1,"x_1_a__2":2,"x_1_a":"z"}',
    { addColumns: [['x_1_a', 'z']] },
  );
  check(
    'an added name goes straight to a number in arrays',
    '{"x":[{"a":1},{"a":2}]}',
    '{"x_a__2":1,"x_a__3":2,"x_a":"z"}',
    { addColumns: [['x_a', 'z']] },
  );
  check('as JSON text', '{"p_format":[1],"p":{"src_ip":[2]}}', '{"p_format__2":"[1]","p_src_ip__2":"[2]"}');
});
