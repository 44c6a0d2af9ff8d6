/** `npm run build:dist`: JavaScript for production in dist/, which starts faster and smaller than stripped types. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);

/** What tsc does not carry over. */
const ASSETS = ['agent/kernel/kernel.wasm', 'rules/schema.json'];

rmSync(new URL('dist', root), { recursive: true, force: true });
const tsc = fileURLToPath(new URL('node_modules/.bin/tsc', root));
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (status === 0) {
  for (const asset of ASSETS) copyFileSync(new URL(asset, root), new URL(`dist/${asset}`, root));
}
process.exitCode = status ?? 1;
