/**
 * What each stage cannot go below: the bare operation on the same bytes, alone, by this process's own CPU time.
 * The rates are in MB of *input*, whatever the operation's own bytes are, so that their costs add up.
 */

import { closeSync, openSync, readSync } from 'node:fs';
import zlib from 'node:zlib';
import { Pool } from 'undici';
import { READ_CHUNK_BYTES } from '../agent/limits.ts';
import { BodyMaker } from './bodies.ts';
import type { Corpus } from './corpus.ts';
import { type Sample, summarize } from './measure.ts';
import { ReceiverProcess } from './receiver-process.ts';

export const FLOORS = ['read', 'kernel', 'copy', 'zstd', 'gzip', 'post zstd', 'post none'] as const;
export type FloorName = (typeof FLOORS)[number];

export interface Floors {
  /** CPU milliseconds per MB of input. */
  readonly cost: Readonly<Record<FloorName, Sample>>;
  /** Bytes of flat rows per byte of input, and rows before zstd over after. */
  readonly expansion: number;
  readonly zstdRatio: number;
}

/** The first runs compile the code. */
const WARMUPS = 2;
/** Posting is so little work that connecting and the collector would be most of one pass. */
const POST_PASSES = 5;
const CONNECTIONS = 4;
const ZSTD_OPTIONS = {
  params: {
    [zlib.constants.ZSTD_c_compressionLevel]: 1,
    // A body: with the level's own 512 KiB both the output and the time would be larger.
    [zlib.constants.ZSTD_c_windowLog]: 21,
  },
};

/** @param corpus small enough that its rows fit into memory */
export async function measureFloors(corpus: Corpus, runs: number): Promise<Floors> {
  const maker = await BodyMaker.create(corpus.path);
  const file = openSync(corpus.path, 'r');
  const bodies: Buffer[] = [];
  maker.pass((body) => bodies.push(Buffer.from(body)));
  const packed = bodies.map((body) => zlib.zstdCompressSync(body, ZSTD_OPTIONS));
  const total = (list: readonly Buffer[]) => list.reduce((sum, { length }) => sum + length, 0);
  const target = Buffer.alloc(Math.max(...bodies.map(({ length }) => length)));
  const chunk = Buffer.alloc(READ_CHUNK_BYTES);
  await using receiver = await ReceiverProcess.start('--mode', 'bytes');
  const pool = new Pool(receiver.url, { connections: CONNECTIONS });

  const work: Record<FloorName, () => void | Promise<void>> = {
    read: () => countLines(file, chunk),
    kernel: () => maker.pass(),
    copy: () => {
      for (const body of bodies) target.set(body);
    },
    zstd: () => {
      for (const body of bodies) zlib.zstdCompressSync(body, ZSTD_OPTIONS);
    },
    gzip: () => {
      for (const body of bodies) zlib.gzipSync(body, { level: 1 });
    },
    'post zstd': () => post(pool, packed, 'zstd'),
    'post none': () => post(pool, bodies, undefined),
  };
  const costs = new Map<FloorName, number[]>(FLOORS.map((name) => [name, []]));
  for (let run = -WARMUPS; run < runs; run++) {
    for (const name of FLOORS) {
      const start = process.cpuUsage();
      await work[name]();
      const { user, system } = process.cpuUsage(start);
      const passes = name.startsWith('post') ? POST_PASSES : 1;
      if (run >= 0) costs.get(name)?.push((user + system) / 1000 / passes / (corpus.bytes / 1e6));
    }
  }
  await pool.close();
  closeSync(file);
  maker.close();
  const cost = (name: FloorName): Sample => summarize(costs.get(name) ?? []);
  return {
    cost: {
      ...{ read: cost('read'), kernel: cost('kernel'), copy: cost('copy'), zstd: cost('zstd') },
      ...{ gzip: cost('gzip'), 'post zstd': cost('post zstd'), 'post none': cost('post none') },
    },
    expansion: total(bodies) / corpus.bytes,
    zstdRatio: total(bodies) / total(packed),
  };
}

/** Bare read and newline count: what no program that reads lines can go below. */
function countLines(file: number, chunk: Buffer): void {
  let position = 0;
  let lines = 0;
  for (;;) {
    const length = readSync(file, chunk, 0, READ_CHUNK_BYTES, position);
    if (length === 0) break;
    for (let at = chunk.indexOf(10); at >= 0 && at < length; at = chunk.indexOf(10, at + 1)) lines++;
    position += length;
  }
  if (lines === 0) throw new Error('the corpus has no lines');
}

async function post(pool: Pool, bodies: readonly Buffer[], encoding: string | undefined): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    'x-p-stream': 'bench',
    authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}`,
    ...(encoding !== undefined && { 'content-encoding': encoding }),
  };
  const all = Array.from({ length: POST_PASSES }, () => bodies).flat();
  await Promise.all(
    all.map(async (body) => {
      const answer = await pool.request({ path: '/api/v1/ingest', method: 'POST', headers, body });
      await answer.body.dump();
      if (answer.statusCode !== 200) throw new Error(`the receiver answered ${answer.statusCode}`);
    }),
  );
}
