import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Body } from '../../agent/delivery/body.ts';
import type { Disk } from '../../agent/delivery/disk.ts';
import { Spool, type SpooledBody } from '../../agent/delivery/spool.ts';
import { SEGMENT_HEADER_BYTES } from '../../agent/delivery/spool-format.ts';
import { DeliveryStats } from '../../agent/delivery/stats.ts';
import { ACTIVE, CollectedLog, rawBody, tempFolder } from './fixtures.ts';
import { MemoryDisk } from './memory-disk.ts';

const FOLDER = '/state/spool';
const MiB = 1024 * 1024;

/** A body without encoding, told apart by its number; `length` pads it. */
function bodyOf(number: number, length = 0): Body {
  const { raw, table } = rawBody([`{"n":${number}}`, `{"pad":"${'x'.repeat(length)}"}`], number * 1000);
  return {
    ...{
      sequence: number,
      encoding: 'none',
      bytes: Uint8Array.from(raw),
      rawLength: raw.length,
      rowCount: 2,
    },
    ...{
      rows: table,
      sealedAtMs: 5000 + number,
      lastEventTimeMs: number % 2 === 0 ? 4000 + number : Number.NaN,
    },
  };
}

function numberOf({ bytes }: Body): number {
  return Number(/"n":(\d+)/.exec(Buffer.from(bytes).toString())?.[1] ?? Number.NaN);
}

interface Opened {
  readonly spool: Spool;
  readonly stats: DeliveryStats;
  readonly log: CollectedLog;
}

function open(disk: Disk | undefined, options: Partial<ConstructorParameters<typeof Spool>[0]> = {}): Opened {
  const [stats, log] = [new DeliveryStats(), new CollectedLog()];
  const all = { folder: FOLDER, maxBytes: 64 * MiB, dropOldest: false, diskRetryMs: 0, ...options };
  const spool = new Spool({ ...all, log, stats, disk });
  spool.open();
  return { spool, stats, log };
}

async function write(spool: Spool, bodies: readonly Body[]): Promise<void> {
  for (const body of bodies) {
    const ticket = await spool.append(body, false);
    expect(ticket).toBeDefined();
    await spool.sync();
    expect(ticket !== undefined && spool.isDurable(ticket)).toBe(true);
  }
}

async function readAll(spool: Spool): Promise<SpooledBody[]> {
  const records: SpooledBody[] = [];
  for (let record = await spool.next(); record !== undefined; record = await spool.next())
    records.push(record);
  return records;
}

async function numbersIn(disk: Disk | undefined, folder = FOLDER): Promise<number[]> {
  const { spool } = open(disk, { folder });
  const numbers = (await readAll(spool)).map(({ body }) => numberOf(body));
  await spool.close();
  return numbers;
}

