/** The deterministic event id: two implementations of it, and what it may and may not depend on. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventId, highway128 } from '../../agent/kernel/reference-event-id.ts';
import { agree, check, withOptions } from './check.ts';
import { documentText, flattenOptions, runs } from './documents.ts';
import { text } from './expressions.ts';
import { kernelRun } from './run-kernel.ts';

const ID = { column: 'event_id', node: 'node-1' };
const OPTIONS = withOptions({ eventId: ID });
const hashOf = (line: string): string => createHash('sha256').update(line).digest('hex').slice(0, 32);

async function idsOf(
  stream: string,
  firstLineHash: string,
  node = ID.node,
  final = false,
): Promise<string[]> {
  const options = withOptions({ eventId: { ...ID, node } });
  const { rows } = await kernelRun(Buffer.from(stream), options, { firstLineHash, final });
  return rows.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()).event_id);
}

describe('the published values of HighwayHash-128', () => {
  const bytes = (count: number): Buffer => Buffer.from(Array.from({ length: count }, (_, i) => i));
  test.each([
    [0, 0x0fed268f9d8ffec7n, 0x33565e767f093e6fn],
    [32, 0x1984df66c1434aaan, 0x16fc1958f9b3e4b9n],
    [64, 0x98bb1f7198d4c4f2n, 0xe0bc0571de918fc8n],
  ])('of %i bytes', (count, first, second) => {
    expect(highway128(bytes(32), bytes(count))).toEqual([first, second]);
  });
});

describe('both implementations', () => {
  test('lines of every length around a packet', async () => {
    const lines = Array.from({ length: 140 }, (_, i) => `{"a":"${'x'.repeat(i)}"}\n`).join('');
    const { rows } = await agree(Buffer.from(lines), OPTIONS, { firstLineHash: 'abc' });
    expect(new Set(rows.map(({ bytes }) => Buffer.from(bytes).toString().slice(-34))).size).toBe(140);
  });

  test('arbitrary events and options', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(documentText, { minLength: 1, maxLength: 4 }),
        flattenOptions,
        fc.constantFrom('', 'abc', 'f'.repeat(32)),
        fc.constantFrom('event_id', '@id', 'a', 'é"'),
        async (lines, options, firstLineHash, column) => {
          const addColumns = options.addColumns.filter(([name]) => name !== column);
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          const eventId = { column, node: 'nöde' };
          await agree(bytes, { ...options, addColumns, eventId }, { firstLineHash });
        },
      ),
      runs(150),
    );
  });
});

describe('the column', () => {
  const id = eventId(ID.node, '', 0, Buffer.from('{"a":1}'));
  const options = { addColumns: [['z', 'q']] as const, eventId: ID };
  check('stands last, behind the added ones', '{"a":1}', `{"a":1,"z":"q","event_id":"${id}"}`, options);
  const own = eventId(ID.node, '', 0, Buffer.from('{"event_id":1}'));
  check('wins over the event’s own', '{"event_id":1}', `{"event_id__2":1,"event_id":"${own}"}`, {
    eventId: ID,
  });
  check('of an event without columns', '{}', `{"event_id":"${eventId(ID.node, '', 0, Buffer.from('{}'))}"}`, {
    eventId: ID,
  });
  check(
    'is seen by rules',
    ['{"a":1}', '{"a":1}'],
    { rows: 'any', matches: ['0 match 0'] },
    { eventId: ID },
    { conditions: [{ expression: text('event_id', 'exact', id) }] },
  );
});

describe('the id', () => {
  const lines = ['{"a":1}', '{"a":2}', '{"a":1}'];
  const stream = lines.map((line) => `${line}\n`).join('');
  const hash = hashOf('{"a":1}\n');

  test('is the same when the line is read again, from wherever the reading begins', async () => {
    const first = await idsOf(stream, hash);
    expect(await idsOf(stream, hash)).toEqual(first);
    const expected = lines.map((line, i) => eventId(ID.node, hash, i * 8, Buffer.from(line)));
    expect(first).toEqual(expected);
    expect(first[0]).toMatch(/^[0-9a-f]{32}$/);
  });

  test('does not depend on the line end, nor on whether there is one', async () => {
    const unix = await idsOf('{"a":1}\n', hash);
    expect(await idsOf('{"a":1}\r\n', hash)).toEqual(unix);
    expect(await idsOf('{"a":1}', hash, ID.node, true)).toEqual(unix);
  });

  test('differs by offset, first line, node and line', async () => {
    const ids = [
      ...(await idsOf(stream, hash)),
      ...(await idsOf(stream, hashOf('{"b":1}\n'))),
      ...(await idsOf(stream, hash, 'node-2')),
      ...(await idsOf(stream.replaceAll('a', 'b'), hash)),
    ];
    expect(new Set(ids).size).toBe(12);
  });

  test('offsets beyond 32 bits count', async () => {
    const line = Buffer.from('{"a":1}');
    const far = eventId(ID.node, hash, 2 ** 33, line);
    expect(far).not.toBe(eventId(ID.node, hash, 0, line));
  });
});
