/** Bytes by which the JavaScript heap grows while something runs. */

import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Every byte allocated is in the figure, because no collection may run meanwhile. Needs --expose-gc. */
export async function heapGrowth(work: () => void): Promise<number> {
  if (typeof globalThis.gc !== 'function') throw new Error('run with --expose-gc');
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  observer.observe({ entryTypes: ['gc'] });
  globalThis.gc();
  await sleep(0);
  collections = 0;
  const before = process.memoryUsage().heapUsed;
  work();
  const grown = process.memoryUsage().heapUsed - before;
  await sleep(0);
  observer.disconnect();
  if (collections > 0) throw new Error(`the collector ran ${collections} times: the figure would be wrong`);
  return grown;
}