/** Lets what was begun without being awaited come to its end. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe('a record', () => {
  test('comes back as it was, with its table and the identity of its files', async () => {
    using temp = tempFolder();
    const folder = path.join(temp.folder, 'state', 'spool');
    const written = [bodyOf(1), bodyOf(2, 100_000)];
    const first = open(undefined, { folder });
    await write(first.spool, written);
    await first.spool.close();

    const again = open(undefined, { folder });
    expect(again.spool.unread).toBe(true);
    const records = await readAll(again.spool);
    expect(records.map(({ body }) => body)).toEqual(written.map((body) => ({ ...body, sequence: 0 })));
    expect(records[0]?.body.rows.spans).toEqual([{ firstRow: 0, file: ACTIVE }]);
    expect(records[0]?.createdMs).toBeGreaterThan(1_700_000_000_000);
    const [file = ''] = fs.readdirSync(folder);
    expect(fs.statSync(path.join(folder, file)).mode & 0o777).toBe(0o600);
    expect(again.log.lines).toEqual([]);
    await again.spool.close();
  });

  test('is gone from disk once it is done', async () => {
    using temp = tempFolder();
    const { spool } = open(undefined, { folder: temp.folder });
    await write(
      spool,
      [1, 2, 3].map((n) => bodyOf(n)),
    );
    const records = await readAll(spool);
    for (const { ticket } of records.slice(0, 2)) spool.done(ticket);
    await expect.poll(() => numbersIn(undefined, temp.folder)).toEqual([3]);
    const last = records[2];
    if (last !== undefined) spool.done(last.ticket);
    await expect.poll(() => fs.readdirSync(temp.folder)).toEqual([]);
    expect(spool.usedBytes).toBe(0);
    await write(spool, [bodyOf(4)]);
    expect((await readAll(spool)).map(({ body }) => numberOf(body))).toEqual([4]);
    await spool.close();
  });

  test('that stays in memory is not read, but by the next start', async () => {
    const disk = new MemoryDisk();
    const { spool } = open(disk);
    const known = await spool.append(bodyOf(1), true);
    await spool.append(bodyOf(2), false);
    await spool.sync();
    expect((await readAll(spool)).map(({ body }) => numberOf(body))).toEqual([2]);
    expect(await numbersIn(disk.afterPowerLoss())).toEqual([1, 2]);
    if (known !== undefined) spool.done(known);
    await settle();
    expect(await numbersIn(disk.afterKill())).toEqual([2]);
  });

  test('is not read before it is durable', async () => {
    const { spool } = open(new MemoryDisk());
    await spool.append(bodyOf(1), false);
    expect(spool.unread).toBe(false);
    expect(await spool.next()).toBeUndefined();
    await spool.sync();
    expect((await readAll(spool)).map(({ body }) => numberOf(body))).toEqual([1]);
  });
});

describe('damage', () => {
  const NUMBERS = [1, 2, 3, 4];

  /** A segment of four records, and where each of them begins and ends. */
  async function segment(): Promise<{ file: string; bytes: Buffer; edges: number[] }> {
    const disk = new MemoryDisk();
    const { spool } = open(disk);
    const edges = [SEGMENT_HEADER_BYTES];
    for (const number of NUMBERS) {
      await write(spool, [bodyOf(number, number)]);
      edges.push(spool.usedBytes);
    }
    const [[file, { bytes }] = ['', { bytes: Buffer.alloc(0) }]] = disk.files;
    return { file, bytes, edges };
  }

  test('a file cut at any byte gives every record that is whole', async () => {
    const { file, bytes, edges } = await segment();
    for (let length = 0; length <= bytes.length; length++) {
      const whole = NUMBERS.filter((number) => (edges[number] ?? 0) <= length);
      const { spool, log } = open(new MemoryDisk([[file, bytes.subarray(0, length)]]));
      const got = (await readAll(spool)).map(({ body }) => numberOf(body));
      expect(got, `cut at ${length}`).toEqual(whole);
      const isTorn = length > SEGMENT_HEADER_BYTES && !edges.includes(length);
      expect(spool.stats.damagedRecords, `cut at ${length}`).toBe(isTorn ? 1 : 0);
      expect(log.of('error')).toHaveLength(isTorn ? 1 : 0);
    }
  });

  test.each([0xff, 0x01, 0x80])(
    'any byte flipped by %i costs at most the record it stands in',
    async (mask) => {
      const { file, bytes, edges } = await segment();
      for (let at = 0; at < bytes.length; at++) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ mask;
        const touched = NUMBERS.find((number) => at >= (edges[number - 1] ?? 0) && at < (edges[number] ?? 0));
        const { spool, stats } = open(new MemoryDisk([[file, flipped]]));
        const got = (await readAll(spool)).map(({ body }) => numberOf(body));
        const others = NUMBERS.filter((number) => number !== touched);
        if (got.length === NUMBERS.length) expect(got).toEqual(NUMBERS);
        else expect(got, `flipped at ${at}`).toEqual(others);
        expect(spool.stats.damagedRecords).toBe(NUMBERS.length - got.length);
        expect(stats.rowsLost).toBeLessThanOrEqual(2);
        const isOutside =
          at < SEGMENT_HEADER_BYTES ||
          (at - (edges[(touched ?? 1) - 1] ?? 0) >= 8 && at - (edges[(touched ?? 1) - 1] ?? 0) < 12);
        expect(got.length, `flipped at ${at}`).toBe(isOutside ? 4 : 3);
      }
    },
  );

  test('garbage between records is passed over, whatever it looks like', async () => {
    const { file, bytes, edges } = await segment();
    const mark = bytes.subarray(SEGMENT_HEADER_BYTES, SEGMENT_HEADER_BYTES + 8);
    const junk = Buffer.concat([Buffer.alloc(70_000, 0x5a), mark, Buffer.alloc(100), mark.subarray(0, 5)]);
    for (const edge of edges) {
      const spoilt = Buffer.concat([bytes.subarray(0, edge), junk, bytes.subarray(edge)]);
      const { spool } = open(new MemoryDisk([[file, spoilt]]));
      const got = (await readAll(spool)).map(({ body }) => numberOf(body));
      expect(got, `at ${edge}`).toEqual(NUMBERS);
      expect(spool.stats.damagedRecords).toBe(1);
    }
  });

  test('a record of another segment is no record here', async () => {
    const [one, other] = [await segment(), await segment()];
    const spoilt = Buffer.concat([one.bytes, other.bytes.subarray(SEGMENT_HEADER_BYTES)]);
    const { spool } = open(new MemoryDisk([[one.file, spoilt]]));
    expect((await readAll(spool)).map(({ body }) => numberOf(body))).toEqual(NUMBERS);
    expect(spool.stats.damagedRecords).toBe(1);
  });

  test('a mark on the border of two search windows is found', async () => {
    const { file, bytes, edges } = await segment();
    const border = 64 * 1024;
    for (let shift = -12; shift <= 12; shift++) {
      const junk = Buffer.alloc(border + shift, 0x5a);
      const spoilt = Buffer.concat([bytes.subarray(0, edges[0]), junk, bytes.subarray(edges[0])]);
      expect(await numbersIn(new MemoryDisk([[file, spoilt]]))).toEqual(NUMBERS);
    }
  });

  test('files that are no segments are left alone; empty ones go', async () => {
    const disk = new MemoryDisk([
      [`${FOLDER}/README`, Buffer.from('hello')],
      [`${FOLDER}/000000000001-0011223344556677.spool.tmp`, Buffer.from('x')],
      [`${FOLDER}/000000000001-0011223344556677.spool`, Buffer.alloc(0)],
    ]);
    open(disk);
    await settle();
    expect([...disk.files.keys()].map((file) => path.basename(file))).toEqual([
      'README',
      '000000000001-0011223344556677.spool.tmp',
    ]);
  });

  test('a newer version is refused, and nothing is changed', async () => {
    const { file, bytes } = await segment();
    const { crc32 } = await import('node:zlib');
    const newer = Buffer.from(bytes);
    newer.writeUInt32LE(2, 8);
    newer.writeUInt32LE(crc32(newer.subarray(0, 12)), 12);
    const disk = new MemoryDisk([[file, newer]]);
    expect(() => open(disk)).toThrow(/is of version 2 and this agent knows 1/);
    expect(disk.files.get(file)?.bytes.equals(newer)).toBe(true);
    expect(disk.calls.get('write')).toBeUndefined();
  });
});

