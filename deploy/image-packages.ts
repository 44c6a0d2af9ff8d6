/** The production part of node_modules, without what never runs: types, maps, sources, tests, documents. */

import { cpSync, existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';

/** What Node loads. */
const CODE = new Set(['.js', '.cjs', '.mjs', '.json', '.wasm', '.node']);
/** Licences ask to be kept with the code. */
const LEGAL = /^(licen[cs]e|notice|copying)/i;
/** Folders in a package's own that hold no code of it; deeper ones may (`yaml/dist/doc`). */
const IDLE = new Set([
  'test',
  'tests',
  'bench',
  'benchmark',
  'benchmarks',
  'docs',
  'doc',
  'examples',
  'example',
  'browser',
  '.github',
]);

interface LockedPackage {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

/** Copies each package that package-lock.json does not keep to development, from `from` to `to`. */
export function copyPackages(from: string, to: string): void {
  const lock: { packages: Record<string, LockedPackage> } = JSON.parse(
    readFileSync(join(from, 'package-lock.json'), 'utf8'),
  );
  for (const [folder, { dev, devOptional }] of Object.entries(lock.packages)) {
    if (folder === '' || dev || devOptional || !existsSync(join(from, folder))) continue;
    const source = join(from, folder);
    cpSync(source, join(to, folder), {
      recursive: true,
      filter: (path) => isNeeded(path, dirname(path) === source),
    });
  }
}

function isNeeded(path: string, isTop: boolean): boolean {
  const name = basename(path);
  // Packages inside a package have an entry of their own in the lock.
  if (statSync(path).isDirectory())
    return !(isTop && IDLE.has(name)) && name !== 'node_modules' && name !== '.bin';
  return LEGAL.test(name) || (CODE.has(extname(name)) && !name.endsWith('.min.js'));
}
