/** `make manifests`: prints the objects of an overlay as `kubectl apply -k` would apply them. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const OVERLAYS = fileURLToPath(new URL('kustomize/overlays', import.meta.url));
/** Any of these renders; kubectl has kustomize built in. */
const PROGRAMS: readonly (readonly [string, ...string[]])[] = [
  ['kubectl', 'kustomize'],
  ['kustomize', 'build'],
];

function main(overlay: string): number {
  const folder = `${OVERLAYS}/${overlay}`;
  if (!existsSync(folder)) {
    process.stderr.write(`no overlay ${overlay}; there are ${readdirSync(OVERLAYS).join(', ')}\n`);
    return 64;
  }
  for (const [program, command] of PROGRAMS) {
    const { error, status } = spawnSync(program, [command ?? '', folder], { stdio: 'inherit' });
    if (error === undefined) return status ?? 1;
  }
  process.stderr.write('cannot print the manifests: neither kubectl nor kustomize is installed here\n');
  return 1;
}

process.exitCode = main(process.argv[2] ?? 'production');
