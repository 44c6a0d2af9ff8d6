/**
 * What Linux has accounted to a process of ours: CPU by thread in nanoseconds, memory, wake-ups, descriptors.
 * Everything here is read from /proc, so that a contender is measured without its help.
 */

import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ: Linux counts CPU time in hundredths of a second for /proc/PID/stat. */
const TICKS_PER_SECOND = 100;
const NANOSECONDS = 1e9;

export interface Accounting {
  /** User and system time of all threads since the start of the process. */
  readonly cpuSeconds: number;
  /** The same by thread name; threads of one name are added up, ended threads stand under `ended`. */
  readonly threads: Readonly<Record<string, number>>;
  readonly residentMiB: number;
  readonly peakMiB: number;
  /** Times that a thread gave up its core to wait: how often the process is woken. */
  readonly wakeups: number;
}

/** @throws when the process is gone */
export function accounting(pid: number): Accounting {
  const threads: Record<string, number> = {};
  let alive = 0;
  let wakeups = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const path = `/proc/${pid}/task/${thread}`;
    const name = threadName(read(`${path}/comm`).trim());
    const seconds = Number(read(`${path}/schedstat`).split(' ')[0]) / NANOSECONDS;
    if (name === '' || !Number.isFinite(seconds)) continue;
    threads[name] = (threads[name] ?? 0) + seconds;
    alive += seconds;
    wakeups += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(read(`${path}/status`))?.[1] ?? 0);
  }
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const ticks = (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND;
  // The ticks are coarse but know the threads that have ended.
  if (ticks > alive) threads['ended'] = ticks - alive;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  return {
    cpuSeconds: Math.max(alive, ticks),
    threads,
    residentMiB: mebibytes('VmRSS'),
    peakMiB: mebibytes('VmHWM'),
    wakeups,
  };
}

/** Open descriptors. */
export function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** A thread may end between the listing and the reading. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** `node-V8Worker` and the like as people call them; numbers that tell threads of one pool apart go. */
function threadName(comm: string): string {
  const known: Record<string, string> = {
    'node-MainThread': 'main',
    node: 'main',
    'libuv-worker': 'thread pool',
    'node-V8Worker': 'V8',
    DelayedTaskSche: 'V8',
  };
  return known[comm] ?? comm.replace(/[-_:]?\d+$/, '');
}
