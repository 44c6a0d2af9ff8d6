/** Arrays, and columns of JSON text. Expected values are written by hand. */

import { describe } from 'vitest';
import { check } from './check.ts';

const raw = String.raw;

describe('arrays of objects', () => {
  check(
    'flatten under their own name',
    '{"args":[{"sock_arg":{"daddr":"1.2.3.4"}},{"int_arg":5}]}',
    '{"args_sock_arg_daddr":"1.2.3.4","args_int_arg":5}',
  );
  check(
    'index a repeated name',
    '{"args":[{"int_arg":5},{"int_arg":6}]}',
    '{"args_int_arg":5,"args_1_int_arg":6}',
  );
  check('index a name of the same element', '{"x":[{"a":1,"a":2}]}', '{"x_a":1,"x_0_a":2}');
  check('of one', '{"x":[{"a":1}]}', '{"x_a":1}');
  check('count empty elements', '{"x":[{},{"a":1},{},{"a":2}]}', '{"x_a":1,"x_3_a":2}');
  check(
    'index beyond nine',
    `{"x":[${Array.from({ length: 12 }, (_, i) => `{"a":${i}}`).join(',')}]}`,
    `{"x_a":0,${Array.from({ length: 11 }, (_, i) => `"x_${i + 1}_a":${i + 1}`).join(',')}}`,
  );
  check(
    'index before the rest of the name',
    '{"x":[{"o":{"a":1}},{"o":{"a":2}}]}',
    '{"x_o_a":1,"x_1_o_a":2}',
  );
  check(
    'the innermost array gets the index',
    '{"x":[{"y":[{"a":1},{"a":2}]},{"y":[{"a":3}]}]}',
    '{"x_y_a":1,"x_y_1_a":2,"x_y_0_a":3}',
  );
  check(
    'the array is named without indices',
    '{"x":[{"y":[{"a":1}]},{"y":[{"a":2},{"a":3}]}]}',
    '{"x_y_a":1,"x_y_0_a":2,"x_y_1_a":3}',
  );
  check(
    'the outer array counts again after the inner one',
    '{"x":[{"y":[{"a":1}],"b":2},{"b":3}]}',
    '{"x_y_a":1,"x_b":2,"x_1_b":3}',
  );
  check(
    'in objects in arrays',
    '{"x":[{"o":{"y":[{"a":1},{"a":2}]}},{"o":{"y":[{"a":3},{"b":4}]}}]}',
    '{"x_o_y_a":1,"x_o_y_1_a":2,"x_o_y_0_a":3,"x_o_y_b":4}',
  );
  check('white space everywhere', ' { "x" : [ { "a" : 1 } , { "a" : 2 } ] } ', '{"x_a":1,"x_1_a":2}');
});

describe('other arrays become JSON text', () => {
  check('scalars', '{"a":[1, "x" ,true,null]}', raw`{"a":"[1,\"x\",true,null]"}`);
  check(
    'strings with all that needs escaping',
    raw`{"a":["x\"y\\z\u0041é\/ \n"]}`,
    raw`{"a":"[\"x\\\"y\\\\z\\u0041é\\/ \\n\"]"}`,
  );
  check(
    'white space in strings stays, outside it goes',
    '{"a":[ " x , y " , { "b c" : [ ] } ]}',
    raw`{"a":"[\" x , y \",{\"b c\":[]}]"}`,
  );
  check(
    'arrays in arrays',
    '{"a":[[]],"b":[[{"c":1}]],"d":[[],[]]}',
    raw`{"a":"[[]]","b":"[[{\"c\":1}]]","d":"[[],[]]"}`,
  );
  check('numbers as written', '{"a":[1.0,-0,1E400]}', '{"a":"[1.0,-0,1E400]"}');
  check(
    'duplicate keys and raw escapes stay',
    raw`{"a":[1,{"\u0062":1,"b":2}]}`,
    raw`{"a":"[1,{\"\\u0062\":1,\"b\":2}]"}`,
  );
  check('empty containers inside stay', '{"a":[{},1]}', '{"a":"[{},1]"}');
  check('repeated', '{"a":[1],"a":[2]}', '{"a":"[1]","a__2":"[2]"}');
  check('inside arrays of objects', '{"x":[{"y":[1]},{"y":[2]}]}', '{"x_y":"[1]","x_1_y":"[2]"}');
});

describe('arrays that turn out mixed', () => {
  check('late', '{"x":[{"a":1},{"b":2},3]}', raw`{"x":"[{\"a\":1},{\"b\":2},3]"}`);
  check('a null among objects', '{"x":[{"a":1},null]}', raw`{"x":"[{\"a\":1},null]"}`);
  check('an array among objects', '{"x":[{"a":1},[]]}', raw`{"x":"[{\"a\":1},[]]"}`);
  check('a scalar first', '{"x":[1,{"a":1}]}', raw`{"x":"[1,{\"a\":1}]"}`);
  check(
    'leave no name behind',
    '{"x":[{"a":1},{"b":2},3],"x_a":4,"x":{"b":5}}',
    raw`{"x":"[{\"a\":1},{\"b\":2},3]","x_a":4,"x_b":5}`,
  );
  check('leave no name in the budget', '{"x":[{"a":1},3],"b":1}', {
    rows: [raw`{"x":"[{\"a\":1},3]","b":1}`],
    names: ['x', 'b'],
  });
  check(
    'inside an array of objects',
    '{"x":[{"y":[{"a":1},2]},{"a":3}]}',
    raw`{"x_y":"[{\"a\":1},2]","x_a":3}`,
  );
  check('around an array of objects', '{"x":[{"y":[{"a":1}]},2]}', raw`{"x":"[{\"y\":[{\"a\":1}]},2]"}`);
  check(
    'several times in one another',
    '{"x":[{"y":[{"z":[{"a":1},0]},0]},0],"x_y_z_a":2}',
    raw`{"x":"[{\"y\":[{\"z\":[{\"a\":1},0]},0]},0]","x_y_z_a":2}`,
  );
  check(
    'at each depth in turn',
    '{"x":[{"y":[{"z":[{"a":1},0]},{"b":1}]},{"y":[{"c":1},0]}]}',
    raw`{"x_y_z":"[{\"a\":1},0]","x_y_b":1,"x_y":"[{\"c\":1},0]"}`,
  );
});

