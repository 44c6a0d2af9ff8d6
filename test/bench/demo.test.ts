import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const DEMO = fileURLToPath(new URL('../../bench/demo.ts', import.meta.url));
const FAKE_AGENT = fileURLToPath(new URL('./fake-agent.ts', import.meta.url));
/** Two cores shared by all of these at once. */
const PATIENCE_MS = 60_000;

interface Run {
  readonly code: number | null;
  readonly output: string;
  /** What it left in its temporary folder. */
  readonly left: readonly string[];
}

/** Runs the demo in a temporary folder of its own; `look` sees the output so far and may send signals. */
async function run(
  args: readonly string[],
  look: (output: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'tetraship-demo-test-'));
  try {
    const child = spawn(process.execPath, [DEMO, ...args], { env: { ...process.env, TMPDIR: folder } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        look(output, (signal) => child.kill(signal));
      });
    }
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, output, left: readdirSync(folder) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The agent and the receiver told their addresses: nobody answers there any more. */
async function expectNobodyLeft(output: string): Promise<void> {
  const urls = output.match(/http:\/\/127\.0\.0\.1:\d+/g) ?? [];
  expect(new Set(urls).size).toBeGreaterThanOrEqual(2);
  for (const url of urls) await expect(fetch(url), url).rejects.toThrow();
}

describe.concurrent('the demo', () => {
  test.each<[fault: string, code: number, words: RegExp]>([
    ['none', 0, /lost +0\n.*Every event arrived, and every alert came\./s],
    ['lose', 1, /failed: [\d,]+ events never arrived/],
    ['mute', 1, /failed: the alert wget_command never came/],
    ['crooked', 1, /failed: the agent ended with 3/],
    ['die', 1, /failed: the agent ended with 4/],
    ['nest', 1, /failed: the receiver objected/],
  ])(
    'with an agent whose fault is: %s',
    async (fault, code, words) => {
      const result = await run(['--seconds', '1', '--rate', '500', '--agent', FAKE_AGENT, '--', fault]);
      expect(result.output).toMatch(words);
      expect(result.code).toBe(code);
      expect(result.left).toEqual([]);
      await expectNobodyLeft(result.output);
    },
    PATIENCE_MS,
  );

  test(
    'an agent that does not start',
    async () => {
      const result = await run(['--seconds', '1', '--agent', FAKE_AGENT, '--', 'deaf']);
      expect(result).toMatchObject({ code: 1, left: [] });
      expect(result.output).toMatch(/cannot start the agent: .*ended at once \(5\)/s);
    },
    PATIENCE_MS,
  );

  test(
    'a first Ctrl-C finishes in order',
    async () => {
      let sent = false;
      const result = await run(['--rate', '500', '--agent', FAKE_AGENT], (output, kill) => {
        if (sent || !output.includes('alerts 2')) return;
        sent = true;
        kill('SIGINT');
      });
      expect(result).toMatchObject({ code: 0, left: [] });
      expect(result.output).toMatch(/Every event arrived/);
      await expectNobodyLeft(result.output);
    },
    PATIENCE_MS,
  );

  test(
    'a second one ends it at once',
    async () => {
      let sent = false;
      const result = await run(
        ['--rate', '500', '--agent', FAKE_AGENT, '--', 'stubborn', 'mute'],
        (output, kill) => {
          if (sent || !output.includes('written')) return;
          sent = true;
          kill('SIGINT');
          setTimeout(() => kill('SIGTERM'), 500);
        },
      );
      expect(result).toMatchObject({ code: 130, left: [] });
      await expectNobodyLeft(result.output);
    },
    PATIENCE_MS,
  );

  test(
    'help and a wrong option start nothing',
    async () => {
      expect(await run(['--help'])).toMatchObject({
        code: 0,
        output: expect.stringContaining('--seconds N'),
      });
      expect(await run(['--nonsense'])).toMatchObject({ code: 1, output: expect.stringContaining('--help') });
    },
    PATIENCE_MS,
  );
});