describe('the bound', () => {
  test('a full spool takes no more, until a whole segment is done', async () => {
    const { spool } = open(new MemoryDisk(), { maxBytes: MiB });
    let rooms = 0;
    spool.onRoom = () => rooms++;
    let written = 0;
    while (written < 1000 && (await spool.append(bodyOf(written, 20_000), false)) !== undefined) {
      written++;
      await spool.sync();
      expect(spool.usedBytes).toBeLessThanOrEqual(MiB);
    }
    expect(written).toBeGreaterThan(45);
    expect(spool.full).toBe(true);
    for (const { ticket } of await readAll(spool)) spool.done(ticket);
    await settle();
    expect(spool.usedBytes).toBe(0);
    expect(rooms).toBeGreaterThan(10);
    expect(await spool.append(bodyOf(1), false)).toBeDefined();
    expect(spool.full).toBe(false);
  });

  test('drop_oldest gives the oldest up, counted, named, and said once', async () => {
    const { spool, stats, log } = open(new MemoryDisk(), { maxBytes: MiB, dropOldest: true });
    for (let i = 0; i < 150; i++) {
      expect(await spool.append(bodyOf(i, 20_000), false)).toBeDefined();
      await spool.sync();
      expect(spool.usedBytes).toBeLessThanOrEqual(MiB);
    }
    const kept = (await readAll(spool)).map(({ body }) => numberOf(body));
    expect(kept.length).toBeGreaterThan(40);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 150 - kept.length + i));
    expect(spool.stats.droppedRecords).toBe(150 - kept.length);
    expect(spool.stats.droppedRows).toBe(2 * (150 - kept.length));
    expect(stats.rowsLost).toBe(spool.stats.droppedRows);
    expect(stats.lost).toEqual({ dropped: spool.stats.droppedRows, damaged: 0, unsendable: 0 });
    expect(log.of('error')).toHaveLength(1);
    expect(log.lines[0]?.fields).toMatchObject({ ranges: [{ file: ACTIVE.path, from: 0 }] });
    // What was not said within the minute is said at the end: no row without its file and range.
    await spool.close();
    expect(log.of('error')).toHaveLength(2);
    const rows = log.lines.map(({ fields }) => Number(fields?.['rows']));
    expect(rows.reduce((sum, count) => sum + count, 0)).toBe(spool.stats.droppedRows);
  });

  test('a record larger than the whole spool is not taken', async () => {
    for (const dropOldest of [false, true]) {
      const { spool } = open(new MemoryDisk(), { maxBytes: MiB, dropOldest });
      await write(spool, [bodyOf(1)]);
      expect(await spool.append(bodyOf(2, 2 * MiB), false)).toBeUndefined();
      expect((await readAll(spool)).map(({ body }) => numberOf(body))).toEqual([1]);
    }
  });

  test('what is dropped while it is being sent does no harm', async () => {
    const { spool } = open(new MemoryDisk(), { maxBytes: MiB, dropOldest: true });
    await write(spool, [bodyOf(0, 20_000), bodyOf(1, 20_000)]);
    const flying = await spool.next();
    for (let i = 2; i < 100; i++) await write(spool, [bodyOf(i, 20_000)]);
    if (flying !== undefined) spool.done(flying.ticket);
    await settle();
    expect(spool.health.trouble).toBe('');
    expect((await readAll(spool)).map(({ body }) => numberOf(body)).at(-1)).toBe(99);
  });
});

