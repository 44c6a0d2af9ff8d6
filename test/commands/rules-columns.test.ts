import { expect, test } from 'vitest';
import { cli } from './in-process.ts';
import { execs, file } from './rules-files.ts';

const log = file(
  'columns.log',
  execs(
    { pid: 1, binary: '/a' },
    { pid: '2', binary: `/b\u001b[2J${'x'.repeat(100)}`, ok: true },
    { none: null },
  ),
);

test('name, type, count and examples of each column', async () => {
  const { code, stdout, stderr } = await cli('rules', 'columns', log);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.split('\n').map((line) => line.trimEnd())).toEqual([
    'column                       type           events  examples',
    'node_name                    string              3  n',
    `process_exec_process_binary  string              2  /a, /b\\u001b[2J${'x'.repeat(53)}…`,
    'process_exec_process_none    null                0',
    'process_exec_process_ok      boolean             1  true',
    'process_exec_process_pid     number|string       2  1, 2',
    'time                         string              3  2026-01-02T03:04:05.000Z, 2026-01-02T03:04:06.000Z, 2026-01-02T03:04:07.000Z',
    '',
  ]);
});

test('as JSON, one object a line', async () => {
  const { stdout } = await cli('rules', 'columns', log, log, '--json');
  const columns: unknown[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(columns[0]).toEqual({ name: 'node_name', type: 'string', count: 6, examples: ['n'] });
});

test('more columns than a dataset may have, and names that mean something to JavaScript', async () => {
  const many = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`c${index}`, index]));
  const line = `${JSON.stringify({ ...many })}\n{"__proto__":{"x":1},"constructor":2}\n`;
  const { stdout } = await cli('rules', 'columns', file('many.log', line), '--json');
  const names = stdout
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text).name);
  expect(names).toHaveLength(3002);
  expect(names).toEqual(expect.arrayContaining(['c2999', '__proto___x', 'constructor']));
});
