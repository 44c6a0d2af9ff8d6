/** What is a line, what is an event, and why a line is refused. Expected values are written by hand. */

import { describe } from 'vitest';
import { KiB, MAX_ROW_BYTES, MiB } from '../../agent/limits.ts';
import { bytesOf, check } from './check.ts';

const raw = String.raw;
/** A refused line between two good ones, which must not notice. */
function refuse(line: string, reason: string): void {
  const bytes = Buffer.concat([bytesOf('{"a":1}\n'), bytesOf(line), bytesOf('\n{"b":2}\n')]);
  check(`${reason} ${line.length > 60 ? `${line.slice(0, 57)}...` : line}`, bytes, {
    rows: ['{"a":1}', '{"b":2}'],
    rejects: [reason],
  });
}

describe('lines', () => {
  const stream = bytesOf;
  check('end in a newline', stream('{"a":1}\n{"b":2}\n'), {
    rows: ['{"a":1}', '{"b":2}'],
    places: ['0+8', '8+8'],
  });
  check('one carriage return belongs to the end', stream('{"a":1}\r\n{"b":2}\r\n'), {
    rows: ['{"a":1}', '{"b":2}'],
    places: ['0+9', '9+9'],
  });
  check('further carriage returns are white space', stream('\r{"a"\r:1}\r\r\r\n'), {
    rows: ['{"a":1}'],
    places: ['0+13'],
  });
  check(
    'white space is legal wherever JSON has it',
    ' \t{ "a" \t: \r1 , "b" : { } , "c":[ ] } \t',
    '{"a":1}',
  );
  check('of white space only are blank', stream('\n \n\t\n\r\n\r\r\n \t \r\n'), { blankLines: 6 });
  check('blank ones between events', stream('\n{"a":1}\n\n \n{"a":2}\n\n'), {
    rows: ['{"a":1}', '{"a":2}'],
    places: ['1+8', '12+8'],
    blankLines: 4,
  });
  check('other white space is none', stream('\\x0b\n\\x0c\n\u00a0\n\u2003\n\\x00\n'), {
    rejects: ['invalid_json', 'invalid_json', 'invalid_json', 'invalid_json', 'invalid_json'],
    blankLines: 0,
  });
  check('nothing gives nothing', stream(''), { names: [], blankLines: 0, filteredEvents: 0, typeChanges: 0 });
  check('a started one waits', stream('{"a":1}\n{"b":2}'), { rows: ['{"a":1}'] });
  check('a started one that is wrong waits', stream('{"a":1}\nx'), { rows: ['{"a":1}'] });
  const final = { final: true };
  check(
    'the last piece is one at the end',
    stream('{"a":1}\n{"b":2}'),
    { rows: ['{"a":1}', '{"b":2}'], places: ['0+8', '8+7'] },
    {},
    final,
  );
  check(
    'the last piece may end in a carriage return',
    stream('{"b":2}\r'),
    { rows: ['{"b":2}'], places: ['0+8'] },
    {},
    final,
  );
  check(
    'a torn last piece is refused',
    stream('{"a":1}\n{"b":'),
    { rows: ['{"a":1}'], rejects: ['invalid_json'], heads: ['{"b":'], places: ['0+8', '8+5'] },
    {},
    final,
  );
  check(
    'a blank last piece is nothing',
    stream('{"a":1}\n \t'),
    { rows: ['{"a":1}'], blankLines: 0 },
    {},
    final,
  );
  check(
    'an empty last piece is nothing',
    stream('{"a":1}\n'),
    { rows: ['{"a":1}'], blankLines: 0 },
    {},
    final,
  );
  check('no byte order mark', stream('\ufeff{"a":1}\n'), { rejects: ['invalid_json'] });
  check('no byte order mark on a later line', stream('{"a":1}\n\ufeff{"a":1}\n\ufeff\n'), {
    rows: ['{"a":1}'],
    rejects: ['invalid_json', 'invalid_json'],
  });
  check('U+FEFF in a string is a character', stream('{"\ufeffa":"\ufeff"}\n'), '{"\ufeffa":"\ufeff"}');
  check('the head of a refused line has no line end', stream('xy\r\n'), {
    rejects: ['invalid_json'],
    heads: ['xy'],
    places: ['0+4'],
  });
});

