/**
 * `npm run build:dist`: JavaScript for production in dist/, which starts faster and smaller than stripped types. Another
 * folder can be named.
 */

import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = new URL('..', import.meta.url);

/** What tsc does not carry over: the kernel, the rule packs, and the compiled validator of rules. */
const KERNEL = 'agent/kernel/kernel.wasm';
const PACKS = 'rules/packs';
const VALIDATOR = 'rules/validate.js';

const [, , folder = fileURLToPath(new URL('dist', root))] = process.argv;
const dist = pathToFileURL(`${resolve(folder)}/`);

rmSync(dist, { recursive: true, force: true });
const tsc = fileURLToPath(new URL('node_modules/.bin/tsc', root));
const { status } = spawnSync(
  process.execPath,
  [tsc, '-p', 'tsconfig.build.json', '--outDir', fileURLToPath(dist)],
  { cwd: root, stdio: 'inherit' },
);
if (status === 0) {
  copyFileSync(new URL(KERNEL, root), new URL(KERNEL, dist));
  // As tsc does with what it compiles, relative imports name the JavaScript.
  const validator = readFileSync(new URL(VALIDATOR, root), 'utf8').replace(/(from '\.[^']*)\.ts'/g, "$1.js'");
  writeFileSync(new URL(VALIDATOR, dist), validator);
  cpSync(new URL(PACKS, root), new URL(PACKS, dist), { recursive: true });
}
process.exitCode = status ?? 1;
