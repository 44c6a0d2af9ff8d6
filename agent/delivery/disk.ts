/** The few file operations of the spool, behind one interface so that a test can break each of them. */

import fs from 'node:fs';
import { open as openFile, unlink } from 'node:fs/promises';
import path from 'node:path';
import { syncFolder } from '../durable-file.ts';

export interface DiskFile {
  /** Writes all parts at the position; resolves to the bytes that were written, fewer when the disk is full. */
  write(parts: readonly Uint8Array[], position: number): Promise<number>;
  /** Fills as much of `into` as there is; resolves to the bytes read. */
  read(into: Uint8Array, position: number): Promise<number>;
  truncate(length: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface Disk {
  /** Makes the folder if need be; names and sizes of the files in it. */
  list(folder: string): { readonly name: string; readonly sizeBytes: number }[];
  /** The first bytes of a file, at most `length`. */
  head(file: string, length: number): Uint8Array;
  /** A new file, for the owner alone, whose name survives a power failure. */
  create(file: string): Promise<DiskFile>;
  open(file: string): Promise<DiskFile>;
  remove(file: string): Promise<void>;
}

async function handle(file: string, flags: string): Promise<DiskFile> {
  const opened = await openFile(file, flags, 0o600);
  return {
    write: async (parts, position) => (await opened.writev([...parts], position)).bytesWritten,
    async read(into, position) {
      let total = 0;
      while (total < into.length) {
        const { bytesRead } = await opened.read(into, total, into.length - total, position + total);
        if (bytesRead === 0) break;
        total += bytesRead;
      }
      return total;
    },
    truncate: (length) => opened.truncate(length),
    sync: () => opened.datasync(),
    close: () => opened.close(),
  };
}

export const REAL_DISK: Disk = {
  list(folder) {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    return fs
      .readdirSync(folder)
      .map((name) => ({ name, sizeBytes: fs.statSync(path.join(folder, name)).size }));
  },
  head(file, length) {
    const bytes = new Uint8Array(length);
    const descriptor = fs.openSync(file, 'r');
    try {
      return bytes.subarray(0, fs.readSync(descriptor, bytes, 0, length, 0));
    } finally {
      fs.closeSync(descriptor);
    }
  },
  async create(file) {
    const created = await handle(file, 'wx+');
    try {
      await syncFolder(path.dirname(file));
      return created;
    } catch (error) {
      // A handle that nobody closes ends the process once it is collected.
      await created.close().catch(() => undefined);
      throw error;
    }
  },
  open: (file) => handle(file, 'r+'),
  remove: (file) => unlink(file),
};
