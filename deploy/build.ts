/** `npm run build:dist`: JavaScript for production in dist/, which starts faster and smaller than stripped types. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);

/** What tsc does not carry over: the kernel, the rule packs, and the compiled validator of rules. */
const KERNEL = 'agent/kernel/kernel.wasm';
const PACKS = 'rules/packs';
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
  cpSync(new URL(PACKS, root), new URL(`dist/${PACKS}`, root), { recursive: true });
}
process.exitCode = status ?? 1;