describe('arrays as JSON text', () => {
  const options = { arrays: 'json' } as const;
  check(
    'every array',
    '{"a":[{"b":1},{"b":2}],"c":[1],"d":{"e":[ {} ]}}',
    raw`{"a":"[{\"b\":1},{\"b\":2}]","c":"[1]","d_e":"[{}]"}`,
    options,
  );
  check('but not the empty ones', '{"a":[],"b":[ ],"c":{}}', '{}', options);
  check(
    'JSON columns stay what they are',
    '{"pod_labels":{"a":1},"o":{"a":1}}',
    raw`{"pod_labels":"{\"a\":1}","o_a":1}`,
    options,
  );
});

describe('JSON columns', () => {
  const only = (...jsonColumns: string[]): { jsonColumns: string[] } => ({ jsonColumns });
  check(
    'by key',
    '{"pod_labels":{"app":"x"},"a":{"pod_labels":{"b":1}}}',
    raw`{"pod_labels":"{\"app\":\"x\"}","a_pod_labels":"{\"b\":1}"}`,
  );
  check(
    'by key inside arrays',
    '{"x":[{"pod_labels":{"a":1}},{"pod_labels":{"a":2}}]}',
    raw`{"x_pod_labels":"{\"a\":1}","x_1_pod_labels":"{\"a\":2}"}`,
  );
  check('arrays too', '{"ancestors":[{"pid":1},{"pid":2}]}', raw`{"ancestors":"[{\"pid\":1},{\"pid\":2}]"}`);
  check(
    'by joined name',
    '{"a":{"b":{"c":1},"d":{"b":{"c":2}}}}',
    raw`{"a_b":"{\"c\":1}","a_d_b_c":2}`,
    only('a_b'),
  );
  check(
    'a joined name is a key as well',
    '{"x":{"a_b":{"c":1}},"a_b":{"c":2}}',
    raw`{"x_a_b":"{\"c\":1}","a_b":"{\"c\":2}"}`,
    only('a_b'),
  );
  check(
    'by joined name without indices',
    '{"x":[{"o":{"k":1}},{"o":{"k":2}}]}',
    raw`{"x_o":"{\"k\":1}","x_1_o":"{\"k\":2}"}`,
    only('x_o'),
  );
  check(
    'not by an indexed name',
    '{"x":[{"o":{"k":1}},{"o":{"k":2}}]}',
    '{"x_o_k":1,"x_1_o_k":2}',
    only('x_1_o'),
  );
  check(
    'not by a part of a name',
    '{"ab":{"c":1},"a":{"bc":{"d":1}},"b_c":{"e":1}}',
    '{"ab_c":1,"a_bc_d":1,"b_c_e":1}',
    only('b', 'a_b', 'c'),
  );
  check(
    'decoded',
    raw`{"pod\u005flabels":{"a":1},"\u0062":{"a":2},"q\"\/":{"a":3}}`,
    raw`{"pod_labels":"{\"a\":1}","b":"{\"a\":2}","q\"/":"{\"a\":3}"}`,
    only('pod_labels', 'b', 'q"/'),
  );
  check('unless empty', '{"pod_labels":{},"a":{"pod_labels":[ ]},"ancestors":[],"b":1}', '{"b":1}');
  check(
    'with empty containers inside',
    '{"pod_labels":{"a":{ }},"ancestors":[ [ ] ]}',
    raw`{"pod_labels":"{\"a\":{}}","ancestors":"[[]]"}`,
  );
  check('a scalar stays one', ['{"pod_labels":"x"}', '{"pod_labels":1}', '{"pod_labels":null}'], {
    rows: ['{"pod_labels":"x"}', '{"pod_labels":1}', '{"pod_labels":null}'],
  });
  check(
    'keep raw escapes and duplicate keys',
    raw`{"pod_labels":{"\u0061":1,"a": "\u00e9\/" , "a":{"p_timestamp":1}}}`,
    raw`{"pod_labels":"{\"\\u0061\":1,\"a\":\"\\u00e9\\/\",\"a\":{\"p_timestamp\":1}}"}`,
  );
  check(
    'repeated',
    '{"pod_labels":{"a":1},"pod_labels":{"b":2}}',
    raw`{"pod_labels":"{\"a\":1}","pod_labels__2":"{\"b\":2}"}`,
  );
  check(
    'by key with @',
    '{"@p":{"a":1},"o":{"@p":{"a":2}}}',
    raw`{"_p":"{\"a\":1}","o_@p":"{\"a\":2}"}`,
    only('@p'),
  );
  check(
    'by name after the @ is rewritten',
    '{"@p":{"a":1},"o":{"@p":{"a":2}}}',
    raw`{"_p":"{\"a\":1}","o_@p_a":2}`,
    only('_p'),
  );
  check('in a joined name with @', '{"@p":{"q":{"a":1}}}', raw`{"_p_q":"{\"a\":1}"}`, only('_p_q'));
  check('not by a joined name that still has its @', '{"@p":{"q":{"a":1}}}', '{"_p_q_a":1}', only('@p_q'));
  check('none', '{"pod_labels":{"a":1},"ancestors":[{"a":1}]}', '{"pod_labels_a":1,"ancestors_a":1}', only());
});
