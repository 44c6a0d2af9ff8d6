/** The image: how large it is, and that each command finds in it what it loads. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sizeOf } from '../../deploy/image-root.ts';
import { attempt, PROJECT, STATE } from './kit.ts';

const root = `${STATE}/images/tetraship`;
const MB = 1e6;

test('the image is at most 160 MB, of which 12 are ours', () => {
  expect(sizeOf(root) / MB).toBeLessThan(160);
  expect(sizeOf(`${root}/app`) / MB).toBeLessThan(12);
});

test('it holds a bill of its packages, and each licence', () => {
  const { packages } = JSON.parse(readFileSync(`${root}/app/sbom.spdx.json`, 'utf8'));
  const names: string[] = packages.map(({ name }: { name: string }) => name);
  expect(names).toEqual(expect.arrayContaining(['undici', 're2js', 'pino', 'yaml']));
  expect(names).not.toContain('typescript');
  for (const name of names.filter((item) => item !== 'tetraship')) {
    expect(existsSync(`${root}/app/node_modules/${name}/package.json`), name).toBe(true);
  }
});

test.each([
  [['--version'], '', /^\d+\.\d+\.\d+/],
  [
    ['import', 'vector', '-'],
    readFileSync(join(PROJECT, 'test/commands/vector/values.yaml'), 'utf8'),
    /tetrademo/,
  ],
  [
    ['import', 'vector', '-'],
    readFileSync(join(PROJECT, 'test/commands/vector/plain.toml'), 'utf8'),
    /PARSEABLE_STREAM=events/,
  ],
  [['rules', 'check', '/nowhere.json'], '', /nowhere/],
  [['rules', '--help'], '', /explain/],
])('%j runs in it alone', async (args, input, words) => {
  const { text } = await attempt(
    'chroot',
    [root, '/usr/bin/node', '/app/dist/agent/main.js', ...args],
    input,
  );
  expect(text).toMatch(words);
  expect(text).not.toMatch(/ERR_MODULE_NOT_FOUND|Cannot find/);
});

test("the Dockerfile's own steps, from the files that it copies, make the same file system", async () => {
  const dockerfile = readFileSync(join(PROJECT, 'deploy/Dockerfile'), 'utf8').split('FROM scratch')[0] ?? '';
  const place = `${STATE}/dockerfile`;
  const copies = [...dockerfile.matchAll(/^COPY (.*) (\S+)$/gm)].map(
    ([, from = '', to = '']) => `mkdir -p ${place}/${to} && cp -r ${from} ${place}/${to}`,
  );
  const folders = copies.map((line) => line.replace(/^(.*cp -r )(agent|rules) (.*)$/, '$1$2/. $3'));
  const steps = [...dockerfile.matchAll(/^RUN (node .*)$/gm)].map(([, commands = '']) =>
    commands.replace(/ \/image$/, ` ${place}/image`),
  );
  expect([copies.length, steps.length]).toEqual([5, 1]);
  const ignored = readFileSync(join(PROJECT, 'deploy/Dockerfile.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => /^\w/.test(line));
  const script = [
    `cd ${PROJECT}`,
    ...folders,
    `cd ${place}`,
    `rm -f ${ignored.join(' ')}`,
    `ln -s ${PROJECT}/node_modules .`,
    ...steps,
    `diff -rq -x sbom.spdx.json image ${root}`,
  ].join('\n');
  const { code, text } = await attempt('bash', ['-euc', script]);
  expect(code, text).toBe(0);
});