describe('what is no object', () => {
  for (const line of ['[]', '[{"a":1}]', '"x"', '""', '1', '-0.5e3', 'null', 'true', ' false ', '[[1]]'])
    refuse(line, 'not_object');
  for (const line of ['{}{}', '{} {}', '{"a":1},', '1 2', '[1]]', '{"a":1}x', '{', '}', '[', ']', ','])
    refuse(line, 'invalid_json');
});

describe('too long', () => {
  const options = { maxLineBytes: 64 };
  const event = (size: number): string => `{"a":"${'x'.repeat(size - 8)}"}`;
  check('exactly the limit is fine', event(64), event(64), options);
  check(
    'one more is not',
    event(65),
    { rejects: ['too_long'], heads: [event(65)], places: ['0+66'] },
    options,
  );
  check(
    'the line end does not count',
    bytesOf(`${event(64)}\r\n`),
    { rows: [event(64)], places: ['0+66'] },
    options,
  );
  check(
    'a second carriage return counts',
    bytesOf(`${event(64)}\r\r\n`),
    { rejects: ['too_long'], heads: [`${event(64)}\r`] },
    options,
  );
  check('is the first reason', ['x'.repeat(65), '[1]'], { rejects: ['too_long', 'not_object'] }, options);
  check(
    'holds for blank lines too',
    [' '.repeat(65), ' '.repeat(64)],
    { rejects: ['too_long'], blankLines: 1 },
    options,
  );
  check(
    'leaves the neighbours alone',
    [event(20), event(300), event(21)],
    { rows: [event(20), event(21)], rejects: ['too_long'], places: ['0+21', '322+22', '21+301'] },
    options,
  );
  check('waits for its end', bytesOf(`{"a":1}\n${'x'.repeat(200)}`), { rows: ['{"a":1}'] }, options);
  check(
    'as the last piece',
    bytesOf(`{"a":1}\n${'x'.repeat(200)}`),
    { rows: ['{"a":1}'], rejects: ['too_long'], places: ['0+8', '8+200'] },
    options,
    { final: true },
  );
  const long = 'y'.repeat(100 * KiB + 1);
  check(
    'keeps the first 64 KiB',
    ['{"a":1}', long, '{"b":2}'],
    { rows: ['{"a":1}', '{"b":2}'], rejects: ['too_long'], heads: [long.slice(0, 64 * KiB)] },
    { maxLineBytes: 100 * KiB },
  );
  check('several in a row', [long, long, '{"b":2}', long], {
    rows: ['{"b":2}'],
    rejects: ['too_long', 'too_long', 'too_long'],
  });
  check(
    'a refused line within the limit is kept whole',
    `"${'z'.repeat(80 * KiB)}"`,
    { rejects: ['not_object'], heads: [`"${'z'.repeat(80 * KiB)}"`] },
    { maxLineBytes: 100 * KiB },
  );
});

describe('invalid UTF-8 or invalid JSON: the earlier fault counts', () => {
  refuse(raw`{"a":"\xff" x}`, 'invalid_utf8');
  refuse(raw`{"a":x "\xff"}`, 'invalid_json');
  refuse(raw`{"a":1}}\xff`, 'invalid_json');
  refuse(raw`{"a":1}\xff`, 'invalid_utf8');
  refuse(raw`{"a":"\x01\xff"}`, 'invalid_json');
  refuse(raw`{"a":"\xff\x01"}`, 'invalid_utf8');
  refuse(raw`{"a":"\q\xff"}`, 'invalid_json');
  refuse(raw`{"a":01\xff}`, 'invalid_json');
  refuse(raw`{"a":trux\xff}`, 'invalid_json');
  refuse(raw`{"\xff":1,,}`, 'invalid_utf8');
  refuse(raw`{"a" "\xff"}`, 'invalid_json');
});

describe('at the same byte UTF-8 counts', () => {
  refuse(raw`{"a":\xff}`, 'invalid_utf8');
  refuse(raw`\xff`, 'invalid_utf8');
  refuse(raw`{\xff}`, 'invalid_utf8');
  refuse(raw`{"a"\xff:1}`, 'invalid_utf8');
  refuse(raw`{"a":tru\xff}`, 'invalid_utf8');
  refuse(raw`{"a":-\xff}`, 'invalid_utf8');
  refuse(raw`{"a":1.\xff}`, 'invalid_utf8');
  refuse(raw`{"a":1e\xff}`, 'invalid_utf8');
  refuse(raw`{"a":1\xff}`, 'invalid_utf8');
  refuse(`{"a":"\\${raw`\xff`}"}`, 'invalid_utf8');
  refuse(raw`{"a":"\u12\xff"}`, 'invalid_utf8');
  refuse(raw`{"a":"\xe2\x82`, 'invalid_utf8');
  refuse(raw`{"a":1,\xe2\x82`, 'invalid_utf8');
});

