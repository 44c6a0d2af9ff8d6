/**
 * `make test-cluster`: starts a real Kubernetes, loads the images, runs test/cluster/*.cluster.ts on it, and deletes
 * it again, also after a failure. Arguments go to vitest.
 */

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Before the kit is imported: it reads these.
process.env['KUBE1_STATE'] ??= mkdtempSync(join(tmpdir(), 'tetraship-cluster-'));
process.env['KUBE1_SUBNET'] ??= `10.89.${1 + (process.pid % 250)}`;
const { clusterScript, NODE_FOLDERS, PROJECT, STATE, whyNoCluster } = await import('./kit.ts');

/** Folders of the node, from their paths to the folders of this run that are mounted there. */
const MOUNTS = { '/var/run/cilium': NODE_FOLDERS.logs, '/var/lib/tetraship': NODE_FOLDERS.state };

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function start(): void {
  const begin = performance.now();
  clusterScript('start');
  say(`cluster: ready after ${seconds(begin)}`);
  for (const [path, folder] of Object.entries(MOUNTS)) {
    clusterScript('exec', 'mkdir', '-p', path, folder);
    clusterScript('exec', 'mount', '--bind', folder, path);
  }
}

function end(): void {
  spawnSync(join(PROJECT, '../shared/cluster/cluster.sh'), ['delete'], { stdio: 'inherit' });
  rmSync(STATE, { recursive: true, force: true });
  for (const path of Object.keys(MOUNTS)) tryRemoveEmpty(path);
}

/** The place of a mount that this run has made, unless somebody uses it. */
function tryRemoveEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Not empty or not there: not ours.
  }
}

/** A signal ends the tests, and then the cluster is deleted all the same. */
function exitCodeOf(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(program, args, { cwd: PROJECT, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
}

/** vitest's exit code. */
async function main(): Promise<number> {
  const begin = performance.now();
  try {
    start();
    const loading = performance.now();
    const { loadImages } = await import('./images.ts');
    say(`${loadImages()}; all images packed and loaded in ${seconds(loading)}`);
    const config = join(PROJECT, 'test/cluster/vitest.config.ts');
    const vitest = join(PROJECT, 'node_modules/.bin/vitest');
    const args = ['run', '--config', config, '--reporter=verbose', ...process.argv.slice(2)];
    return await exitCodeOf(vitest, args);
  } finally {
    end();
    say(`cluster: all in ${seconds(begin)}`);
  }
}

const why = whyNoCluster();
if (why === undefined) {
  process.exitCode = await main();
} else {
  say(`skipped: the cluster test ${why}`);
}
