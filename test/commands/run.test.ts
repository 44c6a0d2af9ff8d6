import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { FAKE, GOOD, start } from './child.ts';

const messages = (stderr: string): string[] =>
  stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).message);

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
