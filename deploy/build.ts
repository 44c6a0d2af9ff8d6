/** `npm run build:dist`: JavaScript for production in dist/, which starts faster and smaller than stripped types. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);

/** Generated files that tsc does not carry over: the kernel, and the compiled validator of rules. */
const KERNEL = 'agent/kernel/kernel.wasm';
const VALIDATOR = 'rules/validate.js';

rmSync(new URL('dist', root), { recursive: true, force: true });
const tsc = fileURLToPath(new URL('node_modules/.bin/tsc', root));
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (status === 0) {
  copyFileSync(new URL(KERNEL, root), new URL(`dist/${KERNEL}`, root));
  // As tsc does with what it compiles, relative imports name the JavaScript.
  const validator = readFileSync(new URL(VALIDATOR, root), 'utf8').replace(/(from '\.[^']*)\.ts'/g, "$1.js'");
  writeFileSync(new URL(`dist/${VALIDATOR}`, root), validator);
}
process.exitCode = status ?? 1;
