/**
 * Every block of the manual that is marked `sh run` is run as it stands, line by line, beside a running agent, in a
 * folder with the files that it names.
 */

import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAIN } from '../e2e/agent.ts';
import { WatchedAgent } from '../e2e/watched-agent.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);

interface Command {
  readonly page: string;
  readonly line: string;
}

const commands: readonly Command[] = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```sh run\n([\s\S]*?)^```/gm)].flatMap(
    ([, block = '']) =>
      block
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => ({ page, line })),
  ),
);

describe('commands of the manual', { timeout: 60_000 }, () => {
  let watched: WatchedAgent;
  let env: Record<string, string>;
  let feeding: NodeJS.Timeout;
  let sequence = 0;

  const event = (binary: string): string =>
    `${JSON.stringify({ process_exec: { process: { binary } }, cluster_name: `seq-${sequence++}` })}\n`;

  beforeAll(async () => {
    watched = await WatchedAgent.start({
      rule: { name: 'wget', binary: 'wget' },
      log: event('/bin/first'),
      settings: { TETRASHIP_SPOOL_BYTES: '16MiB' },
    });
    const { place, settings } = watched;
    mkdirSync(place.join('backups'));
    for (const name of ['one', 'two'])
      writeFileSync(place.join('backups', `${name}.log.gz`), gzipSync(event('/bin/old') + event('/bin/old')));
    mkdirSync(place.join('bin'));
    writeFileSync(place.join('bin', 'tetraship'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`, {
      mode: 0o755,
    });
    feeding = setInterval(() => watched.append(event('/usr/bin/true') + event('/usr/bin/wget')), 100);
    env = {
      ...settings,
      ...{ PARSEABLE_STREAM: 'tetrademo', PARSEABLE_USERNAME: 'admin', PARSEABLE_PASSWORD: 'admin' },
      TETRASHIP_STATE_DIR: place.join('state'),
      TETRASHIP_LISTEN: (await watched.url()).slice('http://'.length),
      PATH: `${place.join('bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    };
  }, 60_000);
  afterAll(async () => {
    clearInterval(feeding);
    await watched?.[Symbol.asyncDispose]();
  });

  test('there are some', () => expect(commands.length).toBeGreaterThan(8));

  test.each(commands)('$page: $line', async ({ line }) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', line], { cwd: watched.place.path, env });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => {
        output += data;
      });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([code, code === 0 ? '' : output]).toEqual([0, '']);
  });
});
