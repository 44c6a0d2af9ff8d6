/** The logs: whether they are there, can be read, are being written, and hold what Tetragon writes. */

import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../config.ts';
import { messageOf, systemCode } from '../errors.ts';
import { activePaths } from '../intake/discover.ts';
import { ago, bytes } from '../status/format.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** A busy node writes all the time, a quiet one at least its own probes. */
const OLD_MS = 10 * 60_000;
const HEAD_BYTES = 64 * 1024;

const READ_RIGHTS =
  'run as root or with CAP_DAC_READ_SEARCH, or give others the right to read it (exportFilePerm of Tetragon)';

export function checkLogs({ logs }: Config): Finding[] {
  if (logs.includes('-')) return [ok('log', 'standard input')];
  const found: Finding[] = [];
  const missing: string[] = [];
  for (const configured of logs) {
    try {
      const paths = activePaths(configured).filter((path) => exists(path));
      if (paths.length === 0) missing.push(configured);
      for (const path of paths) found.push(checkFile(path));
    } catch (error) {
      found.push(fail('log', `cannot look for ${configured}: ${messageOf(error)}`, READ_RIGHTS));
    }
  }
  if (found.length > 0) return found;
  const folders = [...new Set(missing.map((path) => dirname(path)))].filter(exists);
  const what = `no log yet at ${missing.join(', ')}`;
  return folders.length > 0
    ? [
        warn(
          'log',
          `${what}; the agent would wait for it`,
          'see whether Tetragon runs, and where it exports to (TETRAGON_LOG)',
        ),
      ]
    : [
        fail(
          'log',
          `${what}, and none of these folders is there`,
          "mount the folder that Tetragon exports to (hostPath), or set TETRAGON_LOG to the path that Tetragon's exportDirectory and exportFilename make",
        ),
      ];
}

/** Throws what is no "not there": a folder that may not be entered, say. */
function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function checkFile(path: string): Finding {
  const facts = statSync(path);
  if (!facts.isFile())
    return fail('log', `${path} is no file`, 'set TETRAGON_LOG to the file itself; globs are taken too');
  let head: string;
  try {
    head = headOf(path);
  } catch (error) {
    const rights = ['EACCES', 'EPERM'].includes(systemCode(error));
    return fail(
      'log',
      `cannot read ${path}: ${messageOf(error)} (mode ${(facts.mode & 0o777).toString(8)}, owner ${facts.uid})`,
      rights ? READ_RIGHTS : 'see the disk',
    );
  }
  if (!looksLikeEvents(head))
    return warn(
      'log',
      `${path} does not begin with a JSON object`,
      "its lines would go to the dead letters; is it Tetragon's export?",
    );
  const nowMs = Date.now();
  if (nowMs - facts.mtimeMs > OLD_MS)
    return warn(
      'log',
      `${path} was written ${ago(facts.mtimeMs, nowMs)}`,
      'see whether Tetragon still runs and exports there',
    );
  return ok('log', `${path}, ${bytes(facts.size)}, written ${ago(facts.mtimeMs, nowMs)}`);
}

function headOf(path: string): string {
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(HEAD_BYTES);
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}

/** An empty log is one that begins. */
function looksLikeEvents(head: string): boolean {
  const line = head.trimStart();
  // A container runtime's log, where each line is an event in an envelope, is understood too.
  return line === '' || line.startsWith('{') || /^\S+ std(?:out|err) [FP] /.test(line);
}
