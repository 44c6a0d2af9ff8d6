/**
 * `node deploy/image-root.ts FOLDER`: makes the file system of the image in FOLDER: this Node with the libraries it
 * is linked to, and the agent with what it needs in production. deploy/Dockerfile copies exactly this folder into an
 * empty image, so what can be tested without an image builder is what an image builder ships.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyPackages } from './image-packages.ts';

const source = fileURLToPath(new URL('..', import.meta.url));

/** glibc finds hosts by these; they are all that an image without a distribution needs. */
const ETC: Readonly<Record<string, string>> = {
  passwd: 'root:x:0:0:root:/:/sbin/nologin\n',
  group: 'root:x:0:\n',
  'nsswitch.conf': 'hosts: files dns\n',
};

/** @throws when the agent is not built, or the folder cannot be written */
export function makeImageRoot(root: string): void {
  if (!existsSync(join(source, 'dist/agent/main.js')))
    throw new Error('cannot make the image: run `make build` first');
  rmSync(root, { recursive: true, force: true });
  for (const folder of ['app', 'etc', 'usr/bin']) mkdirSync(join(root, folder), { recursive: true });
  copyNode(root);
  for (const [name, text] of Object.entries(ETC)) writeFileSync(join(root, 'etc', name), text);
  copyFileSync(join(source, 'LICENSE'), join(root, 'app/LICENSE'));
  const {
    devDependencies: _,
    scripts: __,
    ...manifest
  } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  writeFileSync(join(root, 'app/package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  for (const part of ['agent', 'rules']) {
    cpSync(join(source, 'dist', part), join(root, 'app/dist', part), {
      recursive: true,
      filter: (path) => !path.endsWith('.d.ts'),
    });
  }
  copyPackages(source, join(root, 'app'));
  writeFileSync(join(root, 'app/sbom.spdx.json'), billOfMaterials(join(root, 'app')));
}

/** Without its symbol tables, a fifth of it, where there is a `strip`. */
function copyNode(root: string): void {
  const node = join(root, 'usr/bin/node');
  copyFileSync(process.execPath, node);
  chmodSync(node, 0o755);
  const { status } = spawnSync('strip', [node], { stdio: 'ignore' });
  if (status !== 0) process.stderr.write('note: no `strip` (package binutils): the image is 30 MB larger\n');
  for (const library of librariesOf(process.execPath)) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
}

/** The paths that the dynamic linker would open, itself included; none of a static program. */
export function librariesOf(program: string): string[] {
  const text = spawnSync('ldd', [program], { encoding: 'utf8' }).stdout;
  return [...text.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path ?? '');
}

/** Which packages are in it, in which versions and under which licences (SPDX): what lies there, not what should. */
function billOfMaterials(app: string): string {
  return execFileSync('npm', ['sbom', '--sbom-format=spdx'], {
    cwd: app,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** Bytes of all files below it. */
export function sizeOf(folder: string): number {
  const text = execFileSync('du', ['-sb', '--apparent-size', folder], { encoding: 'utf8' });
  return Number(text.split('\t')[0]);
}

if (import.meta.main) {
  const [root] = process.argv.slice(2);
  if (root === undefined) throw new Error('usage: node deploy/image-root.ts FOLDER');
  makeImageRoot(root);
  const version: unknown = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')).version;
  const megabytes = (folder: string): string => `${(sizeOf(folder) / 1e6).toFixed(1)} MB`;
  process.stdout.write(
    `${root}: tetraship ${version}, ${megabytes(root)}, of which ${megabytes(join(root, 'app'))} are not Node\n`,
  );
}
