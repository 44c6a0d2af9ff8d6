/** docs/walkthrough.md, block by block, on a real Kubernetes; Tetragon is played by its own writer. */

import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { attempt, eventually, kubectl, PROJECT, run, STATE } from './kit.ts';
import { commandsOf, outputShown } from './page.ts';
import { metric, waitForEvents, write } from './world.ts';

const EVENTS = 3000;
const WGET_EVERY = 499; // odd: the writer takes turns by the sequence number

/** Where the page's reader stands: the root of the project, as far as the page uses it. */
const desk = mkdtempSync(join(STATE, 'desk-'));
for (const folder of ['deploy', 'rules']) symlinkSync(join(PROJECT, folder), join(desk, folder));

/** Runs the blocks of a section as they stand in the page, and returns what they printed. */
async function follow(section: number): Promise<string> {
  const script = onOtherPorts(commandsOf(section));
  return run('bash', ['-c', `set -euo pipefail; cd ${desk}\n${script}`]);
}

/** The page's own ports may be taken on the machine of the test. */
function onOtherPorts(commands: string): string {
  return commands.replaceAll(/(localhost:| )(8000|9880)(?=[:/])/g, (_, before, port) => `${before}1${port}`);
}

/** There is no name server in this cluster: names of Services go into /etc/hosts of the agent. */
async function nameServices(): Promise<void> {
  const aliases = await Promise.all(
    ['parseable.parseable', 'webhook.tetraship'].map(async (name) => {
      const [service, namespace] = name.split('.');
      const ip = await kubectl(`-n ${namespace} get service ${service} -o jsonpath={.spec.clusterIP}`);
      return { ip, hostnames: [name] };
    }),
  );
  writeFileSync(`${STATE}/values.json`, JSON.stringify({ hostAliases: aliases }));
  // What the page says to helm, and these values too.
  const real = (await attempt('which', ['helm'])).text.trim();
  await run(
    'bash',
    ['-c', `rm ${STATE}/bin/helm && cat > ${STATE}/bin/helm && chmod +x ${STATE}/bin/helm`],
    `#!/bin/bash
case $1 in install | upgrade) set -- "$@" --values ${STATE}/values.json ;; esac
exec -a helm ${(await attempt('readlink', ['-f', real])).text.trim()} "$@"
`,
  );
}

test('2. Parseable runs behind a Service', async () => {
  await follow(2);
});

test('4. a pod takes alerts', async () => {
  await follow(4);
});

test('5. the chart is installed, ready, and its own tests pass', async () => {
  await nameServices();
  expect(await follow(5)).toMatch(/Phase:\s+Succeeded/);
});

test('6. a pod to watch, and events of it, written through several rotations', async () => {
  await follow(6);
  await write({ events: EVENTS, first: 0, rate: 1000, maxKb: 1024, backups: 20, wgetEvery: WGET_EVERY });
});

test('7. the alerts are at the webhook', async () => {
  const text = await eventually('both alerts', async () => {
    const log = await follow(7);
    return log.includes('wget was run') && log.includes('curl was run') ? log : undefined;
  });
  expect(text).toContain(outputShown(7));
});

test('8. every event is one row, by SQL', async () => {
  expect(await waitForEvents(0, EVENTS)).toBe(0);
  expect(JSON.parse(await follow(8))).toEqual(JSON.parse(outputShown(8)));
});

test('9. the packs are taken into use', async () => {
  await follow(9);
  expect(await metric('tetraship_rules')).toBeGreaterThan(10);
});

test('10. it says that it is well', async () => {
  const text = await follow(10);
  expect(text).toMatch(/^ready\n/);
  expect(text).toMatch(/^tetraship_rows_delivered_total \d+$/m);
  expect(text).toContain('tetraship_lost_bytes_total 0');
});