describe('a disk that fails', () => {
  test('what could not be made durable is taken back, and the records before it stay', async () => {
    const disk = new MemoryDisk();
    const { spool } = open(disk);
    await write(spool, [bodyOf(1)]);
    const before = disk.usedBytes;
    const tickets = [await spool.append(bodyOf(2), true), await spool.append(bodyOf(3), false)];
    disk.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined);
    await spool.sync();
    expect(tickets.map((ticket) => ticket !== undefined && spool.isDurable(ticket))).toEqual([false, false]);
    expect(disk.usedBytes).toBe(before);
    disk.fault = () => undefined;
    await write(spool, [bodyOf(4)]);
    expect(await numbersIn(disk.afterPowerLoss())).toEqual([1, 4]);
    const records = await readAll(spool);
    expect(records.map(({ body }) => numberOf(body))).toEqual([1, 4]);
    for (const { ticket } of records) spool.done(ticket);
    await settle();
    expect(disk.files.size).toBe(0);
  });

  test('a disk too full for a new file is left as it was', async () => {
    const disk = new MemoryDisk();
    disk.capacityBytes = 8;
    const { spool } = open(disk);
    expect(await spool.append(bodyOf(1), false)).toBeUndefined();
    expect(disk.files.size).toBe(0);
    expect(spool.health.trouble).toContain('cannot write to the spool');
  });

  test('is left alone for a while', async () => {
    const disk = new MemoryDisk();
    disk.fault = () => 'EIO';
    const { spool } = open(disk, { diskRetryMs: 60_000 });
    expect(await spool.append(bodyOf(1), false)).toBeUndefined();
    const calls = [...disk.calls];
    expect(await spool.append(bodyOf(1), false)).toBeUndefined();
    expect([...disk.calls]).toEqual(calls);
  });

  test('a file that cannot be removed is not tried again with every record', async () => {
    const disk = new MemoryDisk();
    disk.fault = (operation) => (operation === 'remove' ? 'EIO' : undefined);
    const { spool } = open(disk, { diskRetryMs: 60_000 });
    for (let i = 0; i < 5; i++) {
      await write(spool, [bodyOf(i)]);
      for (const { ticket } of await readAll(spool)) spool.done(ticket);
      await settle();
    }
    expect(disk.calls.get('remove')).toBe(1);
    await spool.close();
  });

  test('closing waits for the marks of what was sent', async () => {
    const disk = new MemoryDisk();
    const { spool } = open(disk);
    await write(spool, [bodyOf(1), bodyOf(2)]);
    const record = await spool.next();
    if (record !== undefined) spool.done(record.ticket);
    await spool.close();
    expect(await numbersIn(disk)).toEqual([2]);
  });
});

