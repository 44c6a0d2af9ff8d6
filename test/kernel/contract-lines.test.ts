/** What is a line, and what is an event. Expected values are written by hand. */

import { describe } from 'vitest';
import { KiB } from '../../agent/limits.ts';
import { bytesOf, check, refuse } from './check.ts';

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
