/** Starting what the demo needs: each piece with a clear word when it does not start. */

import { spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Child, cleanEnvironment } from './demo-child.ts';
import { DemoError, type DemoOptions } from './demo-options.ts';

const STREAM = 'tetrademo';
const USERNAME = 'admin';
const PASSWORD = 'admin';

/** Far longer than either program takes to start on a slow machine. */
const START_LIMIT_MS = 30_000;

/** Events a second up to which the receiver can judge every row; above it only counts them. */
const MAX_STRICT_RATE = 8000;

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** `make demo` builds it anyway; whoever runs this file directly need not know. */
export function buildKernelIfMissing(): void {
  if (existsSync(here('../agent/kernel/kernel.wasm'))) return;
  const { status } = spawnSync(process.execPath, [here('../agent/kernel/build.ts')], { stdio: 'inherit' });
  if (status !== 0)
    throw new DemoError('cannot start the demo: the kernel does not build; run `npm ci` first');
}

/** As it runs in production, which `make demo` builds: stripping types would cost 40 MB of the memory shown. */
function agentProgram(): string {
  const built = here('../dist/agent/main.js');
  return existsSync(built) ? built : here('../agent/main.ts');
}

/** Removed when the process ends, however it ends. */
export function temporaryFolder(keep: boolean): string {
  const folder = mkdtempSync(join(tmpdir(), 'tetraship-demo-'));
  process.on('exit', () => {
    if (!keep) rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export function startReceiver({ rate }: DemoOptions): Child {
  const mode = rate > 0 && rate <= MAX_STRICT_RATE ? 'strict' : 'fast';
  const args = [here('../test/receiver/main.ts'), '--mode', mode, '--with-parent'];
  return new Child({ name: 'receiver', args, env: cleanEnvironment() });
}

/** The walkthrough's rules, with the address of our webhook. */
export function writeRules(folder: string, webhookUrl: string): string {
  const path = join(folder, 'alerts.json');
  writeFileSync(path, readFileSync(here('./demo-alerts.json'), 'utf8').replaceAll('WEBHOOK_URL', webhookUrl));
  return path;
}

export interface AgentPlace {
  readonly folder: string;
  readonly logPath: string;
  readonly receiverUrl: string;
  readonly rulesPath: string;
}

export function startAgent(options: DemoOptions, place: AgentPlace): Child {
  const { folder, logPath, receiverUrl, rulesPath } = place;
  const env = {
    ...cleanEnvironment(),
    PARSEABLE_URL: receiverUrl,
    PARSEABLE_USERNAME: USERNAME,
    PARSEABLE_PASSWORD: PASSWORD,
    PARSEABLE_STREAM: STREAM,
    TETRAGON_LOG: logPath,
    TETRASHIP_STATE_DIR: join(folder, 'state'),
    TETRASHIP_RULES: rulesPath,
    TETRASHIP_LISTEN: '127.0.0.1:0',
    TETRASHIP_LOG_FORMAT: 'text',
  };
  const args = [options.agent ?? agentProgram(), ...options.agentArgs];
  const log = createWriteStream(join(folder, 'agent.log'));
  return new Child({ name: 'agent', args, env, log });
}

/** The address that a child tells in its first lines. */
export async function addressOf(child: Child): Promise<string> {
  const late = sleep(START_LIMIT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`no address after ${START_LIMIT_MS / 1000} s`);
  });
  try {
    return await Promise.race([child.url, late]);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new DemoError([`cannot start the ${child.name}: ${cause}`, ...child.lastLines].join('\n  '));
  }
}
