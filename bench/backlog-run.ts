/** One run of a contender over a whole log that lies ready: what it cost until the last row was acknowledged. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Corpus } from './corpus.ts';
import { ReceiverProcess } from './receiver-process.ts';
import { type Encoding, RunningShipper, type Shipper } from './shipper.ts';

const LOOK_MS = 20;
/** Without a new row for so long, the rest is not coming. */
const PATIENCE_MS = 30_000;

export interface Figures {
  readonly cpuSeconds: number;
  readonly threads: Readonly<Record<string, number>>;
  readonly wallSeconds: number;
  readonly peakMiB: number;
  readonly requests: number;
  readonly connections: number;
  readonly sentBytes: number;
  /** Bodies before compression over bodies as sent. */
  readonly ratio: number;
  readonly rows: number;
}

/**
 * @param receiver serves one run after the other: what it counted before does not matter
 * @param end how the contender is ended: SIGTERM lets it finish what it writes at its end
 */
export async function backlogRun(
  receiver: ReceiverProcess,
  shipper: Shipper,
  corpus: Corpus,
  encoding: Encoding,
  end: NodeJS.Signals = 'SIGKILL',
): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'tetraship-bench-'));
  try {
    const before = await receiver.stats();
    await using running = new RunningShipper(shipper, {
      log: corpus.path,
      url: receiver.url,
      encoding,
      folder,
    });
    let rows = 0;
    let movedMs = Date.now();
    for (;;) {
      await sleep(LOOK_MS);
      const got = await receiver.stats();
      if (got.rows - before.rows > rows) {
        rows = got.rows - before.rows;
        movedMs = Date.now();
      }
      const { cpuSeconds, threads, peakMiB } = running.accounting();
      if (rows < corpus.lines) {
        if (Date.now() - movedMs < PATIENCE_MS) continue;
        throw new Error(`${shipper.name} delivered ${rows} of ${corpus.lines} rows and then no more`);
      }
      await running.end(end);
      const sentBytes = got.wireBytes - before.wireBytes;
      return {
        ...{ cpuSeconds, threads, peakMiB, rows, sentBytes },
        wallSeconds: (movedMs - running.startedMs) / 1000,
        requests: got.requests - before.requests,
        connections: got.connections - before.connections,
        ratio: (got.rawBytes - before.rawBytes) / sentBytes,
      };
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs of contenders in turn, so that a drift of the machine hits all alike. */
export async function interleave<K>(
  runs: number,
  keys: readonly K[],
  run: (key: K, receiver: ReceiverProcess) => Promise<Figures>,
): Promise<Map<K, Figures[]>> {
  await using receiver = await ReceiverProcess.start('--mode', 'fast');
  const figures = new Map<K, Figures[]>(keys.map((key) => [key, []]));
  for (let round = 0; round < runs; round++) {
    for (const key of keys) figures.get(key)?.push(await run(key, receiver));
  }
  return figures;
}
