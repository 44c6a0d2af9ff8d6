/**
 * One broken call at a time, at every place where delivery touches the disk: spool, dead letters, names. Nothing is
 * thrown, and whatever a checkpoint might have passed is at the server, in the spool or in a dead letter.
 */

import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Dataset } from '../../agent/delivery/dataset.ts';
import { BrokenFs, type Call, type Operation } from '../disk/broken-fs.ts';
import { createReceiver } from '../receiver/index.ts';
import { batches, type CollectedLog, deadLetters, isBad, rig, tempFolder } from './fixtures.ts';

const BATCHES = 16;
const ROWS = 20;
const BAD: readonly number[] = [25, 110, 250];
/** Memory for about three of the batches. */
const OUTBOX_BYTES = 8 * 1024;
const SPOOL = { maxBytes: 1024 * 1024, diskRetryMs: 5 };

const DRAIN_MS = 500;

const CODES: Partial<Record<Operation, readonly string[]>> = {
  ...{ open: ['EMFILE', 'EACCES'], read: ['EIO'], write: ['ENOSPC', 'EIO'], fsync: ['EIO'] },
  ...{ rename: ['EACCES'], stat: ['EIO'], list: ['EACCES'], unlink: ['EIO'], mkdir: ['ENOSPC'] },
  ...{ truncate: ['EIO'], close: ['EIO'] },
};

function datasetIn(folder: string, log: CollectedLog): Dataset {
  return new Dataset({
    ...{ file: path.join(folder, 'names.json'), maxColumns: 900, log },
    ...{ readSchema: async () => ({ kind: 'missing' }), onColumns: () => undefined },
  });
}

/** An outage, poison, and a stop, in this folder. Returns which batches a checkpoint might have passed, and what came. */
async function live(folder: string): Promise<{ passed: Set<number>; arrived: Set<number> }> {
  await using server = await createReceiver({
    faultRows: (rows) => (rows.some(isBad) ? { status: 400, body: 'no' } : undefined),
  });
  await server.stop();
  const { letters, log } = deadLetters(path.join(folder, 'deadletters'));
  const settled = new Set<number>();
  const passed = new Set<number>();
  const dataset = datasetIn(folder, log);
  const names = [...dataset.load(), 'a'];
  const { delivery } = rig([server.url], {
    ...{ outboxBytes: OUTBOX_BYTES, compression: 'none', retryMaxMs: 5, deadLetters: letters },
    spool: { folder: path.join(folder, 'spool'), ...SPOOL },
    onSettled: (sequence) => settled.add(sequence),
  });
  const checkpoint = async () => {
    await dataset.save(names);
    if (letters.flush()) for (const sequence of settled) passed.add(sequence);
  };
  const feeding = (async () => {
    for (const batch of batches(BATCHES, ROWS, (key) => (BAD.includes(key) ? ',"bad":1' : ''))) {
      await delivery.accept(batch);
      await checkpoint();
    }
  })().catch(() => undefined);
  const isIn = () => settled.size >= BATCHES - 4 || (delivery.full && delivery.spoolTrouble !== '');
  await expect.poll(isIn, { timeout: 3000, interval: 5 }).toBe(true);
  await server.restart();
  await feeding;
  await expect.poll(() => settled.size, { timeout: 3000, interval: 5 }).toBe(BATCHES);
  await checkpoint();
  // Some faults keep it from ever being empty.
  const endMs = performance.now() + DRAIN_MS;
  while (performance.now() < endMs && (delivery.spool?.usedBytes ?? 0) + delivery.stats.outboxBytes > 0)
    await sleep(5);
  await delivery.stop(100);
  await checkpoint();
  letters.close();
  return { passed, arrived: keysOf(server.rows) };
}

function keysOf(rows: readonly Readonly<Record<string, unknown>>[]): Set<number> {
  return new Set(rows.map((row) => Number(String(row['cluster_name']).slice('seq-'.length))));
}

/** What the next start finds in the folder. */
async function left(folder: string): Promise<Set<number>> {
  await using server = await createReceiver();
  const { delivery } = rig([server.url], { spool: { folder: path.join(folder, 'spool'), ...SPOOL } });
  await expect.poll(() => delivery.spool?.usedBytes, { timeout: 3000, interval: 5 }).toBe(0);
  await delivery.stop(100);
  const keys = keysOf(server.rows);
  const letters = path.join(folder, 'deadletters');
  for (const file of fs.existsSync(letters) ? fs.readdirSync(letters) : []) {
    for (const [, key] of fs.readFileSync(path.join(letters, file), 'utf8').matchAll(/seq-(\d+)/g))
      keys.add(Number(key));
  }
  return keys;
}

/** Files below the folder that this process holds open; a handle that is never closed ends the agent when it is collected. */
function openFiles(folder: string): string[] {
  if (!fs.existsSync('/proc/self/fd')) return [];
  return fs.readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const file = fs.readlinkSync(`/proc/self/fd/${descriptor}`);
      return file.startsWith(folder) ? [file] : [];
    } catch {
      return [];
    }
  });
}

/** Lives once with this fault, and once more after it. */
async function check(fault: (call: Call) => string | undefined): Promise<Call[]> {
  using temp = tempFolder();
  const calls: Call[] = [];
  let result: Awaited<ReturnType<typeof live>>;
  {
    using broken = new BrokenFs(temp.folder);
    broken.fault = (call) => {
      calls.push(call);
      return fault(call);
    };
    result = await live(temp.folder);
  }
  // A file that is being replaced is open for a moment more.
  await expect.poll(() => openFiles(temp.folder), { timeout: 3000, interval: 5 }).toEqual([]);
  const found = await left(temp.folder);
  const missing = [...result.passed].flatMap((sequence) =>
    Array.from({ length: ROWS }, (_, i) => (sequence - 1) * ROWS + i).filter(
      (key) => !result.arrived.has(key) && !found.has(key),
    ),
  );
  expect(missing).toEqual([]);
  return calls;
}

test('every call that delivery makes', { timeout: 120_000 }, async () => {
  const sites = new Map<string, Operation>();
  for (const { site, operation } of await check(() => undefined))
    sites.set(`${operation} at ${site}`, operation);
  const places = [...sites.keys()].filter((place) => place.includes('agent/'));
  for (const file of ['delivery/disk', 'delivery/letter-disk', 'delivery/dataset', 'agent/durable-file'])
    expect(
      places.some((place) => place.includes(`${file}.ts`)),
      file,
    ).toBe(true);
  let runs = 0;
  for (const place of places) {
    for (const code of CODES[sites.get(place) ?? 'read'] ?? ['EIO']) {
      for (const times of [1, Number.POSITIVE_INFINITY]) {
        let count = 0;
        const isHit = ({ operation, site }: Call) => `${operation} at ${site}` === place && count++ < times;
        try {
          await check((call) => (isHit(call) ? code : undefined));
          runs++;
        } catch (cause) {
          throw new Error(`${code} ${times === 1 ? 'once' : 'always'}: ${place}`, { cause });
        }
      }
    }
  }
  console.log(`${places.length} places, ${runs} faults`);
});
