/** The process itself, under the names that dashboards know, read at scrape and not otherwise. */

import { readdirSync } from 'node:fs';
import type { Metric } from './metric.ts';

const MICROSECONDS = 1e6;

/** NaN, which leaves the metric out, where there is no /proc. */
function openDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length - 1; // the folder itself was open while it was read
  } catch {
    return Number.NaN;
  }
}

export function processMetrics(version: string): readonly Metric[] {
  const startSeconds = (Date.now() - process.uptime() * 1000) / 1000;
  return [
    {
      name: 'tetraship_build_info',
      type: 'gauge',
      labels: ['version', 'node'],
      help: 'Always 1; its labels are the versions of the agent and of Node.',
      action: 'None.',
      read: () => [[[version, process.version], 1]],
    },
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'CPU time of user and system.',
      action: 'Per `tetraship_read_bytes_total`: the cost of a byte.',
      read: () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / MICROSECONDS;
      },
    },
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      help: 'Resident memory.',
      action: 'Near the container limit: lower `TETRASHIP_OUTBOX_BYTES` or raise the limit.',
      read: () => process.memoryUsage.rss(),
    },
    {
      name: 'process_open_fds',
      type: 'gauge',
      help: 'Open file descriptors.',
      action: 'Grows without end: a fault of the agent.',
      read: () => openDescriptors(),
    },
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      help: 'Unix time of the start.',
      action: 'Changes often: see why in the log before the restart.',
      read: () => startSeconds,
    },
  ];
}
