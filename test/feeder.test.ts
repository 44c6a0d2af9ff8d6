/** The loop that reads, over a source that says nothing twice. */

import { expect, test } from 'vitest';
import { flattenOptions } from '../agent/commands/flatten-options.ts';
import { Feeder } from '../agent/feeder.ts';
import type { Source } from '../agent/intake/source.ts';
import { Batcher } from '../agent/kernel/batcher.ts';
import { Kernel } from '../agent/kernel/kernel.ts';
import { KiB, MiB } from '../agent/limits.ts';
import type { TrackedFile } from '../agent/position.ts';
import { Generator } from '../bench/generator.ts';

/** A file that does not grow, read to its end as plain files are. */
class StillFile implements Source {
  readonly key = 'still';
  readonly file: TrackedFile = {
    ...{ source: 'still', path: 'still' },
    identity: { device: 1, inode: 1, firstLineHash: 'still' },
  };
  readonly atFinalEnd = false;
  atEndForNow = false;
  offsetBytes = 0;
  readonly #content: Buffer;

  constructor(content: Buffer) {
    this.#content = content;
  }

  read(into: Uint8Array): number {
    const count = this.#content.copy(into, 0, this.offsetBytes);
    this.atEndForNow = count < into.length;
    return count;
  }

  consume(bytes: number): void {
    this.offsetBytes += bytes;
  }

  advance(): boolean {
    return false;
  }
}

/** Until nothing more is read, without anything that wakes the loop but itself. */
async function readToEnd(content: Buffer): Promise<number> {
  const kernel = await Kernel.create({ ...flattenOptions({}), slotCount: 2, slotBytes: 64 * KiB });
  const batcher = new Batcher(kernel, {
    ...{ slotCount: 2, flushIntervalMs: 1_000 },
    onSealed: ({ slot }) => batcher.release(slot),
  });
  const source = new StillFile(content);
  await new Promise<void>((onIdle) => {
    new Feeder({
      ...{ kernel, batcher, onIdle },
      sources: () => [source],
      onReject: () => undefined,
      onMatch: () => undefined,
      evaluation: {
        evaluatedUpTo: () => 0,
        forget: () => undefined,
        quietly: (process) => process(),
        passed: () => undefined,
      },
    }).start();
  });
  batcher.seal();
  return source.offsetBytes;
}

test.each([10, 100, 1_000])(
  'what is left when a turn is over is read in the next one: 1 MiB and %i KiB',
  async (more) => {
    const generator = new Generator({ seed: 5, size: 1 });
    const lines: string[] = [];
    for (let bytes = 0; bytes < MiB + more * KiB; bytes += lines.at(-1)?.length ?? 0)
      lines.push(generator.next());
    const content = Buffer.from(lines.join(''));
    expect(await readToEnd(content)).toBe(content.length);
  },
);
