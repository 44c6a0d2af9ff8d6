/** Event ids over the whole way: a file, its renamed backup and its compressed copy give equal ones; nothing else does. */

import { rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createReceiver } from '../receiver/index.ts';
import { AgentProcess, Workplace } from './agent.ts';

const line = (n: number): string =>
  `{"process_exec":{"process":{"pid":${n}}},"time":"2026-01-02T03:04:05Z"}\n`;

test('the same file read again, compressed, and another file', { timeout: 30_000 }, async () => {
  using place = new Workplace();
  /** Reads the folder from nothing; the ids in the order of arrival. */
  const idsOfAll = async (count: number): Promise<string[]> => {
    await using receiver = await createReceiver({});
    rmSync(place.join('state'), { recursive: true, force: true });
    await using agent = new AgentProcess(place, {
      PARSEABLE_URL: receiver.url,
      TETRAGON_LOG: place.join('tetragon.log'),
      TETRASHIP_NODE_NAME: 'node-1',
      TETRASHIP_EVENT_ID_COLUMN: 'event_id',
    });
    await receiver.waitForRows(count, 15_000);
    expect(await agent.stop()).toBe(0);
    expect(receiver.violations).toEqual([]);
    return receiver.rows.map((row) => String(row['event_id']));
  };

  const content = line(1) + line(2) + line(2) + line(3);
  writeFileSync(place.join('tetragon.log'), content);
  const first = await idsOfAll(4);
  expect(first.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
  expect(new Set(first).size).toBe(4); // two lines are the same and stand in two places

  expect(await idsOfAll(4)).toEqual(first);

  // Rotated and compressed; the active file begins with another line and goes on with the same ones.
  writeFileSync(place.join('tetragon-2026-01-02T03-04-05.000.log.gz'), gzipSync(content));
  writeFileSync(place.join('tetragon.log'), line(9) + content.slice(line(1).length));
  const both = await idsOfAll(8);
  expect(both.slice(0, 4)).toEqual(first);
  expect(new Set(both).size).toBe(8);
});

test('standard input: offsets count from the beginning of the stream', { timeout: 30_000 }, async () => {
  using place = new Workplace();
  const idsOf = async (stream: string, count: number): Promise<string[]> => {
    await using receiver = await createReceiver({});
    rmSync(place.join('state'), { recursive: true, force: true });
    await using agent = new AgentProcess(place, {
      PARSEABLE_URL: receiver.url,
      TETRAGON_LOG: '-',
      TETRASHIP_NODE_NAME: 'node-1',
      TETRASHIP_EVENT_ID_COLUMN: 'event_id',
    });
    agent.child.stdin?.end(stream);
    expect(await agent.exited).toBe(0);
    expect(receiver.rows.length).toBe(count);
    return receiver.rows.map((row) => String(row['event_id']));
  };
  const first = await idsOf(line(1) + line(2) + line(2), 3);
  expect(new Set(first).size).toBe(3);
  expect(await idsOf(line(1) + line(2) + line(2) + line(4), 4)).toEqual([...first, expect.any(String)]);
});