describe('characters outside strings are JSON faults, wherever well formed', () => {
  refuse('{"a":é}', 'invalid_json');
  refuse('{é:1}', 'invalid_json');
  refuse('{"a":1}é', 'invalid_json');
  refuse('{"a":tru😀}', 'invalid_json');
  refuse(raw`{"a":"\u12é"}`, 'invalid_json');
  refuse('{"a":"\\é"}', 'invalid_json');
});

describe('surrogate escapes', () => {
  refuse(raw`{"a":"\ud800"}`, 'invalid_utf8');
  refuse(raw`{"a":"\udc00"}`, 'invalid_utf8');
  refuse(raw`{"a":"\uD83D"}`, 'invalid_utf8');
  refuse(raw`{"\uDFFF":1}`, 'invalid_utf8');
  refuse(raw`{"a":"\ud800x\udc00"}`, 'invalid_utf8');
  refuse(raw`{"a":"\ud800\n"}`, 'invalid_utf8');
  refuse(raw`{"a":"\ud800\ud800\udc00"}`, 'invalid_utf8');
  refuse(raw`{"a":"\udc00\ud800"}`, 'invalid_utf8');
  refuse(raw`{"a":"\ud83d\ude00\ude00"}`, 'invalid_utf8');
  refuse(raw`{"a":"\ud800\u0041"}`, 'invalid_utf8');
  refuse(raw`{"a":["\ud800"]}`, 'invalid_utf8');
  refuse(raw`{"pod_labels":{"\ud800":1}}`, 'invalid_utf8');
  // The high one stands before whatever else is wrong behind it.
  refuse(raw`{"a":"\ud800\u12"}`, 'invalid_utf8');
  refuse(raw`{"a":"\ud800\udc0"}`, 'invalid_utf8');
  refuse(raw`{"a":"\ud800`, 'invalid_utf8');
  refuse(raw`{"a":"\ud800\q"}`, 'invalid_utf8');
  refuse(raw`{"a":"\ud800\xff"}`, 'invalid_utf8');
  // Not four hex digits: no surrogate yet.
  refuse(raw`{"a":"\ud8"}`, 'invalid_json');
  refuse(raw`{"a":"\ud8`, 'invalid_json');
  refuse(raw`{"a":"\ud80g"}`, 'invalid_json');
  refuse(raw`{"a":"\ud8\udc00"}`, 'invalid_json');
  refuse(raw`x{"a":"\ud800"}`, 'invalid_json');
  check(
    'pairs in any case are characters',
    raw`{"a":"\ud83d\ude00\uD83D\uDE00\uDbFf\udFfF"}`,
    raw`{"a":"\ud83d\ude00\uD83D\uDE00\uDbFf\udFfF"}`,
  );
});

