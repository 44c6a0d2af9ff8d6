/**
 * `tetraship doctor`: one archive for a bug report: what runs here, how it is set up, what it says of itself, and
 * what `check` finds. It works without a running agent too, with what there is then. No event is in it but those
 * that the agent's own log names, and no secret.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, freemem, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Config, describeSettings, type Environment, loadConfig, secretsIn } from '../config.ts';
import { messageOf } from '../errors.ts';
import { folderOf } from '../intake/discover.ts';
import { masked } from '../ops/masking.ts';
import { printable } from '../ops/printable.ts';
import { type TarFile, tarOf } from '../ops/tar.ts';
import { agentUrl, askAgent, tapToken } from './agent-client.ts';
import { look } from './check.ts';
import { listFolder } from './doctor-files.ts';
import type { Finding } from './finding.ts';

export interface DoctorOptions {
  readonly url?: string;
  /** A file, or `-` for standard output. */
  readonly output?: string;
}

const MAX_FILE_CHARACTERS = 4 * 1024 * 1024;

/** Returns the exit code. @throws the system's error when the archive cannot be written */
export async function doctor(env: Environment, version: string, options: DoctorOptions): Promise<number> {
  const { output } = options;
  const nowMs = Date.now();
  const name = `tetraship-doctor-${new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')}`;
  const files = await collect(env, version, options.url);
  const secrets = secretsIn(env);
  const archive = gzipSync(
    tarOf(
      files.map((file) => ({
        name: `${name}/${file.name}`,
        content: masked(file.content.slice(0, MAX_FILE_CHARACTERS), secrets),
      })),
      nowMs,
    ),
  );
  if (output === '-') {
    process.stdout.write(archive);
    return 0;
  }
  const path = output ?? `${name}.tar.gz`;
  writeFileSync(path, archive, { mode: 0o600 });
  process.stdout.write(`wrote ${printable(path)} (${files.map((file) => file.name).join(', ')})\n`);
  process.stdout.write(
    'No secret is in it; paths, host names and names of rules are: look before you share it.\n',
  );
  return 0;
}

async function collect(env: Environment, version: string, url: string | undefined): Promise<TarFile[]> {
  const missing: string[] = [];
  const files: TarFile[] = [];
  const add = async (name: string, make: () => string | Promise<string>): Promise<void> => {
    try {
      files.push({ name, content: await make() });
    } catch (error) {
      missing.push(`${name}: ${messageOf(error)}`);
    }
  };
  const ask = async (path: string): Promise<string> => {
    const { status, text } = await askAgent(agentUrl(env, url), path, await tapToken(env));
    if (status !== 200) throw new Error(`status ${status}: ${text.trim()}`);
    return text;
  };
  let config: Config | undefined;
  await add('settings.json', () => json(describeSettings(env)));
  await add('version.json', () => json(machine(version)));
  await add('check.json', async () => {
    const findings: Finding[] = [];
    config = loadConfig(env);
    await look(env, false, (found) => findings.push(...found));
    return json(findings);
  });
  await add('status.json', () => ask('/status.json'));
  await add('metrics.txt', () => ask('/metrics'));
  await add('readiness.txt', async () => (await askAgent(agentUrl(env, url), '/readyz')).text);
  await add('log.txt', () => ask('/log'));
  if (config !== undefined) {
    const { stateDir, logs } = config;
    await add('checkpoint.json', () => readFileSync(join(stateDir, 'checkpoint.json'), 'utf8'));
    const folders = new Set([stateDir, ...logs.filter((path) => path !== '-').map(folderOf)]);
    await add('files.txt', () => [...folders].flatMap((folder) => listFolder(folder)).join('\n'));
  }
  const notes = missing.length === 0 ? ['Nothing is missing.'] : ['Could not be had:', ...missing];
  return [{ name: 'README.txt', content: `${notes.map(printable).join('\n')}\n` }, ...files];
}

function machine(version: string): Record<string, unknown> {
  return {
    tetraship: version,
    node: process.version,
    system: `${platform()} ${release()} ${arch()}`,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    memoryLimitBytes: process.constrainedMemory(),
    user: process.getuid?.() ?? null,
  };
}

/** For people to read. */
function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2).split('\n').map(printable).join('\n')}\n`;
}
