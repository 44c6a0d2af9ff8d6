/**
 * The lock on the state folder: two agents on one folder would overwrite each other's checkpoint.
 *
 * The file names its holder: process id, start time of the process, PID namespace, boot, host. A holder that can be
 * seen from here (same boot, same namespace) is judged by its process: an id that now belongs to another process
 * shows by the start time. One in another container cannot be seen; it is alive as long as it touches the file.
 */

import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { messageOf, systemCode, TetrashipError } from '../errors.ts';
import { bootId } from './boot.ts';
import { useReserve } from './reserve.ts';

const NAME = 'lock';
const TOUCH_MS = 2_000;
/** Five touches missed: a disk that stalls for less does not cost the lock. */
const STALE_AFTER_MS = 10_000;
/** Two agents that start at once and find a stale lock settle it within as many tries. */
const MAX_TRIES = 5;

interface Holder {
  readonly id: string;
  readonly pid: number;
  /** In clock ticks since boot. */
  readonly startTime: string;
  readonly namespace: string;
  readonly boot: string;
  readonly host: string;
}

/** Another process holds the folder. */
export class StateHeldError extends TetrashipError {
  /** As `process 123 on node-1`. */
  readonly holder: string;

  constructor(path: string, holder: string) {
    super(
      'STATE',
      `cannot use the state folder: ${path} is held by ${holder}; stop that agent, or give this one another TETRASHIP_STATE_DIR`,
    );
    this.holder = holder;
  }
}

export interface StateLock {
  /** Gives the folder free. Never throws. */
  release(): void;
}

/**
 * @param onLost another agent has taken the lock over, as after a sleep: this one must not write to the folder any more
 * @throws {TetrashipError} STATE when another agent holds the folder, or the lock cannot be written
 */
export function lockStateFolder(
  stateDir: string,
  onLost: (error: TetrashipError) => void = () => {},
): StateLock {
  const path = join(stateDir, NAME);
  const self = thisProcess();
  try {
    takeWithRoom(stateDir, path, self);
  } catch (error) {
    if (error instanceof TetrashipError) throw error;
    throw new TetrashipError(
      'STATE',
      `cannot lock ${stateDir}: ${messageOf(error)}; give the agent a folder that it can write`,
      { cause: error },
    );
  }
  const touching = setInterval(() => {
    const other = touch(path, self);
    if (other === undefined) return;
    clearInterval(touching);
    onLost(heldBy(path, other));
  }, TOUCH_MS);
  touching.unref();
  return {
    release: () => {
      clearInterval(touching);
      if (holderOf(path)?.id === self.id) textOf(() => String(fs.unlinkSync(path)));
    },
  };
}

function thisProcess(): Holder {
  return {
    id: randomUUID(),
    pid: process.pid,
    startTime: startTimeOf('self'),
    namespace: textOf(() => fs.readlinkSync('/proc/self/ns/pid')),
    boot: bootId(),
    host: hostname(),
  };
}

/** Who holds the folder now, in words; `undefined` when nobody does. Changes nothing; throws the system's errors. */
export function lockHolder(stateDir: string): string | undefined {
  const path = join(stateDir, NAME);
  const holder = readHolder(path);
  return holder !== undefined && isAlive(holder, thisProcess(), path)
    ? heldBy(path, holder).holder
    : undefined;
}

/** On a full disk with the help of the reserve. */
function takeWithRoom(stateDir: string, path: string, self: Holder): void {
  for (;;) {
    try {
      take(path, self);
      return;
    } catch (error) {
      if (systemCode(error) !== 'ENOSPC' || !useReserve(stateDir)) throw error;
    }
  }
}

function take(path: string, self: Holder): void {
  const own = `${path}.${self.id}`;
  try {
    fs.writeFileSync(own, `${JSON.stringify(self)}\n`, { mode: 0o600 });
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      try {
        // A link appears whole or not at all, and never over another: nobody reads half a lock.
        fs.linkSync(own, path);
        return;
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw error;
      }
      const holder = readHolder(path);
      if (holder !== undefined && isAlive(holder, self, path)) throw heldBy(path, holder);
      removeStale(path, holder, self);
    }
  } finally {
    fs.rmSync(own, { force: true });
  }
  throw new TetrashipError(
    'STATE',
    `cannot lock ${path}: other agents are starting on it at the same time; run one`,
  );
}

/** Moved aside first: if another agent has taken the lock over in between, its lock is put back. */
function removeStale(path: string, seen: Holder | undefined, self: Holder): void {
  const aside = `${path}.${self.id}.stale`;
  try {
    fs.renameSync(path, aside);
    if (readHolder(aside)?.id !== seen?.id) fs.linkSync(aside, path);
    fs.unlinkSync(aside);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'EEXIST') throw error;
  }
}

function isAlive(holder: Holder, self: Holder, path: string): boolean {
  if (holder.boot !== self.boot && holder.host === self.host) return false;
  if (holder.boot === self.boot && holder.namespace === self.namespace && self.namespace !== '') {
    return startTimeOf(holder.pid) === holder.startTime;
  }
  const touchedMs = Number(textOf(() => String(fs.statSync(path).mtimeMs)));
  return Date.now() - touchedMs < STALE_AFTER_MS;
}

function heldBy(path: string, { pid, host }: Holder): StateHeldError {
  return new StateHeldError(path, `process ${pid} on ${host}`);
}

/** Shows that this agent lives; returns who has taken its lock, if somebody has. */
function touch(path: string, self: Holder): Holder | undefined {
  const holder = holderOf(path);
  if (holder !== undefined && holder.id !== self.id) return holder;
  const now = new Date();
  // Somebody may have cleaned the folder: a lock that is gone is put back.
  if (holder === undefined)
    textOf(() => String(fs.writeFileSync(path, `${JSON.stringify(self)}\n`, { flag: 'wx' })));
  else textOf(() => String(fs.utimesSync(path, now, now)));
  return undefined;
}

/** As `readHolder`; an unreadable one names nobody. */
function holderOf(path: string): Holder | undefined {
  try {
    return readHolder(path);
  } catch {
    // Taking the lock would have said so; here only the touch is missed.
    return undefined;
  }
}

/** `undefined` for a file that names nobody: its writer crashed, or it is no lock. */
function readHolder(path: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(fs.readFileSync(path, 'utf8'));
    return isHolder(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  const isNamed = ['id', 'startTime', 'namespace', 'boot', 'host'].every(
    (name) => typeof fields.get(name) === 'string',
  );
  return isNamed && Number.isSafeInteger(fields.get('pid'));
}

/** Field 22 of `/proc/PID/stat`; `''` when there is no such process. The command before it may hold spaces and `)`. */
function startTimeOf(pid: number | 'self'): string {
  const stat = textOf(() => fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** What cannot be found out is `''`. */
function textOf(read: () => string): string {
  try {
    return read().trim();
  } catch {
    return '';
  }
}
