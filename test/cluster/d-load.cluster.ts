/** What the pod costs, as the kubelet reports it, and that its memory limit holds. */

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { eventually, kubectl } from './kit.ts';
import { agentPod, lostBytes, startWriter, waitForEvents, writerIsDone } from './world.ts';

const MIB = 1024 * 1024;
/** Events of the writer in a megabyte. */
const EVENTS_PER_MB = 350;
/** Several times what an idle machine shows: a test on a busy one must not fail by that. */
const MAX_CORES_AT_1_MB = 0.3;
const MEMORY_LIMIT = 160 * MIB;

interface Usage {
  readonly cpuSeconds: number;
  readonly atSeconds: number;
  readonly workingSet: number;
  readonly peak: number;
}

/** The container as the kubelet sees it; it looks every ten seconds or so. */
async function usage(pod: string): Promise<Usage> {
  const text = await kubectl('get --raw /api/v1/nodes/node-1/proxy/metrics/cadvisor');
  const series = (name: string): number[] => {
    const line = text
      .split('\n')
      .find(
        (candidate) =>
          candidate.startsWith(`${name}{container="tetraship"`) && candidate.includes(`pod="${pod}"`),
      );
    if (line === undefined) throw new Error(`no ${name} of ${pod} yet`);
    return line
      .slice(line.lastIndexOf('}') + 2)
      .split(' ')
      .map(Number);
  };
  const [cpuSeconds = 0, atMs = 0] = series('container_cpu_usage_seconds_total');
  const [workingSet = 0] = series('container_memory_working_set_bytes');
  const [peak = 0] = series('container_memory_max_usage_bytes');
  return { cpuSeconds, atSeconds: atMs / 1000, workingSet, peak };
}

/** A report later than `before`. */
const usageAfter = (pod: string, before: Usage | undefined): Promise<Usage> =>
  eventually('the kubelet to look again', async () => {
    const now = await usage(pod);
    return now.atSeconds > (before?.atSeconds ?? 0) ? now : undefined;
  });

const restarts = (pod: string): Promise<string> =>
  kubectl(`-n tetraship get pod ${pod} -o jsonpath={.status.containerStatuses[0].restartCount}`);

const shown = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;

const SLOW = { first: 400_000, events: 32 * EVENTS_PER_MB };
const FAST = { first: 500_000, events: 60 * EVENTS_PER_MB };

test('at 1 MB/s: CPU and memory of the pod, as the kubelet reports them', async () => {
  const pod = await agentPod();
  const writer = await startWriter({ ...SLOW, rate: EVENTS_PER_MB });
  await sleep(3000); // the first report is to lie in the load
  const begin = await usageAfter(pod, await usage(pod));
  await sleep(8000);
  const end = await usageAfter(pod, await usage(pod));
  await writerIsDone(writer); // two writers would rotate each other's files
  const seconds = end.atSeconds - begin.atSeconds;
  const cores = (end.cpuSeconds - begin.cpuSeconds) / seconds;
  console.log(
    `at 1 MB/s the kubelet reports ${(cores * 1000).toFixed(1)} millicores over ${seconds.toFixed(0)} s, working set ${shown(end.workingSet)}, peak ${shown(end.peak)}`,
  );
  expect(cores).toBeLessThan(MAX_CORES_AT_1_MB);
  expect(end.workingSet).toBeLessThan(MEMORY_LIMIT / 2);
});

test('at 10 MB/s: the memory limit holds, and nothing is lost', async () => {
  const pod = await agentPod();
  const before = await restarts(pod);
  await writerIsDone(await startWriter({ ...FAST, rate: 10 * EVENTS_PER_MB }));
  for (const { first, events } of [SLOW, FAST]) await waitForEvents(first, events);
  const { peak } = await usageAfter(pod, await usage(pod));
  console.log(`at 10 MB/s the peak was ${shown(peak)} of ${shown(MEMORY_LIMIT)}`);
  expect(await agentPod()).toBe(pod);
  expect(await restarts(pod)).toBe(before);
  expect(await lostBytes()).toBe(0);
});
