/** `tetraship replay --dead-letters`: what could not be sent is sent again, and what fails again stays. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { lockStateFolder } from '../../agent/intake/lock.ts';
import { AgentProcess, Workplace } from '../e2e/agent.ts';
import { createReceiver, type Receiver } from '../receiver/index.ts';

interface Letter {
  reason: string;
  status?: number | null;
  message?: string;
  line?: string;
  line_base64?: string;
  row?: string;
  length?: number;
}

function stored({ reason, ...more }: Letter, offset: number): string {
  const head = { time: '2026-01-02T03:04:05.678Z', reason, node: 'node-9', file: '/log/t.log', offset };
  return `${JSON.stringify({ ...head, length: 20, status: null, message: 'before', ...more })}\n`;
}

/** A state folder with these letters, one file per list. */
function place(...files: readonly (readonly (Letter | string)[])[]): Workplace {
  const workplace = new Workplace();
  mkdirSync(folderOf(workplace), { recursive: true });
  files.forEach((letters, i) => {
    const text = letters.map((letter, at) => (typeof letter === 'string' ? letter : stored(letter, at)));
    writeFileSync(`${folderOf(workplace)}/${i}.ndjson`, text.join(''));
  });
  return workplace;
}

const folderOf = (workplace: Workplace): string => workplace.join('state', 'deadletters');

function left(workplace: Workplace): Record<string, unknown>[] {
  return readdirSync(folderOf(workplace)).flatMap((name) =>
    readFileSync(`${folderOf(workplace)}/${name}`, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (line.endsWith('}') ? JSON.parse(line) : { torn: line })),
  );
}

function replay(workplace: Workplace, server: Receiver, more: Record<string, string> = {}): AgentProcess {
  const settings = { PARSEABLE_URL: server.url, TETRASHIP_RETRY_MAX: '100ms', ...more };
  return new AgentProcess(workplace, settings, ['replay', '--dead-letters', '--json']);
}

/** The result, and the exit code. */
async function done(agent: AgentProcess): Promise<Record<string, unknown>> {
  const code = await agent.exited;
  const text = agent.log.findLast((line) => line.startsWith('{')) ?? '{}';
  return { ...JSON.parse(text), code };
}

const refusesBad = (rows: readonly Readonly<Record<string, unknown>>[]) =>
  rows.some((row) => Object.hasOwn(row, 'bad')) ? { status: 400, body: 'still no' } : undefined;

test('rows go as they were sent, lines through the kernel, and what fails again stays until it is mended', async () => {
  await using server = await createReceiver({ faultRows: refusesBad, keepBodies: true });
  const cut = { reason: 'too_long', line: '{"process_exit":{}} ', length: 3_000_000 };
  const broken = { reason: 'invalid_json', line: '{"torn":' };
  const odd = { reason: 'refused', row: '[]', status: 400 };
  using workplace = place(
    [
      { reason: 'refused', row: '{"cluster_name":"seq-0","n":1.0,"s":"\\u00e9"}', status: 500 },
      { reason: 'refused', row: '{"cluster_name":"seq-1","bad":1}', line: '{"bad":1}', status: 400 },
      broken,
      { reason: 'too_deep', line: '{"process_exit":{"process":{"binary":"/bin/a"}},"cluster_name":"seq-2"}' },
    ],
    [{ reason: 'refused', row: '{"cluster_name":"seq-3"}' }],
    [cut, odd, { reason: 'invalid_utf8', line_base64: '/w==' }, '{"time":"20'],
  );
  const first = await done(replay(workplace, server));
  expect(first).toMatchObject({
    ...{
      code: 65,
      files: 3,
      letters: 8,
      sent: 3,
      refused: 1,
      rejected: 4,
      unreadable: 1,
      unsent: 0,
      end: '',
    },
  });
  expect(server.keys.missing(0, 4, 5)).toEqual([1]);
  const text = Buffer.concat([...server.bodies]).toString();
  expect(text).toContain('{"cluster_name":"seq-0","n":1.0,"s":"\\u00e9"}');
  expect(server.rows.find((row) => row['cluster_name'] === 'seq-2')).toMatchObject({
    process_exit_process_binary: '/bin/a',
  });
  expect(server.crashes).toBe(0);
  // In the order in which they were, at their old places.
  expect(readdirSync(folderOf(workplace))).toEqual(['0.ndjson', '2.ndjson']);
  expect(left(workplace)).toMatchObject([
    {
      ...{ reason: 'refused', status: 400, message: 'still no', node: 'node-9', file: '/log/t.log' },
      ...{ offset: 1, length: 20, row: '{"cluster_name":"seq-1","bad":1}', line: '{"bad":1}' },
    },
    { ...broken, message: 'before', time: '2026-01-02T03:04:05.678Z' },
    ...[cut, odd, { line_base64: '/w==' }, { torn: '{"time":"20' }],
  ]);

  server.faultRows = undefined;
  expect(await done(replay(workplace, server))).toMatchObject({ code: 65, sent: 1, refused: 0, rejected: 4 });
  expect(server.keys.missing(0, 4, 5)).toEqual([]);
  expect(left(workplace)).toHaveLength(5);
}, 30_000);

