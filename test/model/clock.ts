/** Time as the test lets it pass, and the wait until everything that needs no time has happened. */

import { vi } from 'vitest';

const realSetTimeout = globalThis.setTimeout;
/** Turns of the event loop without anything under way: a promise may need some of them. */
const QUIET_TURNS = 3;
const STEP_MS = 50;
const COARSE_STEP_MS = 250;
const COARSE_FROM_MS = 500;

export function useClock(): void {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  });
}

/** Lets promises, files and the server in memory go on until all of them wait for time. */
export async function settle(): Promise<void> {
  for (let quiet = 0; quiet < QUIET_TURNS; ) {
    await new Promise(setImmediate);
    quiet = process.getActiveResourcesInfo().some((kind) => kind.startsWith('FSReq')) ? 0 : quiet + 1;
  }
}

/** Decompression runs on threads that nothing here can ask. */
export async function settleThreads(): Promise<void> {
  await new Promise((resolve) => realSetTimeout(resolve, 1));
  await settle();
}

export async function pass(durationMs: number): Promise<void> {
  await settle();
  const stepMs = durationMs < COARSE_FROM_MS ? STEP_MS : COARSE_STEP_MS;
  for (let leftMs = durationMs; leftMs > 0; leftMs -= stepMs) {
    vi.advanceTimersByTime(Math.min(stepMs, leftMs));
    await settle();
  }
}
