import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, test } from 'vitest';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const MAIN = path('../../agent/main.ts');
const FAKE = path('fake-agent.ts');
const GOOD = {
  PARSEABLE_URL: 'http://127.0.0.1:1',
  PARSEABLE_USERNAME: 'admin',
  PARSEABLE_PASSWORD: 'hunter2',
  TETRASHIP_LISTEN: '127.0.0.1:0',
};

const folder = mkdtempSync(join(tmpdir(), 'tetraship-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

const children: ChildProcessWithoutNullStreams[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly end: Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** Resolves with standard error so far once it holds the text. */
  saying(text: string): Promise<string>;
}

function start(file: string, args: string[], env: Record<string, string>, nodeArgs: string[] = []): Started {
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
    end: new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr }))),
    saying: (text) =>
      new Promise((resolve, reject) => {
        const look = () => stderr.includes(text) && resolve(stderr);
        waiting.push(look);
        child.on('close', () => reject(new Error(`ended without saying ${text}: ${stderr}`)));
        look();
      }),
  };
}

const cli = (args: string[], env: Record<string, string> = {}) => start(MAIN, args, env).end;
const messages = (stderr: string): string[] =>
  stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).message);

describe('help', () => {
  test('shows the commands that exist and every setting, and is no error', async () => {
    const { code, stdout, stderr } = await cli(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    for (const line of [
      'Usage: tetraship [options] [command]',
      '  run        run the agent (the default)',
      '  check      check the settings and the rules, and do nothing else',
      '  rules      work with files of alert rules',
      '  PARSEABLE_URL  (required)',
      '  PARSEABLE_PASSWORD  (secret)',
      '  TETRASHIP_BATCH_BYTES  (default: 2MiB)',
      '  TETRASHIP_NODE_NAME  (default: the host name)',
    ]) {
      expect(stdout.split('\n')).toContain(line);
    }
    expect(stdout).not.toMatch(/SPOOL|TAP_TOKEN|EVENT_ID|replay|doctor|undefined|`/);
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
          rule: { type: 'composite', config: 'a =% "b"' },
          targets: [{ type: 'webhook', endpoint: 'http://h/x' }],
        },
      ],
    }),
  );
  writeFileSync(join(folder, 'bad.json'), '{"version":"v1","alerts":[{"name":"\u001b[2J"}]}');

  test('of good settings and rules', async () => {
    const want = { code: 0, stdout: 'ok: the settings, and 1 rule\n', stderr: '' };
    expect(await cli(['check'], { ...GOOD, TETRASHIP_RULES: rules, TETRASHIP_INCLUDE: 'a = 5' })).toEqual(
      want,
    );
  });
  test('of rules that are wrong', async () => {
    const { code, stderr } = await cli(['check'], { ...GOOD, TETRASHIP_RULES: join(folder, 'bad.json') });
    expect(code).toBe(78);
    expect(stderr).toMatch(/^cannot use the rules: /);
  });
  test('of a filter that is no expression', async () => {
    const { code, stderr } = await cli(['check'], { ...GOOD, TETRASHIP_EXCLUDE: 'a = 5 or' });
    expect(code).toBe(78);
    expect(stderr).toMatch(/^cannot start: TETRASHIP_EXCLUDE is no expression: line 1, column \d+: /);
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

describe('run', () => {
  const run = (behaviour: string, env: Record<string, string> = {}) =>
    start(FAKE, [], { ...GOOD, ...env, FAKE: behaviour });

  test.each(['SIGTERM', 'SIGINT'] as const)('%s stops it in order, exit code 0', async (signal) => {
    const agent = run('runs', { TETRASHIP_NODE_NAME: 'node-1' });
    await agent.saying('started on node-1');
    agent.child.kill(signal);
    const { code, stdout, stderr } = await agent.end;
    expect([code, stdout]).toEqual([0, '']);
    expect(messages(stderr)).toEqual([
      'tetraship 0.1.0 starts',
      expect.stringMatching(/^listening on http:\/\/127\.0\.0\.1:\d+$/),
      'started on node-1',
      `${signal}: stopping`,
      'pipeline stops',
      'stopped',
    ]);
    expect(stderr).toContain('"PARSEABLE_PASSWORD":"[set]"');
    expect(stderr).not.toContain('hunter2');
  });
  test('serves metrics, health and readiness', async () => {
    const agent = run('runs');
    const url = /listening on (http[^"]+)/.exec(await agent.saying('started on'))?.[1];
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('\ntetraship_build_info{version="0.1.0",');
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });
  test('a second signal ends it at once', async () => {
    const agent = run('stop-hangs');
    await agent.saying('started on');
    agent.child.kill('SIGTERM');
    await agent.saying('pipeline stops');
    agent.child.kill('SIGTERM');
    const { code, stderr } = await agent.end;
    expect([code, messages(stderr).at(-1)]).toEqual([
      1,
      expect.stringContaining('SIGTERM again: exiting at once'),
    ]);
  });
  test('a stop that hangs ends after the grace, exit code 0', async () => {
    const agent = run('stop-hangs', { TETRASHIP_SHUTDOWN_GRACE: '0s' });
    await agent.saying('started on');
    agent.child.kill('SIGTERM');
    const { code, stderr } = await agent.end;
    expect([code, messages(stderr).slice(-2)]).toEqual([
      0,
      [expect.stringContaining('the grace for stopping is over'), 'stopped'],
    ]);
  });
  test('a stop that fails is said', async () => {
    const agent = run('stop-fails');
    await agent.saying('started on');
    agent.child.kill('SIGTERM');
    const { code, stderr } = await agent.end;
    expect([code, messages(stderr).at(-2)]).toEqual([
      0,
      expect.stringContaining('cannot stop in order: cannot write the checkpoint: disk on fire'),
    ]);
  });
  test('the end of the input is the end, exit code 0', async () => {
    const { code, stderr } = await run('ends').end;
    expect([code, messages(stderr).slice(-3)]).toEqual([
      0,
      ['end of input: stopping', 'pipeline stops', 'stopped'],
    ]);
  });
  test.each(['fails', 'start-fails'])(
    'a fault that ends the agent (%s) is one line without a stack, exit code 1',
    async (behaviour) => {
      const { code, stderr } = await run(behaviour).end;
      expect([code, messages(stderr).slice(-3)]).toEqual([
        1,
        ['cannot write the checkpoint: disk on fire', 'pipeline stops', 'stopped'],
      ]);
      expect(stderr).not.toContain(' at ');
    },
  );
  test('rules that are wrong exit 78 before anything listens', async () => {
    const { code, stderr } = await run('constructor-fails').end;
    expect([code, stderr.includes('listening')]).toEqual([78, false]);
    expect(stderr.split('\n').at(-2)).toBe('cannot use the rules: no');
  });
  test('an address in use exits 1', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const bound = other.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const { code, stderr } = await run('runs', { TETRASHIP_LISTEN: `127.0.0.1:${port}` }).end;
    expect([code, stderr.split('\n').at(-2)]).toEqual([
      1,
      expect.stringMatching(/^cannot listen on .*: the port is in use; /),
    ]);
    other.close();
  });
  test.each([
    [
      'unhandled',
      'a fault of tetraship, a rejected promise that nobody awaited: [hidden] \\u001b[2J; exiting',
    ],
    ['uncaught', 'a fault of tetraship, an uncaught exception: x is undefined; exiting'],
  ])('a bug (%s) is one clear line without a stack, exit code 1', async (behaviour, message) => {
    const { code, stdout, stderr } = await run(behaviour).end;
    const lines = stderr.trim().split('\n');
    expect([code, stdout]).toEqual([1, '']);
    expect(lines.at(-1)).toContain(message);
    expect(stderr).not.toContain(' at ');
    expect(stderr).not.toContain('hunter2');
  });
  test('a bug shows its stack at level debug', async () => {
    const { stderr } = await run('uncaught', { TETRASHIP_LOG_LEVEL: 'debug' }).end;
    expect(stderr).toContain('fake-agent.ts');
  });
  test('warnings of the settings are in the log', async () => {
    const { stderr } = await run('ends', { PARSEABLE_PASSWROD: 'x' }).end;
    expect(messages(stderr)).toContain('PARSEABLE_PASSWROD is not read; did you mean PARSEABLE_PASSWORD?');
  });
  test('a closed standard error does not stop it', async () => {
    const agent = run('runs');
    await agent.saying('started on');
    agent.child.stderr.destroy();
    agent.child.kill('SIGTERM');
    expect((await agent.end).code).toBe(0);
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
