/** The compiled module: where it lies, and what it exports. */

import { readFile } from 'node:fs/promises';
import { TetrashipError } from '../errors.ts';

/** What the host gives the module, beside the memory. */
export interface HostFunctions {
  /** Whether the regular expression of that number is found in the text. */
  matchRegex(regex: number, text: number, length: number): number;
  /** The double nearest to the number's text. */
  parseNumber(text: number, length: number): number;
}

export interface KernelExports {
  init(): void;
  flagName(length: number, flags: number): void;
  admitName(length: number): void;
  setFrozen(value: number): void;
  setProgram(): void;
  restoreState(condition: number, count: number, firing: number): void;
  openSlot(base: number, table: number, hints: number, hintsFull: number, target: number): void;
  sealSlot(): number;
  countRepeats(body: number, length: number, hints: number, hintsEnd: number): number;
  packFrame(length: number): number;
  process(length: number, offset: number, final: number): number;
}

/** @throws {TetrashipError} KERNEL when the module is missing or was built from other sources */
export async function instantiate(memory: WebAssembly.Memory, host: HostFunctions): Promise<KernelExports> {
  const { instance } = await WebAssembly.instantiate(await moduleBytes(), {
    env: { memory },
    host: { ...host },
  });
  const { exports } = instance;
  if (isExports(exports)) return exports;
  throw new TetrashipError(
    'KERNEL',
    'cannot use the kernel: it was built from other sources; run `npm run build:kernel`',
  );
}

async function moduleBytes(): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL('kernel.wasm', import.meta.url);
  try {
    return new Uint8Array(await readFile(url));
  } catch (cause) {
    throw new TetrashipError(
      'KERNEL',
      `cannot load the kernel: ${url.pathname} is missing; run \`npm run build:kernel\``,
      { cause },
    );
  }
}

function isExports(exports: WebAssembly.Exports): exports is KernelExports & WebAssembly.Exports {
  const wanted = [
    'init',
    'flagName',
    'admitName',
    'setFrozen',
    'setProgram',
    'restoreState',
    'openSlot',
    'sealSlot',
    'countRepeats',
    'packFrame',
    'process',
  ];
  return wanted.every((name) => typeof exports[name] === 'function');
}
