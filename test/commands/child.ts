/** Runs the command line as a real process. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach } from 'vitest';
import { remember } from '../suite-secret.ts';

export const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
export const MAIN = path('../../agent/main.ts');
export const FAKE = path('fake-agent.ts');
/** Settings with which it starts. */
export const GOOD = {
  PARSEABLE_URL: 'http://127.0.0.1:1',
  PARSEABLE_USERNAME: 'admin',
  PARSEABLE_PASSWORD: 'hunter2',
  TETRASHIP_LISTEN: '127.0.0.1:0',
};

/** The working directory of the processes; removed afterwards. */
export const folder = mkdtempSync(join(tmpdir(), 'tetraship-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

const children: ChildProcessWithoutNullStreams[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

export interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly end: Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** Resolves with standard error so far once it holds the text. */
  saying(text: string): Promise<string>;
}

/** Ends with its test at the latest. */
export function start(
  file: string,
  args: string[],
  env: Record<string, string>,
  nodeArgs: string[] = [],
): Started {
  const child = spawn(process.execPath, [...nodeArgs, file, ...args], { env, cwd: folder });
  children.push(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  const waiting: (() => void)[] = [];
  child.stderr.on('data', (data) => {
    stderr += data;
    for (const look of waiting) look();
  });
  return {
    child,
    end: new Promise((resolve) =>
      child.on('close', (code) => {
        remember(`${stdout}\n${stderr}`);
        resolve({ code, stdout, stderr });
      }),
    ),
    saying: (text) =>
      new Promise((resolve, reject) => {
        const look = () => stderr.includes(text) && resolve(stderr);
        waiting.push(look);
        child.on('close', () => reject(new Error(`ended without saying ${text}: ${stderr}`)));
        look();
      }),
  };
}
