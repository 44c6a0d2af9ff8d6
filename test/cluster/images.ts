/** The images of the cluster test, packed from folders: no builder, no registry. */

import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { librariesOf, makeImageRoot, sizeOf } from '../../deploy/image-root.ts';
import { clusterScript, PROJECT, SHARED, STATE } from './kit.ts';

const TETRASHIP = 'example.org/tetraship:0.1.0';

const program = (name: string): string =>
  execFileSync(`${SHARED}bin/get`, [name], { encoding: 'utf8' }).trim();

/** Makes and loads all of them; returns a line about the agent's. */
export function loadImages(): string {
  const root = join(STATE, 'images');
  makeImageRoot(`${root}/tetraship`);
  clusterScript('image', TETRASHIP, `${root}/tetraship`, ...configOfDockerfile());

  copyProgram(program('parseable'), `${root}/parseable`, '/usr/bin/parseable');
  mkdirSync(`${root}/parseable/parseable`);
  clusterScript('image', 'docker.io/parseable/parseable:v2.9.5', `${root}/parseable`);

  copyProgram(program('tetragon-writer'), `${root}/writer`, '/usr/bin/tetragon-writer');
  cpSync(`${SHARED}data/captured-events.json`, `${root}/writer/data/captured-events.json`);
  clusterScript('image', 'example.org/tetragon-writer:test', `${root}/writer`);

  busybox(`${root}/nginx`);
  clusterScript('image', 'docker.io/library/nginx:1.29', `${root}/nginx`, '-cmd', 'sleep 100000');
  const megabytes = (folder: string): string => (sizeOf(`${root}/${folder}`) / 1e6).toFixed(1);
  return `image: ${megabytes('tetraship')} MB, of which ${megabytes('tetraship/app')} MB are not Node`;
}

function copyProgram(source: string, root: string, target: string): void {
  for (const [from, to] of [[source, target], ...librariesOf(source).map((path) => [path, path])]) {
    mkdirSync(join(root, dirname(to ?? '')), { recursive: true });
    copyFileSync(from ?? '', join(root, to ?? ''));
  }
}

/** Something to be the pod that the walkthrough watches. */
function busybox(root: string): void {
  const [, deps = ''] = /DEPS=(\S+)/.exec(readFileSync(`${STATE}/conf`, 'utf8')) ?? [];
  mkdirSync(`${root}/bin`, { recursive: true });
  mkdirSync(`${root}/etc`);
  copyFileSync(`${deps}/bin/busybox`, `${root}/bin/busybox`);
  for (const name of ['sh', 'sleep', 'wget', 'ls']) symlinkSync('busybox', `${root}/bin/${name}`);
  writeFileSync(`${root}/etc/passwd`, 'root:x:0:0::/:/bin/sh\n');
}

/** What the Dockerfile says of the image beside its files, in the packer's flags. */
function configOfDockerfile(): string[] {
  const text = readFileSync(join(PROJECT, 'deploy/Dockerfile'), 'utf8').split('FROM scratch')[1] ?? '';
  const list = (name: string): string => {
    const [, items = '[]'] = new RegExp(`^${name} (\\[.*\\])$`, 'm').exec(text) ?? [];
    return JSON.parse(items).join(' ');
  };
  const word = (name: string): string => new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? '';
  const [, environment = ''] = /^ENV (.*)$/m.exec(text) ?? [];
  return [
    ...['-entrypoint', list('ENTRYPOINT'), '-cmd', list('CMD')],
    ...['-workdir', word('WORKDIR'), '-user', word('USER')],
    ...environment.split(' ').flatMap((pair) => ['-env', pair]),
  ];
}
