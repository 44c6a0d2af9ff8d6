import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tarOf } from '../../agent/ops/tar.ts';
import { AgentProcess, Workplace } from '../e2e/agent.ts';
import { createReceiver } from '../receiver/index.ts';
import { MAIN, start } from './child.ts';

const SECRETS = {
  PARSEABLE_PASSWORD: 'pass-word-"quoted"-1',
  TETRASHIP_TAP_TOKEN: 'tap-token-2-of-the-test',
};

function unpack(archive: string, into: string): Record<string, string> {
  mkdirSync(into, { recursive: true });
  execFileSync('tar', ['-xzf', archive, '-C', into]);
  const [folder = ''] = readdirSync(into);
  return Object.fromEntries(
    readdirSync(`${into}/${folder}`).map((name) => [name, readFileSync(`${into}/${folder}/${name}`, 'utf8')]),
  );
}

test('a tar that tar reads', () => {
  using place = new Workplace();
  const files = [
    { name: 'a/empty', content: '' },
    { name: 'a/größe', content: 'ä'.repeat(700) },
    { name: `a/${'x'.repeat(98)}`, content: 'y'.repeat(512) },
  ];
  writeFileSync(place.join('x.tar'), tarOf(files, 1_700_000_000_000));
  execFileSync('tar', ['-xf', place.join('x.tar'), '-C', place.path]);
  for (const { name, content } of files) expect(readFileSync(place.join(name), 'utf8')).toBe(content);
  expect(() => tarOf([{ name: 'x'.repeat(101), content: '' }], 0)).toThrow('too long');
});

test('with an agent: everything, and no secret anywhere', { timeout: 60_000 }, async () => {
  using place = new Workplace();
  await using receiver = await createReceiver({ password: SECRETS.PARSEABLE_PASSWORD });
  writeFileSync(place.join('tetragon.log'), '{"cluster_name":"seq-0"}\n{"torn\n');
  const settings = {
    ...SECRETS,
    PARSEABLE_URL: receiver.url,
    TETRAGON_LOG: place.join('tetragon.log'),
    // An operator who puts a secret where it does not belong:
    TETRASHIP_ADD_COLUMNS: `leak=${SECRETS.TETRASHIP_TAP_TOKEN}`,
  };
  await using agent = new AgentProcess(place, settings);
  const url = await agent.url();
  await receiver.waitForRows(1, 30_000);
  await agent.waitForMetric('tetraship_checkpoint_writes_total', (writes) => writes > 0);
  const { code, stdout, stderr } = await start(MAIN, ['doctor', '--output', place.join('bundle.tar.gz')], {
    ...settings,
    PARSEABLE_USERNAME: 'admin',
    TETRASHIP_STATE_DIR: place.join('state'),
    TETRASHIP_LISTEN: url.slice('http://'.length),
  }).end;
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('bundle.tar.gz');
  const files = unpack(place.join('bundle.tar.gz'), place.join('unpacked'));
  expect(Object.keys(files).sort()).toEqual([
    ...['README.txt', 'check.json', 'checkpoint.json', 'files.txt', 'log.txt', 'metrics.txt'],
    ...['readiness.txt', 'settings.json', 'status.json', 'version.json'],
  ]);
  expect(files['README.txt']).toBe('Nothing is missing.\n');
  expect(JSON.parse(files['settings.json'] ?? '')).toMatchObject({ PARSEABLE_PASSWORD: '[set]' });
  expect(JSON.parse(files['status.json'] ?? '')).toMatchObject({ format: 1 });
  expect(files['metrics.txt']).toContain('tetraship_rejected_events_total{reason="invalid_json"} 1');
  expect(files['log.txt']).toContain('listening on');
  expect(files['files.txt']).toMatch(/0600 uid \d+ .*checkpoint\.json/);
  expect(JSON.parse(files['checkpoint.json'] ?? '')).toHaveProperty('lineages');
  const basic = Buffer.from(`admin:${SECRETS.PARSEABLE_PASSWORD}`).toString('base64');
  const all = Object.values(files).join('\n');
  for (const secret of [...Object.values(SECRETS), 'pass-word', basic]) expect(all).not.toContain(secret);
  expect(agent.text).not.toMatch(/pass-word|tap-token/);
});

test('without an agent, and with wrong settings: what there is, and what is missing', async () => {
  using place = new Workplace();
  const { code } = await start(MAIN, ['doctor', '--output', place.join('x.tar.gz'), '--url', '127.0.0.1:4'], {
    PARSEABLE_URL: 'nonsense',
    PARSEABLE_API_KEY: 'key-of-the-test',
  }).end;
  expect(code).toBe(0);
  const files = unpack(place.join('x.tar.gz'), place.join('unpacked'));
  expect(files['README.txt']).toMatch(/check\.json: cannot start: PARSEABLE_URL/);
  expect(files['README.txt']).toMatch(/metrics\.txt: cannot ask the agent at http:\/\/127\.0\.0\.1:4/);
  expect(Object.values(files).join('')).not.toContain('key-of-the-test');
});

test('to standard output, as for kubectl exec', async () => {
  const { code, stdout } = await start(MAIN, ['doctor', '--output', '-', '--url', '127.0.0.1:4'], {}).end;
  expect([code, stdout.charCodeAt(0)]).toEqual([0, 0x1f]);
});
