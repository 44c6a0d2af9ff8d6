/**
 * Values that are JSON and values that are not, with the reason why not. `\xNN` stands for a byte. What other parsers
 * may decide for themselves (huge numbers, lone surrogates, a byte order mark) is decided here.
 */

import { bytesOf } from './check.ts';

const raw = String.raw;

/** Legal values. */
const GOOD: Readonly<Record<string, readonly string[]>> = {
  numbers: [
    ...['0', '-0', '1', '-1', '9', '10', '123456789', '-987654321', '0.0', '-0.0', '0.5', '1.5', '-1.25'],
    ...['1.0000000000000000000000000000001', '0.1', '100000000000000000000', '18446744073709551615'],
    ...['1e1', '1E1', '1e+1', '1e-1', '1E+01', '1E-01', '0e0', '0e1', '0E+0', '-0e-0', '1e00', '1.5e3', '0.5E-3'],
    ...['123.456e78', '-123.456E-78', '1e400', '-1e400', '1e-400', '1E99999999999', '0.4e00669999999999999'],
    ...['1.7976931348623157e308', '5e-324', `1${'0'.repeat(300)}`, `0.${'0'.repeat(300)}1`],
  ],
  literals: ['true', 'false', 'null'],
  strings: [
    ...['""', '" "', '"a"', '"abc"', '"0123456789abcde"', '"0123456789abcdef"', '"0123456789abcdefg"'],
    ...['"null"', '"true"', '"1"', '"{}"', '"[]"', '"[1,2]"', '"a,b:c"', `"'"`, '"/"', '"//"', '"/*x*/"', '"#"'],
    ...['"\u007f"', '"\u0080"', '"\u00a0"', '"é"', '"€"', '"😀"', '"日本語"', '"\u2028\u2029"', '"\ufeff"', '"\ufffe"'],
    ...['"\u{1ffff}"', '"\u{10ffff}"', '"\ufdd0"', '"\u0085"', `"${'x'.repeat(1000)}"`, `"${'é'.repeat(333)}"`],
  ],
  escapes: [
    raw`"\""`, raw`"\\"`, raw`"\/"`, raw`"\b"`, raw`"\f"`, raw`"\n"`, raw`"\r"`, raw`"\t"`, raw`"\"\\\/\b\f\n\r\t"`,
    raw`"\\\""`, raw`"\\\\"`, raw`"\\u0041"`, raw`"\u0041"`, raw`"\u0000"`, raw`"\u001f"`, raw`"\u007F"`,
    raw`"\u00e9"`, raw`"\u00E9"`, raw`"\uabcd\uEF01"`, raw`"\u2028"`, raw`"\ufeff"`, raw`"\uFFFF"`, raw`"\uFFFE"`,
    raw`"\ud7ff"`, raw`"\ue000"`, raw`"\ud800\udc00"`, raw`"\uDBFF\uDFFF"`, raw`"\ud83d\ude00\ud83d\ude01"`,
    raw`"\ud83D\uDe00x"`, raw`"\u0022\u005C"`, raw`"a\u0062c"`, raw`"\"a\""`, raw`"é\u00e9\\é"`,
  ],
  arrays: [
    '[]', '[ ]', '[\t]', '[\r]', '[1]', '[ 1 ]', '[1,2]', '[1 , 2]', '[null]', '[""]', '[[]]', '[[],[]]', '[{}]',
    '[[[[[]]]]]', '[1,"a",true,null,[],{}]', '[ [ ] , [ ] ]', '[1.0,-1]', '["]"]', raw`["\""]`,
  ],
  objects: [
    '{}', '{ }', '{\t}', '{"a":1}', '{ "a" : 1 }', '{"a":{}}', '{"a":[]}', '{"":0}', '{"a":1,"b":2}', '{"a":1,"a":1}',
    '{"a":1,"a":2}', '{"a":{"a":{"a":{}}}}', '{"é":1}', '{"😀":1}', '{"}":"{"}', '{":":","}', '{"a\tb":1}'.replace('\t', raw`\t`),
    raw`{"\u0000":1}`, raw`{"\"":1}`, raw`{"a\\":1}`, '{"a":[{"b":[{"c":[]}]}]}', '{ "a":true\t,\r"b":false }',
  ],
  'white space': [' 1', '1 ', '\t1', '1\t', '\r1', '1\r\t', ' \t\r{ \t\r} \t\r', ' [ \t1\r,\t2 ] ', ' "a b" ', '  true  '],
};

