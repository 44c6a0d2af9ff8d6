/** A disk in memory that can fail on demand and lose what was not synced. */

import path from 'node:path';
import type { Disk, DiskFile } from '../../agent/delivery/disk.ts';

export type Operation =
  | 'list'
  | 'head'
  | 'create'
  | 'open'
  | 'remove'
  | 'write'
  | 'read'
  | 'truncate'
  | 'sync'
  | 'close';

export const OPERATIONS: readonly Operation[] = [
  'list',
  'head',
  'create',
  'open',
  'remove',
  'write',
  'read',
  'truncate',
  'sync',
  'close',
];

interface MemoryFile {
  bytes: Buffer;
  /** What a power failure leaves. */
  durable: Buffer;
}

export class MemoryDisk implements Disk {
  readonly files: Map<string, MemoryFile>;
  /** Calls of each operation so far. */
  readonly calls: Map<Operation, number>;
  /** Asked before each call, with its number from 0; an error makes it fail. */
  fault: (operation: Operation, call: number) => string | undefined;
  /** Bytes of all files together, as a full disk has them. */
  capacityBytes: number;

  constructor(files: Iterable<readonly [string, Uint8Array]> = []) {
    this.files = new Map();
    for (const [name, bytes] of files)
      this.files.set(name, { bytes: Buffer.from(bytes), durable: Buffer.from(bytes) });
    this.calls = new Map();
    this.fault = () => undefined;
    this.capacityBytes = Number.POSITIVE_INFINITY;
  }

  get usedBytes(): number {
    return [...this.files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** The disk after a power failure. */
  afterPowerLoss(): MemoryDisk {
    return new MemoryDisk([...this.files].map(([name, { durable }]) => [name, durable]));
  }

  /** The disk after the process was killed: the page cache survives. */
  afterKill(): MemoryDisk {
    return new MemoryDisk([...this.files].map(([name, { bytes }]) => [name, bytes]));
  }

  list(folder: string): { name: string; sizeBytes: number }[] {
    this.#call('list');
    return [...this.files]
      .filter(([file]) => path.dirname(file) === folder)
      .map(([file, { bytes }]) => ({ name: path.basename(file), sizeBytes: bytes.length }));
  }

  head(file: string, length: number): Uint8Array {
    this.#call('head');
    return this.#file(file).bytes.subarray(0, length);
  }

  async create(file: string): Promise<DiskFile> {
    this.#call('create');
    if (this.files.has(file)) throw failure('EEXIST');
    this.files.set(file, { bytes: Buffer.alloc(0), durable: Buffer.alloc(0) });
    return this.#handle(file);
  }

  async open(file: string): Promise<DiskFile> {
    this.#call('open');
    this.#file(file);
    return this.#handle(file);
  }

  async remove(file: string): Promise<void> {
    this.#call('remove');
    this.#file(file);
    this.files.delete(file);
  }

  #handle(name: string): DiskFile {
    // As on a real disk, an open file outlives its name.
    const file = this.#file(name);
    let closed = false;
    const begin = (operation: Operation) => {
      if (closed) throw failure('EBADF');
      this.#call(operation);
    };
    return {
      write: async (parts, position) => {
        await later();
        begin('write');
        const data = Buffer.concat(parts);
        const room = this.capacityBytes - this.usedBytes + Math.max(0, file.bytes.length - position);
        const taken = data.subarray(0, Math.max(0, Math.min(data.length, room)));
        if (taken.length === 0 && data.length > 0) throw failure('ENOSPC');
        const grown = Buffer.alloc(Math.max(file.bytes.length, position + taken.length));
        file.bytes.copy(grown);
        taken.copy(grown, position);
        file.bytes = grown;
        return taken.length;
      },
      read: async (into, position) => {
        await later();
        begin('read');
        const part = file.bytes.subarray(position, position + into.length);
        into.set(part);
        return part.length;
      },
      truncate: async (length) => {
        begin('truncate');
        file.bytes = Buffer.from(file.bytes.subarray(0, length));
      },
      sync: async () => {
        await later();
        begin('sync');
        file.durable = Buffer.from(file.bytes);
      },
      close: async () => {
        begin('close');
        closed = true;
      },
    };
  }

  #file(name: string): MemoryFile {
    const file = this.files.get(name);
    if (file === undefined) throw failure('ENOENT');
    return file;
  }

  #call(operation: Operation): void {
    const call = this.calls.get(operation) ?? 0;
    this.calls.set(operation, call + 1);
    const code = this.fault(operation, call);
    if (code !== undefined) throw failure(code);
  }
}

/** As on a real disk, other things happen before an operation is done. */
function later(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: broken by the test`), { code });
}
