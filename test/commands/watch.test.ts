/** `top` and `tap` against a real agent. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WatchedAgent } from '../e2e/watched-agent.ts';
import { MAIN, start } from './child.ts';

describe('a running agent', { timeout: 60_000 }, () => {
  let watched: WatchedAgent;
  let url: string;
  let sequence = 0;
  const event = (binary: string): string =>
    `${JSON.stringify({ process_exec: { process: { binary } }, cluster_name: `seq-${sequence++}` })}\n`;
  const write = (binary: string): void => watched.append(event(binary));
  const run = (args: string[], env: Record<string, string> = {}) =>
    start(MAIN, args, { TETRASHIP_LISTEN: url.slice('http://'.length), ...env });

  beforeAll(async () => {
    watched = await WatchedAgent.start({
      rule: { name: 'curl_command', binary: 'curl' },
      log: event('/usr/bin/true'),
      settings: { TETRASHIP_TAP_TOKEN: 'tap-token-of-the-test' },
    });
    url = await watched.url();
  }, 60_000);
  afterAll(async () => watched?.[Symbol.asyncDispose]());

  test('top --once is plain text of 80 columns', async () => {
    const { code, stdout, stderr } = await run(['top', '--once']).end;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('● well  All is well');
    expect(stdout).not.toMatch(/(?!\n)\p{Cc}/u);
    expect(Math.max(...stdout.split('\n').map((line) => [...line].length))).toBeLessThanOrEqual(80);
  });

  test('top --once --json is the status', async () => {
    const { code, stdout } = await run(['top', '--once', '--json', '--url', url]).end;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ format: 1, health: 'ok', totals: { rowsDelivered: 1 } });
    expect(stdout).not.toMatch(/tap-token|"admin"/);
  });

  test('top where nobody is says so', async () => {
    const { code, stderr } = await start(MAIN, ['top', '--once', '--url', '127.0.0.1:4'], {}).end;
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^cannot ask the agent at http:\/\/127\.0\.0\.1:4: .*ECONNREFUSED.*Is it running there\?/,
      ),
    ]);
  });

  test('top of something else says so', async () => {
    const { code, stderr } = await run(['top', '--once', '--url', watched.receiver.url]).end;
    expect([code, stderr]).toEqual([1, expect.stringContaining('is no agent that this version understands')]);
  });

  test('tap shows what passes and is wanted', async () => {
    const tapped = run(['tap', 'process_exec_process_binary =% "wget"', '--limit', '2']);
    const timer = setInterval(() => {
      write('/usr/bin/true');
      write('/usr/bin/wget');
    }, 100);
    const { code, stdout } = await tapped.end;
    clearInterval(timer);
    expect(code).toBe(0);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).process_exec_process_binary);
    expect(rows).toEqual(['/usr/bin/wget', '/usr/bin/wget']);
  });

  test('tap --alerts shows matches of rules', async () => {
    const tapped = run(['tap', '--alerts', '--limit', '1']);
    const timer = setInterval(() => write('/usr/bin/curl'), 100);
    const { code, stdout } = await tapped.end;
    clearInterval(timer);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      rule: 'curl_command',
      kind: 'match',
      row: { process_exec_process_binary: '/usr/bin/curl' },
    });
  });

  test('tap of what is no expression shows where', async () => {
    const { code, stderr } = await run(['tap', 'a = ']).end;
    expect(code).toBe(78);
    expect(stderr).toMatch(/^cannot tap: this is no expression: line 1, column \d+: .*\n.*\n +\^/);
  });

  test('the end of the agent ends the tap, with a sentence', async () => {
    const tapped = run(['tap']);
    const timer = setInterval(() => write('/usr/bin/true'), 100);
    await new Promise<void>((resolve) => tapped.child.stdout.once('data', () => resolve()));
    clearInterval(timer);
    expect(await watched.agent.stop()).toBe(0);
    const { code, stderr } = await tapped.end;
    expect([code, stderr]).toEqual([1, expect.stringContaining('has ended the connection')]);
  });
});
