/** What the file system says about a file, with inode numbers that survive JavaScript's doubles. */

import fs from 'node:fs';
import { systemCode } from '../errors.ts';

export interface FileFacts {
  readonly device: number;
  readonly inode: number;
  readonly sizeBytes: number;
  readonly links: number;
  readonly isFile: boolean;
}

/**
 * How logs are opened: a named pipe put there must not hang the agent, a terminal not become its own, and a link not
 * lead it to another file. The one link that may be, at the active path, is resolved before.
 */
const LOG_FLAGS =
  fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY | fs.constants.O_NOFOLLOW;

/** overlayfs and others set high bits of a 64-bit inode; as a double, neighbours would become one number. */
const SAFE_BITS = 53;

function factsOf(stats: fs.BigIntStats): FileFacts {
  return {
    device: Number(BigInt.asUintN(SAFE_BITS, stats.dev)),
    inode: Number(BigInt.asUintN(SAFE_BITS, stats.ino)),
    sizeBytes: Number(stats.size),
    links: Number(stats.nlink),
    isFile: stats.isFile(),
  };
}

/** Follows symbolic links. `undefined` when there is nothing at the path; other errors are thrown. */
export function factsOfPath(path: string): FileFacts | undefined {
  try {
    const stats = fs.statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? undefined : factsOf(stats);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Of a symbolic link, not of what it leads to; else as `factsOfPath`. */
export function factsOfEntry(path: string): FileFacts | undefined {
  try {
    const stats = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? undefined : factsOf(stats);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

export function factsOfDescriptor(fd: number): FileFacts {
  return factsOf(fs.fstatSync(fd, { bigint: true }));
}

/**
 * Opens a log; the descriptor is the caller's once `make` has returned. `undefined` when nothing is at the path. Throws
 * the system's error, what `make` throws, and for anything but a regular file.
 */
export function openLogIfPresent<T>(path: string, make: (fd: number, facts: FileFacts) => T): T | undefined {
  let fd: number;
  try {
    fd = fs.openSync(path, LOG_FLAGS);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
  try {
    const facts = factsOfDescriptor(fd);
    if (!facts.isFile) throw new Error('it is not a regular file');
    return make(fd, facts);
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

/** Nothing is there, as opposed to: it is there and cannot be used. */
export function isAbsent(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

export interface Inode {
  readonly device: number;
  readonly inode: number;
}

export function isSameInode(a: Inode, b: Inode): boolean {
  return a.inode === b.inode && a.device === b.device;
}