test('reading while the oldest are dropped: each record is read or dropped, none twice', async () => {
  const { spool } = open(new MemoryDisk(), { maxBytes: MiB, dropOldest: true });
  const read: number[] = [];
  let isWriting = true;
  const reading = (async () => {
    while (isWriting || spool.unread) {
      const record = await spool.next();
      if (record === undefined) await new Promise((resolve) => setImmediate(resolve));
      // Slower than what is written, so that both happen all the time.
      else if (read.push(numberOf(record.body)) % 2 === 0) await settle();
    }
  })();
  for (let i = 0; i < 400; i++) {
    await spool.append(bodyOf(i, 20_000), false);
    await spool.sync();
  }
  isWriting = false;
  await reading;
  expect(spool.stats.droppedRecords).toBeGreaterThan(10);
  expect(read.length + spool.stats.droppedRecords).toBe(400);
  expect(read).toEqual([...new Set(read)].sort((a, b) => a - b));
});

describe('against a model', () => {
  type Step =
    | { kind: 'write'; known: boolean; length: number }
    | { kind: 'sync' | 'next' | 'done' | 'kill' | 'power' };

  const steps = fc.array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('write' as const),
          known: fc.boolean(),
          length: fc.constantFrom(0, 100, 70_000),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constantFrom('sync' as const, 'next' as const, 'next' as const, 'done' as const),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('kill' as const, 'power' as const) }) },
    ),
    { maxLength: 60 },
  );

  test('what is durable is read in order, once per life, until it is done', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (list: readonly Step[]) => {
        let disk = new MemoryDisk();
        let { spool } = open(disk);
        /** Written, in order; removed when done. */
        let live: {
          number: number;
          durable: boolean;
          known: boolean;
          ticket: NonNullable<Awaited<ReturnType<Spool['append']>>>;
        }[] = [];
        let taken: SpooledBody[] = [];
        let count = 0;
        const finish = async (power: boolean) => {
          disk = power ? disk.afterPowerLoss() : disk.afterKill();
          ({ spool } = open(disk));
          // A killed process leaves in the page cache what it has written; only a power failure takes it.
          const survivors = live.filter(({ durable }) => durable || !power).map(({ number }) => number);
          const numbers = await numbersIn(power ? disk.afterPowerLoss() : disk.afterKill());
          const done = numbers.filter((number) => !survivors.includes(number));
          expect(numbers.filter((number) => survivors.includes(number))).toEqual(survivors);
          // Done marks are not synced: a power failure may bring back what was sent. A kill may not.
          if (!power) expect(done).toEqual([]);
          live = [];
          taken = [];
          spool = open(new MemoryDisk()).spool;
          disk = new MemoryDisk();
          ({ spool } = open(disk));
        };
        for (const step of list) {
          if (step.kind === 'write') {
            count++;
            const ticket = await spool.append(bodyOf(count, step.length), step.known);
            if (ticket === undefined) throw new Error('not taken');
            live.push({ number: count, durable: false, known: step.known, ticket });
          } else if (step.kind === 'sync') {
            await spool.sync();
            for (const one of live) one.durable = true;
          } else if (step.kind === 'next') {
            const record = await spool.next();
            const want = live.find(
              ({ durable, known, number }) =>
                durable && !known && !taken.some(({ body }) => numberOf(body) === number),
            );
            expect(record && numberOf(record.body)).toBe(want?.number);
            if (record !== undefined) taken.push(record);
          } else if (step.kind === 'done') {
            const known = live.find((one) => one.known);
            const record = taken[0];
            if (record !== undefined) {
              spool.done(record.ticket);
              live = live.filter(({ number }) => number !== numberOf(record.body));
              taken.shift();
              // What was read and is done is not the model's business any more.
            } else if (known !== undefined) {
              spool.done(known.ticket);
              live = live.filter((one) => one !== known);
            }
            await settle();
          } else {
            await finish(step.kind === 'power');
          }
        }
        await finish(false);
      }),
      { numRuns: 150 },
    );
  });
});
