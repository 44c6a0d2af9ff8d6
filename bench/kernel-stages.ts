/** Splitting and validating alone, by the kernel's own scanner in a module made for this. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KiB, READ_CHUNK_BYTES } from '../agent/limits.ts';

/** INPUT of assembly/stages.ts. */
const INPUT = 1024;
const PAGE_BYTES = 64 * KiB;

export interface KernelStages {
  /** Read bytes in here. */
  readonly input: Uint8Array;
  /** Lines among the first `length` bytes. */
  splitLines(length: number): number;
  validateLines(length: number): number;
  /** Bytes of them. */
  wholeBytes(length: number): number;
}

export async function kernelStages(): Promise<KernelStages> {
  const folder = mkdtempSync(join(tmpdir(), 'tetraship-stages-'));
  try {
    const file = join(folder, 'stages.wasm');
    const build = fileURLToPath(new URL('../agent/kernel/build.ts', import.meta.url));
    execFileSync(process.execPath, [build, 'stages.ts', file], { stdio: ['ignore', 'ignore', 'inherit'] });
    const pages = Math.ceil((INPUT + READ_CHUNK_BYTES) / PAGE_BYTES) + 1;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: 65_536 });
    const { instance } = await WebAssembly.instantiate(new Uint8Array(readFileSync(file)), {
      env: { memory },
    });
    const call = (name: string) => {
      const found = instance.exports[name];
      if (typeof found !== 'function') throw new Error(`the stages have no ${name}`);
      return (length: number): number => Number(found(length));
    };
    return {
      input: new Uint8Array(memory.buffer, INPUT, READ_CHUNK_BYTES),
      splitLines: call('splitLines'),
      validateLines: call('validateLines'),
      wholeBytes: call('wholeBytes'),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
