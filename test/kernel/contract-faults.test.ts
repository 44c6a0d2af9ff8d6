/** Why a line is refused, when several reasons apply. Expected values are written by hand. */

import { describe } from 'vitest';
import { bytesOf, check, refuse } from './check.ts';

const raw = String.raw;

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
