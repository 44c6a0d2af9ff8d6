import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folder, GOOD, MAIN, path, start } from './child.ts';

const cli = (args: string[], env: Record<string, string> = {}) => start(MAIN, args, env).end;
describe('help', () => {
  test('shows the commands that exist and every setting, and is no error', async () => {
    const { code, stdout, stderr } = await cli(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    for (const line of [
      'Usage: tetraship [options] [command]',
      'run run the agent (the default)',
      'check [options] find what would go wrong',
      'replay [options] [file...] ship old logs, or once more what could not be sent',
      'rules work with files of alert rules',
      'PARSEABLE_URL (required)',
      'PARSEABLE_PASSWORD (secret)',
      'TETRASHIP_BATCH_BYTES (default: 2MiB)',
      'TETRASHIP_NODE_NAME (default: the host name)',
    ]) {
      expect(stdout.split('\n').map((text) => text.trim().replaceAll(/ +/g, ' '))).toContain(line);
    }
    expect(stdout).not.toMatch(/undefined|`/);
    expect(stdout.split('\n').filter((line) => line.length > 110 && !line.includes('(default: '))).toEqual(
      [],
    );
  });
  test('of a command', async () => {
    expect(await cli(['rules', 'check', '--help'])).toMatchObject({ code: 0, stderr: '' });
  });
  test('the version is the one of package.json', async () => {
    expect(await cli(['--version'])).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
  });
});

describe('a wrong command line exits 64', () => {
  test.each([
    [['chekc'], "error: unknown command 'chekc'\n(Did you mean check?)\n"],
    [['--nope'], "error: unknown option '--nope'\n"],
    [['run', 'x'], "error: too many arguments for 'run'. Expected 0 arguments but got 1.\n"],
    [['rules', 'check'], "error: missing required argument 'file'\n"],
  ])('%j', async (args, stderr) => expect(await cli(args)).toEqual({ code: 64, stdout: '', stderr }));
});

describe('wrong settings exit 78 with one message', () => {
  test.each([[[]], [['run']], [['check']]])('%j', async (args) => {
    const { code, stdout, stderr } = await cli(args, {
      TETRASHIP_COMPRESION: 'zstd',
      PARSEABLE_URL: 'http://a:hunter2@b',
    });
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr.split('\n')).toEqual([
      'cannot start: 2 settings are wrong',
      expect.stringContaining('  PARSEABLE_URL="http://[hidden]@b": '),
      '  TETRASHIP_COMPRESION: no such setting; did you mean TETRASHIP_COMPRESSION?',
      'Nothing was read or sent. All settings: tetraship --help',
      '',
    ]);
  });
  test('with a stack only at level debug', async () => {
    const { stderr } = await cli(['check'], { TETRASHIP_LOG_LEVEL: 'debug' });
    expect(stderr).toMatch(/^cannot start: [\s\S]* at loadConfig /);
  });
  test('what stands in a value does not act on the terminal', async () => {
    const { stderr } = await cli(['check'], { ...GOOD, TETRASHIP_ARRAYS: '\u001b[2J\nx' });
    expect(stderr).toContain('TETRASHIP_ARRAYS="\\u001b[2J\\u000ax"');
  });
});

describe('check', () => {
  const rules = join(folder, 'rules.json');
  writeFileSync(
    rules,
    JSON.stringify({
      version: 'v1',
      alerts: [
        {
          name: 'wget',
          message: 'm',
          rule: { type: 'composite', config: 'process_exec_process_binary =% "b"' },
          targets: [{ type: 'webhook', endpoint: 'http://h/x' }],
        },
      ],
    }),
  );
  writeFileSync(join(folder, 'bad.json'), '{"version":"v1","alerts":[{"name":"\u001b[2J"}]}');

  const offline = (env: Record<string, string>) =>
    cli(['check', '--offline'], {
      ...GOOD,
      TETRASHIP_STATE_DIR: join(folder, 'state'),
      TETRAGON_LOG: rules,
      ...env,
    });

  test('of good settings and rules', async () => {
    const { code, stdout, stderr } = await offline({ TETRASHIP_RULES: rules, TETRASHIP_INCLUDE: 'a = 5' });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`ok   rules    1 rule in ${rules}\n`);
    expect(stdout).toMatch(/\n\d ok, \d to look at, 0 would fail\n$/);
  });
  test('of rules that are wrong', async () => {
    const { code, stdout } = await offline({ TETRASHIP_RULES: join(folder, 'bad.json') });
    expect(code).toBe(1);
    expect(stdout).toMatch(/\nfail rules {4}cannot use the rules: /);
    expect(stdout).not.toContain('\u001b');
  });
  test('of a filter that is no expression', async () => {
    const { code, stdout } = await offline({ TETRASHIP_EXCLUDE: 'a = 5 or' });
    expect(code).toBe(1);
    expect(stdout).toMatch(/\nfail filter {3}TETRASHIP_EXCLUDE is no expression: line 1, column \d+: /);
  });
  test('as JSON, also when the settings are wrong', async () => {
    const { code, stdout, stderr } = await cli(['check', '--json'], { PARSEABLE_URL: 'x' });
    expect([code, stderr]).toEqual([78, '']);
    expect(JSON.parse(stdout).findings).toEqual([
      expect.objectContaining({
        level: 'fail',
        subject: 'settings',
        text: expect.stringContaining('PARSEABLE_URL'),
      }),
    ]);
  });
  test('of files of rules', async () => {
    const { code, stdout, stderr } = await cli([
      'rules',
      'check',
      rules,
      join(folder, 'bad.json'),
      join(folder, 'none'),
    ]);
    expect([code, stderr]).toEqual([78, '2 of 3 rules files are wrong\n']);
    expect(stdout).toMatch(
      new RegExp(`^ok: ${rules}, 1 rule\nwrong: .*bad.json: [\\s\\S]*\nwrong: .*none: [\\s\\S]*\n$`),
    );
    expect(stdout).not.toContain('\u001b');
    expect(await cli(['rules', 'check', rules])).toEqual({
      code: 0,
      stdout: `ok: ${rules}, 1 rule\n`,
      stderr: '',
    });
  });
});

describe('a Node that is too old', () => {
  const SENTENCE = /^tetraship needs Node 24 or newer, and this is v[\d.]+\.\n$/;

  test('one sentence, exit code 1', async () => {
    const { code, stdout, stderr } = await start(MAIN, [], {}, ['--import', path('old-node.mjs')]).end;
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(SENTENCE)]);
  });

  const { PATH: searchPath = '' } = process.env;
  const old = searchPath
    .split(delimiter)
    .map((bin) => join(bin, 'node'))
    .filter((node) => existsSync(node))
    .find((node) => {
      const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout;
      return Number(/^v(\d+)\./.exec(version)?.[1] ?? 99) < 24;
    });
  test.skipIf(old === undefined)(
    `the same on a real one${old === undefined ? ' (skipped: none on PATH)' : ''}`,
    () => {
      copyFileSync(MAIN, join(folder, 'main.mjs')); // main.ts holds no types, so that this shows what dist/ does
      const { status, stderr } = spawnSync(old ?? '', [join(folder, 'main.mjs')], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([1, expect.stringMatching(SENTENCE)]);
    },
  );
});