/** What is no JSON. */
const INVALID_JSON: Readonly<Record<string, readonly string[]>> = {
  numbers: [
    ...['+1', '-', '--1', '+-1', '-+1', '- 1', '00', '01', '-01', '000', '-00', '012', '0x1', '0xff', '1_000', '1,5.'],
    ...['.', '.5', '-.5', '+.5', '1.', '-1.', '1.e1', '.e1', '1..2', '1.2.3', '0.', '0.e1', '1.a', '1 000', '1 .5'],
    ...['e1', '1e', '1e+', '1e-', '1E', '1e+-1', '1ee1', '1e1.5', '1e 1', '1eE2', '0e', '0e+', '1.0e', '9.e+', '1e1e1'],
    ...['NaN', '-NaN', 'Infinity', '-Infinity', 'Inf', '1a', '1n', '1f', '0b1', '0o7', '１', '1\u00a0', '−1', '1/2'],
  ],
  literals: [
    ...['tru', 'truee', 'True', 'TRUE', 'true1', 't', 'fals', 'False', 'falsee', 'nul', 'nulll', 'Null', 'NULL', 'n'],
    ...['none', 'undefined', 'nil', 'tr ue', 'true false', 'truefalse', 'nan', 'a', 'abc', '*', '&', '$', '@', '\\'],
  ],
  strings: [
    ...['"', '"a', 'a"', "'a'", "'", '`a`', '"a" "b"', '"a"b', '"a"1', '""""', '"a\tb"', '"\t"', '"\\x0d"', '"a\\x01b"', '"\\x00"'],
    ...['"\\x1f"', '"0123456789abcde\\x1f"', '"0123456789abcdef\\x0b"', 'é', '"é', '“a”', '\u00a0', '\u2028', '"a"\u00a0'],
  ],
  escapes: [
    raw`"\"`, raw`"\\\"`, raw`"\a"`, raw`"\0"`, raw`"\x41"`.replace('\\x41', '\\x4'), raw`"\'"`, raw`"\v"`, raw`"\e"`, raw`"\ "`, raw`"\U0041"`, raw`"\N"`,
    raw`"\é"`, raw`"\`, raw`"\u`, raw`"\u"`, raw`"\u0"`, raw`"\u00"`, raw`"\u004"`, raw`"\u004g"`, raw`"\u 041"`, raw`"\u+041"`,
    raw`"\u{41}"`, raw`"\u-041"`, raw`"\u004` + '"', raw`"\uD8"`, raw`"\uD83"`, raw`"\u00é9"`, raw`\u0041`, raw`\"a"`, raw`"\1"`,
  ],
  arrays: [
    ...['[', ']', '[1', '1]', '[,', '[,]', '[1,]', '[,1]', '[1,,2]', '[1 2]', '[1;2]', '[1:2]', '["a":1]', '[[]', '[]]'],
    ...['[}', '[1}', '[ ', '["a', '["a"', '["a",', '[1,\t', '[tru]', '[a]', '[-]', '[1.]', '(1)', '<1>', '[*]', '[""', '[[[[', ']['],
    ...['[][]', '[] []', '[],', '[]:', '[1]x', '[\\x0b]', '[\\x0c1]', '[é]', '[\u00a0]', '["\\x01"]', '[1/*c*/]', '[1]//'],
  ],
  objects: [
    ...['{', '}', '{]', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{,}', '{,"a":1}', '{"a":1,,"b":2}', '{"a"}'],
    ...['{"a" 1}', '{"a"::1}', '{"a":}', '{"a":1 "b":2}', '{"a":1;"b":2}', '{"a",1}', '{"a"=1}', '{:1}', '{1:1}', '{a:1}'],
    ...["{'a':1}", '{null:1}', '{true:1}', '{[]:1}', '{{}:1}', '{"a":1]', '{"a":1}}', '{{', '{}{}', '{} {}', '{},', '{}x', '{}"'],
    ...['{"a":1}//', '{/**/"a":1}', '{"a":/**/1}', '#{}', '{"a":1}#', '{"a":b}', '{"a":"b}', '{"a:1}', '{"a":1 ]}', '{"a":tru}'],
    ...['{"a\\x09":1}', '{"\\x00":1}', '{é:1}', '{"a"é:1}', '{"a":1é}', '{"a"\\x0b:1}', '{"a":\\x001}', '{"a":[1}', '{"a":[}]'],
    raw`{"\a":1}`, raw`{"\u00":1}`, raw`{"a\":1}`, raw`{\u0061:1}`, raw`{"a":"\"}`,
  ],
  'encodings and marks': [
    '\ufeff1', '\ufeff{}', '\ufeff"a"', '1\ufeff', '{\ufeff}', '\\x00', '1\\x00', '\\x001', '{}\\x00', '\u0085', '\u3000', '\ufffd',
  ],
};

/** What is no UTF-8, or says no character. */
const INVALID_UTF8: Readonly<Record<string, readonly string[]>> = {
  bytes: [
    raw`"\x80"`, raw`"\xbf"`, raw`"a\x80b"`, raw`"\xc0\x80"`, raw`"\xc0\xaf"`, raw`"\xc1\xbf"`, raw`"\xc2"`, raw`"\xc3("`,
    raw`"\xdf"`, raw`"\xc3\xa9\xa9"`, raw`"\xe0\x80\x80"`, raw`"\xe0\x9f\xbf"`, raw`"\xe2\x82"`, raw`"\xe2\x28\xa1"`,
    raw`"\xe2\x82("`, raw`"\xed\xa0\x80"`, raw`"\xed\xaf\xbf"`, raw`"\xed\xb0\x80"`, raw`"\xed\xbf\xbf"`,
    raw`"\xed\xa0\xbd\xed\xb8\x80"`, raw`"\xf0\x80\x80\x80"`, raw`"\xf0\x8f\xbf\xbf"`, raw`"\xf0\x9f\x98"`,
    raw`"\xf0\x9f\x98a"`, raw`"\xf0\x28\x8c\xbc"`, raw`"\xf4\x90\x80\x80"`, raw`"\xf5\x80\x80\x80"`, raw`"\xf8\x88\x80\x80\x80"`,
    raw`"\xfc\x84\x80\x80\x80\x80"`, raw`"\xfe"`, raw`"\xff"`, raw`"\xff\xfe"`, raw`"0123456789abcde\xff"`,
    raw`"0123456789abcdef\xff"`, raw`"0123456789abcd\xe2\x82"`, raw`"0123456789abc\xf0\x9f\x98"`, raw`"\xe9"`,
    raw`{"\xff":1}`, raw`{"a\xc3":1}`, raw`["\xff"]`, raw`{"a":["\x80"]}`,
  ],
  'bytes outside strings': [
    raw`\xff`, raw`\xff\xfe{}`, raw`\xfe\xff`, raw`\x80`, raw`1\xff`, raw`[\xff]`, raw`{\xff}`, raw`{"a":\x80}`, raw`tr\xff`,
    raw`-\xff`, raw`1e\xff`, raw`[1,\xc3]`, raw`{"a"\xff:1}`, raw`{}\xff`, raw`"a"\xff`, raw`"\` + raw`\xff"`,
  ],
  'lone surrogates': [
    raw`"\ud800"`, raw`"\udbff"`, raw`"\udc00"`, raw`"\udfff"`, raw`"\uD800"`, raw`"\uDFFF"`, raw`"\ud800a"`, raw`"a\ud800"`,
    raw`"\ud800\n"`, raw`"\ud800\ud800"`, raw`"\ud800\u0041"`, raw`"\udc00\ud800"`, raw`"\ud83d\ude00\ude00"`,
    raw`"\ud83d\ud83d\ude00"`, raw`"\ud800 \udc00"`, raw`"\ud800\\udc00"`, raw`"\ud800é"`, raw`"\ud800`, raw`"\ud800\`,
    raw`"\ud800\u"`, raw`"\ud800\udc"`, raw`{"\ud800":1}`, raw`["\udc00"]`, raw`{"a":{"b":"\udead"}}`, raw`"\ud800q"`,
  ],
};

export interface JsonCase {
  readonly group: string;
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly verdict: 'good' | 'invalid_json' | 'invalid_utf8';
}

function casesOf(verdict: JsonCase['verdict'], groups: typeof GOOD): JsonCase[] {
  return Object.entries(groups).flatMap(([group, texts]) =>
    texts.map((text) => ({ group, text, bytes: bytesOf(text), verdict })),
  );
}

export const JSON_CASES: readonly JsonCase[] = [
  ...casesOf('good', GOOD),
  ...casesOf('invalid_json', INVALID_JSON),
  ...casesOf('invalid_utf8', INVALID_UTF8),
];
