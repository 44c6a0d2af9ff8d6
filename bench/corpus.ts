/**
 * The log that benches read: written by Tetragon's own encoder where that program is at hand, by our generator
 * otherwise, and kept under `bench/corpus/`.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type SizeKB, writeCorpus } from './generator.ts';

const FOLDER = fileURLToPath(new URL('./corpus/', import.meta.url));
const PROGRAMS = fileURLToPath(new URL('../../shared/bin/get', import.meta.url));
export const TEMPLATES = fileURLToPath(new URL('../../shared/data', import.meta.url));

const MB = 1_000_000;
/** Average line of the real writer, measured: it takes a number of events, not of bytes. */
const REAL_BYTES_PER_EVENT = 2850;
const WGET_EVERY = 1000;
/** Keeps the real writer from rotating. */
export const NO_ROTATION_KB = 1024 * 1024 * 64;
/** To be raised when the generator's output changes, so that kept files are made anew. */
const GENERATOR_VERSION = 1;

/**
 * Path of a log of about `megabytes` MB for this seed, made if it is not there yet. With `size`, the generator
 * is used in any case: the real writer has one size only.
 */
export function corpusPath(seed: number, megabytes: number, size?: SizeKB): string {
  mkdirSync(FOLDER, { recursive: true });
  const real = size === undefined && existsSync(PROGRAMS);
  const kind = real ? 'tetragon' : `generated${GENERATOR_VERSION}-${size ?? 2.3}KB`;
  const path = `${FOLDER}${kind}-seed${seed}-${megabytes}MB.log`;
  if (existsSync(path)) return path;
  // Two benches may start at once: each makes its own and the last rename wins.
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    if (real) writeReal(unfinished, megabytes * MB, seed);
    else writeCorpus(unfinished, megabytes * MB, seed, size ?? 2.3);
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return path;
}

export interface Corpus {
  readonly path: string;
  readonly bytes: number;
  readonly lines: number;
}

/** The same log with its figures. */
export function corpus(seed: number, megabytes: number, size?: SizeKB): Corpus {
  const path = corpusPath(seed, megabytes, size);
  const content = readFileSync(path);
  let lines = 0;
  for (let at = content.indexOf(10); at >= 0; at = content.indexOf(10, at + 1)) lines++;
  return { path, bytes: content.length, lines };
}

/** Path of one of the real programs, or `undefined` where they are not at hand. */
export function realProgram(name: string): string | undefined {
  if (!existsSync(PROGRAMS)) return undefined;
  return execFileSync(PROGRAMS, [name], { encoding: 'utf8' }).trim();
}

function writeReal(path: string, bytes: number, seed: number): void {
  const writer = realProgram('tetragon-writer');
  if (writer === undefined) throw new Error(`cannot write ${path}: the real writer is gone`);
  const events = String(Math.ceil(bytes / REAL_BYTES_PER_EVENT));
  const rotation = ['-max-kb', String(NO_ROTATION_KB), '-backups', '0'];
  const wget = ['-wget-every', String(WGET_EVERY)];
  execFileSync(
    writer,
    ['-templates', TEMPLATES, '-seed', String(seed), '-n', events, '-out', path, ...rotation, ...wget],
    { stdio: 'ignore' },
  );
}
