/**
 * Every bench in turn, each in a process of its own: `make bench`, or `make bench-quick` with `--quick`; with
 * `--only NAME` that one alone. One that fails is named at the end, and the others run all the same.
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { QUICK } from './length.ts';

/** The kernel's heap figure needs these: no collection may run while it is taken. */
const KERNEL_NODE_ARGS = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'];

interface Bench {
  readonly name: string;
  readonly file: string;
  readonly nodeArgs?: readonly string[];
}

const BENCHES: readonly Bench[] = [
  { name: 'kernel', file: 'kernel.ts', nodeArgs: KERNEL_NODE_ARGS },
  { name: 'stages', file: 'stages.ts' },
  { name: 'pipeline', file: 'pipeline.ts' },
  { name: 'peers', file: 'against-peers.ts' },
  { name: 'steady', file: 'steady.ts' },
  { name: 'steady-profile', file: 'steady-profile.ts' },
  { name: 'latency', file: 'latency.ts' },
  { name: 'start', file: 'start.ts' },
  { name: 'fleet', file: 'fleet/main.ts' },
];

const { values } = parseArgs({ options: { only: { type: 'string' } }, strict: false });
const wanted = BENCHES.filter(({ name }) => values.only === undefined || values.only === name);
if (wanted.length === 0) {
  console.error(`there is no bench ${values.only}: ${BENCHES.map(({ name }) => name).join(', ')}`);
  process.exit(1);
}
const startMs = performance.now();
const failed = wanted.filter(({ file, nodeArgs = [] }) => {
  const fromMs = performance.now();
  const path = fileURLToPath(new URL(file, import.meta.url));
  const { status } = spawnSync(process.execPath, [...nodeArgs, path, ...(QUICK ? ['--quick'] : [])], {
    stdio: 'inherit',
  });
  console.log(`${file}: ${((performance.now() - fromMs) / 1000).toFixed(0)} s`);
  return status !== 0;
});
console.log(`\n${((performance.now() - startMs) / 1000).toFixed(0)} s in all; see bench/RESULTS.md`);
for (const { file } of failed) console.error(`failed: bench/${file}`);
process.exitCode = failed.length === 0 ? 0 : 1;
