/** Batches, logs and folders for the tests of delivery. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RowTable } from '../../agent/delivery/body.ts';
import { DeadLetters } from '../../agent/delivery/deadletter.ts';
import { Delivery, type DeliveryOptions, type RawBatch } from '../../agent/delivery/delivery.ts';
import type { DeadLetter } from '../../agent/delivery/letter-format.ts';
import type { Logger } from '../../agent/log.ts';
import type { TrackedFile } from '../../agent/position.ts';

export const ACTIVE: TrackedFile = {
  source: '/var/log/tetragon.log',
  path: '/var/log/tetragon.log',
  identity: { device: 1, inode: 2, firstLineHash: 'aa' },
};

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Record<string, unknown> | undefined;
}

export class CollectedLog implements Logger {
  readonly lines: LogLine[] = [];
  debug(message: string, fields?: Record<string, unknown>): void {
    this.lines.push({ level: 'debug', message, fields });
  }
  info(message: string, fields?: Record<string, unknown>): void {
    this.lines.push({ level: 'info', message, fields });
  }
  warn(message: string, fields?: Record<string, unknown>): void {
    this.lines.push({ level: 'warn', message, fields });
  }
  error(message: string, fields?: Record<string, unknown>): void {
    this.lines.push({ level: 'error', message, fields });
  }
  of(level: LogLine['level']): string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.message);
  }
}

/** The raw body of these rows and its table; each line is as long as its row and a newline. */
export function rawBody(
  rows: readonly string[],
  firstOffset = 0,
  file = ACTIVE,
): { raw: Uint8Array; table: RowTable } {
  const raw = Buffer.from(`[${rows.join(',')}]`);
  const ends = new Uint32Array(rows.length);
  const offsets = new Float64Array(rows.length);
  const lengths = new Uint32Array(rows.length);
  let at = 0;
  let offset = firstOffset;
  rows.forEach((row, i) => {
    const length = Buffer.byteLength(row);
    at += 1 + length;
    ends[i] = at;
    offsets[i] = offset;
    lengths[i] = length + 1;
    offset += length + 1;
  });
  return { raw, table: { ends, offsets, lengths, spans: rows.length === 0 ? [] : [{ firstRow: 0, file }] } };
}

export function batchOf(sequence: number, rows: readonly string[], firstOffset = 0): RawBatch {
  const { raw, table } = rawBody(rows, firstOffset);
  return {
    sequence,
    raw,
    rows: table,
    rowCount: rows.length,
    sealedAtMs: 1000,
    lastEventTimeMs: 900 + sequence,
  };
}

/** A row with the key that the receiver counts by. */
export function row(key: number, more = ''): string {
  return `{"cluster_name":"seq-${key}","binary":"/usr/bin/wget"${more}}`;
}

/** A row that the tests' servers do not take. */
export function isBad(one: Readonly<Record<string, unknown>>): boolean {
  return Object.hasOwn(one, 'bad');
}

/** Batches of `size` rows each, keys from 0; `more(key)` adds columns to a row. */
export function batches(count: number, size: number, more: (key: number) => string = () => ''): RawBatch[] {
  return Array.from({ length: count }, (_, b) =>
    batchOf(
      b + 1,
      Array.from({ length: size }, (_, i) => row(b * size + i, more(b * size + i))),
    ),
  );
}

/** Dead letters that stay in memory. */
export class Letters {
  readonly all: DeadLetter[] = [];
  append(letter: DeadLetter): void {
    this.all.push(letter);
  }
  /** Letters that were made durable. */
  flushed = 0;
  flush(): boolean {
    this.flushed = this.all.length;
    return true;
  }
  /** Keys of the rows, sorted. */
  get keys(): number[] {
    return this.all.map((letter) => keyOf(letter)).sort((a, b) => a - b);
  }
}

export function keyOf(letter: DeadLetter): number {
  const text = Buffer.from(letter.row ?? []).toString();
  return Number(/"seq-(\d+)"/.exec(text)?.[1] ?? Number.NaN);
}

export interface Rig {
  readonly delivery: Delivery;
  readonly letters: Letters;
  readonly log: CollectedLog;
  /** In the order in which they were settled. */
  readonly settled: number[];
  /** Resolves once `count` batches are settled. */
  allSettled(count: number): Promise<void>;
}

/** A delivery that has started, with pauses short enough for tests. */
export function rig(urls: readonly string[], options: Partial<DeliveryOptions> = {}): Rig {
  const letters = new Letters();
  const log = new CollectedLog();
  const settled: number[] = [];
  let waiting: { count: number; resolve: () => void } | undefined;
  const onSettled = (sequence: number) => {
    settled.push(sequence);
    options.onSettled?.(sequence);
    if (waiting !== undefined && settled.length >= waiting.count) waiting.resolve();
  };
  const delivery = new Delivery({
    urls,
    stream: 'tetragon',
    credentials: () => ({ username: 'admin', password: 'admin' }),
    compression: 'zstd',
    concurrency: 4,
    requestTimeoutMs: 2000,
    retryMaxMs: 20,
    outboxBytes: 8 * 1024 * 1024,
    whenFull: 'block',
    deadLetters: letters,
    log,
    ...options,
    onSettled,
  });
  delivery.start();
  return {
    delivery,
    letters,
    log,
    settled,
    allSettled(count) {
      if (settled.length >= count) return Promise.resolve();
      return new Promise((resolve) => {
        waiting = { count, resolve };
      });
    },
  };
}

export async function acceptAll(delivery: Delivery, all: readonly RawBatch[]): Promise<void> {
  for (const batch of all) await delivery.accept(batch);
}

/** A folder of its own, removed by `dispose`. */
export function tempFolder(): { folder: string; [Symbol.dispose](): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'tetraship-delivery-'));
  return {
    folder,
    [Symbol.dispose]() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function deadLetters(
  folder: string,
  maxBytes = 64 * 1024 * 1024,
): { letters: DeadLetters; log: CollectedLog } {
  const log = new CollectedLog();
  return { letters: new DeadLetters({ folder, node: 'node-1', maxBytes, log }), log };
}
