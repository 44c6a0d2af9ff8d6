/**
 * Every block of the manual that is marked `sh run` is run as it stands, line by line, beside a running agent, in a
 * folder with the files that it names.
 */

import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentProcess, MAIN, Workplace } from '../e2e/agent.ts';
import { createReceiver, createWebhook, type Receiver, type Webhook } from '../receiver/index.ts';

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
  let place: Workplace;
  let receiver: Receiver;
  let webhook: Webhook;
  let agent: AgentProcess;
  let env: Record<string, string>;
  let feeding: NodeJS.Timeout;
  let sequence = 0;

  const event = (binary: string): string =>
    `${JSON.stringify({ process_exec: { process: { binary } }, cluster_name: `seq-${sequence++}` })}\n`;

  beforeAll(async () => {
    place = new Workplace();
    receiver = await createReceiver({ store: 'keys' });
    webhook = await createWebhook({ keep: 10 });
    const rule = { type: 'composite', config: 'process_exec_process_binary =% "wget"' };
    const targets = [{ type: 'webhook', endpoint: webhook.url }];
    writeFileSync(
      place.join('rules.json'),
      JSON.stringify({ version: 'v1', alerts: [{ name: 'wget', message: 'm', rule, targets }] }),
    );
    mkdirSync(place.join('backups'));
    for (const name of ['one', 'two'])
      writeFileSync(place.join('backups', `${name}.log.gz`), gzipSync(event('/bin/old') + event('/bin/old')));
    mkdirSync(place.join('bin'));
    writeFileSync(place.join('bin', 'tetraship'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`, {
      mode: 0o755,
    });
    writeFileSync(place.join('tetragon.log'), event('/bin/first'));
    const settings = {
      PARSEABLE_URL: receiver.url,
      TETRAGON_LOG: place.join('tetragon.log'),
      TETRASHIP_RULES: place.join('rules.json'),
      TETRASHIP_SPOOL_BYTES: '16MiB',
    };
    agent = new AgentProcess(place, settings);
    const url = await agent.url();
    feeding = setInterval(
      () => appendFileSync(place.join('tetragon.log'), event('/usr/bin/true') + event('/usr/bin/wget')),
      100,
    );
    await receiver.waitForRows(1, 30_000);
    env = {
      ...settings,
      ...{ PARSEABLE_STREAM: 'tetrademo', PARSEABLE_USERNAME: 'admin', PARSEABLE_PASSWORD: 'admin' },
      TETRASHIP_STATE_DIR: place.join('state'),
      TETRASHIP_LISTEN: url.slice('http://'.length),
      PATH: `${place.join('bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    };
  }, 60_000);
  afterAll(async () => {
    clearInterval(feeding);
    await agent[Symbol.asyncDispose]();
    await receiver.stop();
    await webhook.stop();
    place[Symbol.dispose]();
  });

  test('there are some', () => expect(commands.length).toBeGreaterThan(8));

  test.each(commands)('$page: $line', async ({ line }) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', line], { cwd: place.path, env });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => {
        output += data;
      });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([code, code === 0 ? '' : output]).toEqual([0, '']);
  });
});
