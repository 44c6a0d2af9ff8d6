/** The state folder: rights, room, who holds it, and whether this version can read what is in it. */

import { readFileSync, statfsSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../config.ts';
import { messageOf, systemCode } from '../errors.ts';
import { CHECKPOINT_VERSION, parseCheckpoint } from '../intake/checkpoint-format.ts';
import { lockHolder } from '../intake/lock.ts';
import { bytes } from '../status/format.ts';
import { type Finding, fail, failed, ok, warn } from './finding.ts';

/** Others may write: they could make the agent skip or repeat events. */
const WRITABLE_BY_OTHERS = 0o022;

export function checkState(config: Config): Finding[] {
  const { stateDir } = config;
  const wayOut =
    'set TETRASHIP_STATE_DIR to a folder that this user may write to, on a disk that stays (hostPath)';
  const folder = nearestFolder(stateDir);
  try {
    const probe = join(folder, `.tetraship-check-${process.pid}`);
    writeFileSync(probe, '', { mode: 0o600 });
    unlinkSync(probe);
  } catch (error) {
    return [fail('state', `cannot write to ${folder}: ${messageOf(error)}`, wayOut)];
  }
  const found = [room(config, folder)];
  if (folder !== stateDir) return [ok('state', `${stateDir} is not there yet and can be made`), ...found];
  try {
    const holder = lockHolder(stateDir);
    const mode = statSync(stateDir).mode & 0o777;
    found.unshift(
      holder === undefined
        ? ok('state', `${stateDir} can be written, and no agent uses it now`)
        : ok('state', `${stateDir} is in use by an agent, ${holder}`),
    );
    if ((mode & WRITABLE_BY_OTHERS) !== 0)
      found.push(
        warn(
          'state',
          `${stateDir} can be written by others (mode ${mode.toString(8)})`,
          `chmod 700 ${stateDir}: whoever writes there decides what is read and sent`,
        ),
      );
    found.push(...checkpoint(join(stateDir, 'checkpoint.json')));
  } catch (error) {
    found.push(failed('state', error));
  }
  return found;
}

/** The folder itself, or the nearest one above it that exists. */
function nearestFolder(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    try {
      if (statSync(at, { throwIfNoEntry: false }) !== undefined) return at;
    } catch {
      // It is there and may not be looked at; writing will say so.
      return at;
    }
    if (at === dirname(at)) return at;
  }
}

function room({ spoolBytes, deadLetterBytes }: Config, folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const wanted = spoolBytes + deadLetterBytes;
  return free < wanted
    ? warn(
        'state',
        `${bytes(free)} are free, spool and dead letters may take ${bytes(wanted)}`,
        'make room, or lower TETRASHIP_SPOOL_BYTES: a full disk makes reading wait earlier',
      )
    : ok('state', `${bytes(free)} are free, ${bytes(wanted)} may be needed`);
}

function checkpoint(file: string): Finding[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT')
      return [ok('state', 'no checkpoint yet: the first start reads as TETRASHIP_READ_FROM says')];
    return [fail('state', `cannot read ${file}: ${messageOf(error)}`, 'see the rights of the file')];
  }
  const parsed = parseCheckpoint(text);
  if (typeof parsed === 'number')
    return [
      fail(
        'state',
        `${file} has version ${parsed}, this agent knows up to ${CHECKPOINT_VERSION}`,
        'run the newer agent again, or move the file away to read the logs from their beginning',
      ),
    ];
  if (typeof parsed === 'string')
    return [
      warn(
        'state',
        `${file} is damaged: ${parsed}`,
        'the agent sets it aside and reads from the beginning: rows may be sent twice, none is lost',
      ),
    ];
  return [
    ok(
      'state',
      `the checkpoint names ${parsed.points.length} ${parsed.points.length === 1 ? 'log' : 'logs'}`,
    ),
  ];
}
