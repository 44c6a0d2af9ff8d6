/** Rules and logs for the tests of `tetraship rules`. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export const folder = mkdtempSync(join(tmpdir(), 'tetraship-rules-'));
afterAll(() => rmSync(folder, { recursive: true }));

export function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

export const composite = (config: unknown) => ({ type: 'composite', config });
export const hook = { type: 'webhook', endpoint: 'https://hooks.example.com/x' };

/** A rules document; each alert is given what it does not say itself. */
export function rulesFile(name: string, ...alerts: Record<string, unknown>[]): string {
  const defaults = { message: 'in {process_exec_process_pod_name}', targets: [hook] };
  const all = alerts.map((alert, index) => ({ name: `rule-${index}`, ...defaults, ...alert }));
  return file(name, JSON.stringify({ version: 'v1', alerts: all }));
}

/** Seconds apart from 03:04:05. */
export function time(index: number): string {
  return new Date(Date.UTC(2026, 0, 2, 3, 4, 5 + index)).toISOString();
}

/** One exec event a line. */
export function execs(...processes: Record<string, unknown>[]): string {
  return processes
    .map(
      (process, index) =>
        `${JSON.stringify({ process_exec: { process }, node_name: 'n', time: time(index) })}\n`,
    )
    .join('');
}
