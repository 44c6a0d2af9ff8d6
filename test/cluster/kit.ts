/** The cluster kit beside the project: starts and ends a real Kubernetes, runs kubectl and helm against it. */

import { type ChildProcess, execFile, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
export const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));
const SCRIPT = `${SHARED}cluster/cluster.sh`;
const NEEDED = ['cluster/cluster.sh', 'bin/parseable.xz', 'bin/tetragon-writer.xz', 'data/crds'];

/** Waits between two looks at something that is not there yet. */
const LOOK_MS = 300;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Why there can be no cluster here; nothing when there can. */
export function whyNoCluster(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = NEEDED.filter((path) => !existsSync(SHARED + path));
  return missing.length === 0 ? undefined : `needs ../shared/${missing.join(', ../shared/')}`;
}

/** Output and exit code; never throws because of a code. */
export interface Outcome {
  readonly code: number;
  readonly text: string;
}

/** The cluster of this run, by the environment that run.ts has set. */
export const STATE = process.env['KUBE1_STATE'] ?? '';
/** What the node's own folders really are: the machine's stay untouched. */
export const NODE_FOLDERS = { logs: `${STATE}/host/cilium`, state: `${STATE}/host/tetraship` };

export function clusterScript(...args: string[]): string {
  return execFileSync(SCRIPT, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Environment for kubectl and helm of the cluster. */
export function clusterEnv(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    KUBECONFIG: `${STATE}/admin.conf`,
    KUBECACHEDIR: `${STATE}/cache`,
    HELM_CACHE_HOME: `${STATE}/helm`,
    PATH: `${STATE}/bin:${process.env['PATH']}`,
  };
}

/** A program with both outputs as one text. */
export function attempt(program: string, args: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { env: clusterEnv(), maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, text: stdout + stderr });
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** @throws with the program's own words when it fails */
export async function run(program: string, args: readonly string[], input = ''): Promise<string> {
  const { code, text } = await attempt(program, args, input);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit code ${code}\n${text}`);
  return text;
}

/** Words split at blanks, as one types them. */
export const kubectl = (line: string, input = ''): Promise<string> => run('kubectl', words(line), input);
export const tryKubectl = (line: string, input = ''): Promise<Outcome> =>
  attempt('kubectl', words(line), input);
export const helm = (...args: string[]): Promise<string> => run('helm', args);

const words = (line: string): string[] => line.split(' ').filter((word) => word !== '');

export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  limitMs = 60_000,
): Promise<T> {
  const until = performance.now() + limitMs;
  let last = '';
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      last = String(error);
    }
    if (performance.now() > until) throw new Error(`waited ${limitMs / 1000} s for ${what}\n${last}`);
    await sleep(LOOK_MS);
  }
}

/** A way to a port of a pod or service, through the API server. */
export class Forward implements Disposable {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  static async to(namespace: string, target: string, port: number): Promise<Forward> {
    const options: SpawnOptions = { env: clusterEnv(), stdio: ['ignore', 'pipe', 'inherit'] };
    const child = spawn('kubectl', ['-n', namespace, 'port-forward', target, `:${port}`], options);
    if (child.stdout === null) throw new Error('no output of kubectl');
    for await (const line of createInterface({ input: child.stdout })) {
      const [, local] = /127\.0\.0\.1:(\d+) ->/.exec(line) ?? [];
      if (local !== undefined) {
        child.stdout.resume();
        return new Forward(`http://127.0.0.1:${local}`, child);
      }
    }
    throw new Error(`kubectl port-forward ${target} ended`);
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}
