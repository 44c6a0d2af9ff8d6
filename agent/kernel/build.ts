/**
 * Compiles the kernel: `node agent/kernel/build.ts` writes kernel.wasm beside this file. Another entry of assembly/
 * and where its module goes may be named: `node agent/kernel/build.ts stages.ts FILE`.
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const [entry = 'index.ts', outFile = here('kernel.wasm')] = process.argv.slice(2);

const result = spawnSync(
  process.execPath,
  [
    here('../../node_modules/assemblyscript/bin/asc.js'),
    here(`assembly/${entry}`),
    '--outFile',
    outFile,
    '-O3',
    '--converge',
    '--noAssert',
    '--runtime',
    'stub',
    '--enable',
    'simd',
    '--importMemory',
    '--initialMemory',
    '1',
    '--maximumMemory',
    '65536',
    '--use',
    'abort=',
  ],
  { stdio: 'inherit' },
);
process.exitCode = result.status ?? 1;