describe('depth', () => {
  const objects = (count: number, inner: string): string =>
    `${'{"a":'.repeat(count)}${inner}${'}'.repeat(count)}`;
  const arrays = (count: number, inner = ''): string => `${'['.repeat(count)}${inner}${']'.repeat(count)}`;
  const name = (count: number): string => Array.from({ length: count }, () => 'a').join('_');
  check('64 objects', objects(64, '1'), `{"${name(64)}":1}`);
  check('64 objects, the last empty', objects(63, '{}'), '{}');
  check('65 objects', objects(65, '1'), { rejects: ['too_deep'] });
  check('65 objects, the last empty', objects(64, '{}'), { rejects: ['too_deep'] });
  check('63 arrays in the top object', `{"a":${arrays(63)}}`, `{"a":"${arrays(63)}"}`);
  check('64 arrays in the top object', `{"a":${arrays(64)}}`, { rejects: ['too_deep'] });
  check('JSON text counts', [`{"pod_labels":${objects(63, '1')}}`, `{"pod_labels":${objects(64, '1')}}`], {
    rows: [`{"pod_labels":"${objects(63, '1').replaceAll('"', '\\"')}"}`],
    rejects: ['too_deep'],
  });
  check(
    'arrays of objects count twice',
    [`${'{"a":['.repeat(32)}${']}'.repeat(32)}`, `${'{"a":['.repeat(32)}{}${']}'.repeat(32)}`],
    { rows: ['{}'], rejects: ['too_deep'] },
  );
  check(
    'siblings do not add up',
    `{"a":${arrays(40)},"b":${arrays(40)}}`,
    `{"a":"${arrays(40)}","b":"${arrays(40)}"}`,
  );
  check('deep in the middle of a line', `{"a":1,"b":${objects(70, '2')},"c":3}`, { rejects: ['too_deep'] });
  check('before not_object', [arrays(64), arrays(65), arrays(70)], {
    rejects: ['not_object', 'too_deep', 'too_deep'],
  });
  check('after invalid_json', [arrays(70).slice(1), arrays(70).slice(0, -1), `${arrays(70)},`], {
    rejects: ['invalid_json', 'invalid_json', 'invalid_json'],
  });
  check(
    'wrong closer far down',
    [`${'['.repeat(70)}}`, `{"a":${arrays(70, '1')}]`, `{"a":${arrays(70, '{]')}}`],
    { rejects: ['invalid_json', 'invalid_json', 'invalid_json'] },
  );
  check('after invalid_utf8', bytesOf(`${arrays(70, raw`"\xff"`)}\n${arrays(70, raw`"\ud800"`)}\n`), {
    rejects: ['invalid_utf8', 'invalid_utf8'],
  });
  check(
    'without limit in the checking',
    [arrays(30_000), `{"a":${arrays(30_000)}}`, arrays(30_000, ','), objects(9000, 'x')],
    { rejects: ['too_deep', 'too_deep', 'invalid_json', 'invalid_json'] },
  );
});

describe('row too large', () => {
  const options = { maxLineBytes: 5 * MiB };
  const event = (rowBytes: number): string => `{"a":"${'x'.repeat(rowBytes - 8)}"}`;
  check('exactly 4 MiB is fine', event(MAX_ROW_BYTES), event(MAX_ROW_BYTES), options);
  check(
    'one more is not, and the next row is',
    [event(MAX_ROW_BYTES + 1), '{"b":1}'],
    { rows: ['{"b":1}'], rejects: ['row_too_large'], names: ['b'] },
    options,
  );
  const added = { ...options, addColumns: [['c', 'zz']] as const };
  check(
    'added columns count',
    [event(MAX_ROW_BYTES - 9), event(MAX_ROW_BYTES - 8)],
    { rows: [`${event(MAX_ROW_BYTES - 9).slice(0, -1)},"c":"zz"}`], rejects: ['row_too_large'] },
    added,
  );
  check('white space does not', `${' '.repeat(1000)}${event(MAX_ROW_BYTES)}`, event(MAX_ROW_BYTES), options);
  // Escapes of JSON text: each quote of the line costs two bytes, and the text its own two quotes.
  const list = (items: number, padding: number): string =>
    `[${Array.from({ length: items }, () => '""').join(',')},"${'x'.repeat(padding)}"]`;
  const text = (items: number, padding: number): string =>
    `{"a":"${list(items, padding).replaceAll('"', '\\"')}"}`;
  const padding = MAX_ROW_BYTES - text(500_000, 0).length;
  check(
    'JSON text counts as written',
    [`{"a":${list(500_000, padding)}}`, `{"a":${list(500_000, padding + 1)}}`],
    { rows: [text(500_000, padding)], rejects: ['row_too_large'] },
    options,
  );
  const children = Array.from({ length: 1400 }, (_, i) => `"${i}":0`).join(',');
  const exploding = `{"a":1,"${'k'.repeat(3000)}":{${children}}}`;
  check('joined names explode a short line', [exploding, '{"b":1}'], {
    rows: ['{"b":1}'],
    rejects: ['row_too_large'],
    names: ['b'],
  });
  check('what is dropped does not count', exploding, '{"a":1}', { dropColumns: ['k*'] });
  check('what is redacted counts as sent', event(MAX_ROW_BYTES + 1), '{"a":"[redacted]"}', {
    ...options,
    redactColumns: ['a'],
  });
});
