/** Rows at the limit of 4 MiB. Expected values are written by hand. */

import { describe } from 'vitest';
import { MAX_ROW_BYTES, MiB } from '../../agent/limits.ts';
import { check } from './check.ts';

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