test('with nothing left it says so and ends with 0', async () => {
  await using server = await createReceiver({});
  using workplace = place([{ reason: 'refused', row: '{"a":1}' }]);
  expect(await done(replay(workplace, server))).toMatchObject({ code: 0, letters: 1, sent: 1 });
  expect(readdirSync(folderOf(workplace))).toEqual([]);
  const settings = { PARSEABLE_URL: server.url };
  await using again = new AgentProcess(workplace, settings, ['replay', '--dead-letters']);
  expect(await again.exited).toBe(0);
  expect(again.text).toContain('no dead letters in');
}, 30_000);

test('many letters go in batches, and each poison one stays', async () => {
  await using server = await createReceiver({ faultRows: refusesBad });
  const letters = Array.from({ length: 3000 }, (_, i) => ({
    ...{
      reason: 'refused',
      row: `{"cluster_name":"seq-${i}","pad":"${'x'.repeat(300)}"${i % 1000 === 7 ? ',"bad":1' : ''}}`,
    },
  }));
  using workplace = place(letters);
  const result = await done(replay(workplace, server, { TETRASHIP_BATCH_BYTES: '64KiB' }));
  expect(result).toMatchObject({ code: 65, sent: 2997, refused: 3 });
  expect(server.keys.unique).toBe(2997);
  expect(server.duplicates).toBe(0);
  expect(left(workplace).map(({ offset }) => offset)).toEqual([7, 1007, 2007]);
}, 30_000);

test('while the agent runs nothing is sent, and the message says who holds the folder and what to do', async () => {
  await using server = await createReceiver({});
  using workplace = place([{ reason: 'refused', row: '{"a":1}' }]);
  const lock = lockStateFolder(workplace.join('state'));
  await using agent = replay(workplace, server);
  expect(await agent.exited).toBe(1);
  lock.release();
  expect(agent.text).toMatch(new RegExp(`process ${process.pid} on .*Stop it, replay, and start it again`));
  expect(server.requests).toBe(0);
  expect(left(workplace)).toHaveLength(1);
}, 30_000);

test('a server that is away, refuses the credentials, or hangs until a signal: every letter stays as it is', async () => {
  await using server = await createReceiver({ password: 'other' });
  using workplace = place([{ reason: 'refused', row: '{"cluster_name":"seq-0"}' }]);
  const before = readFileSync(`${folderOf(workplace)}/0.ndjson`);
  const stays = () => expect(readFileSync(`${folderOf(workplace)}/0.ndjson`)).toEqual(before);
  expect(await done(replay(workplace, server))).toMatchObject({
    code: 1,
    end: expect.stringContaining('credentials'),
  });
  stays();
  await server.stop();
  expect(await done(replay(workplace, server))).toMatchObject({
    code: 1,
    end: expect.stringContaining('does not answer'),
  });
  stays();

  await using slow = await createReceiver({ fault: ({ index }) => (index >= 0 ? 'hang' : undefined) });
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await using agent = replay(workplace, slow);
    const requests = slow.requests;
    await slow.waitFor(() => slow.requests > requests, 15_000);
    agent.child.kill(signal);
    if (signal === 'SIGTERM')
      expect(await done(agent)).toMatchObject({ code: 1, end: 'interrupted', unsent: 1 });
    else await agent.exited;
    stays();
  }
  slow.fault = undefined;
  expect(await done(replay(workplace, slow))).toMatchObject({ code: 0, sent: 1 });
}, 60_000);

test('without saying what to replay it is a wrong command line', async () => {
  await using server = await createReceiver({});
  using workplace = new Workplace();
  const run = async (...args: string[]) => {
    await using agent = new AgentProcess(workplace, { PARSEABLE_URL: server.url }, ['replay', ...args]);
    return { code: await agent.exited, text: agent.text };
  };
  expect(await run()).toMatchObject({ code: 64, text: expect.stringContaining('--dead-letters') });
  expect(await run('--dead-letters')).toMatchObject({
    code: 1,
    text: expect.stringContaining('there is no state folder'),
  });
}, 30_000);
