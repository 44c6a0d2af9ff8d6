import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { createProxy } from '../receiver/index.ts';
import { cli } from './in-process.ts';
import { composite, file, folder, hook, rulesFile } from './rules-files.ts';

const good = rulesFile('good.json', { rule: composite('process_exec_process_uid = 0'), message: '' });

describe('check', () => {
  test('good files', async () => {
    expect(await cli('rules', 'check', good, good)).toEqual({
      code: 0,
      stdout: `ok: ${good}, 1 rule\n`.repeat(2),
      stderr: '',
    });
  });

  test('a fault with a caret under its place; the other files are told of too', async () => {
    const bad = rulesFile('caret.json', { name: 'x', rule: composite('process_exec_process_uid = = 0') });
    const { code, stdout, stderr } = await cli('rules', 'check', bad, join(folder, 'none'), good);
    expect([code, stderr]).toEqual([78, '2 of 3 rules files are wrong\n']);
    expect(stdout.split('\n')).toEqual([
      `wrong: ${bad}: 1 fault`,
      `  ${bad}: alerts[0].rule.config: is not an expression (rule "x"): line 1, column 28: expected a number or a "quoted" string after "="`,
      '    process_exec_process_uid = = 0',
      '                               ^',
      `wrong: ${join(folder, 'none')}: 1 fault`,
      expect.stringMatching(/^ {2}cannot read the rules of .*none: ENOENT/),
      `ok: ${good}, 1 rule`,
      '',
    ]);
  });

  test('a placeholder where an endpoint should be: rule, target, and what it must look like', async () => {
    const target = { type: 'webhook', endpoint: 'webhook.site_custom_endpoint' };
    const bad = rulesFile('placeholder.json', {
      name: 'wget_command',
      rule: composite('process_exit_process_binary =% "/usr/bin/wget"'),
      targets: [target],
    });
    const { code, stdout } = await cli('rules', 'check', bad);
    expect(code).toBe(78);
    expect(stdout).toContain(
      'alerts[0].targets[0].endpoint: "webhook.site_custom_endpoint" is not a URL: an endpoint is an http:// or https:// address such as https://hooks.example.com/x (rule "wget_command", target 1)',
    );
  });

  test('what only the kernel can tell', async () => {
    const large = { column: 'process_exec_process_cwd', operator: '~', value: '(a|b)c.{900}d.{900}' };
    const bad = rulesFile('large.json', { name: 'big', rule: { type: 'column', config: large } });
    const { code, stdout } = await cli('rules', 'check', bad);
    expect(code).toBe(78);
    expect(stdout).toMatch(
      /^wrong: .*: 1 fault\n {2}cannot use rule "big": the regular expression .* takes more than/,
    );
  });

  const odd = rulesFile(
    'odd.json',
    {
      name: 'slip',
      rule: composite('process_exec_proces_binary = "x"'),
      message: '{process_binary} {any text}',
    },
    { name: 'type', rule: composite('process_exec_process_uid = "0"'), message: '' },
    {
      name: 'never',
      rule: composite('process_exec_process_uid > 5 and process_exec_process_uid < 5'),
      message: '',
    },
    { name: 'always', rule: composite('process_exec_process_cwd =% ""'), message: '', targets: [] },
    {
      name: 'group',
      rule: composite('node_name = "n"'),
      message: '{overflow}',
      tetraship: { groupBy: ['pod'] },
    },
  );
  const WARNINGS = [
    { text: expect.stringMatching(/^rule always has no targets: /) },
    {
      rule: 'slip',
      text: expect.stringMatching(/process_exec_proces_binary; did you mean process_exec_process_binary\?/),
    },
    { rule: 'slip', text: expect.stringMatching(/process_binary, which the message names; did you mean/) },
    { rule: 'type', text: expect.stringMatching(/never true: process_exec_process_uid holds numbers/) },
    {
      rule: 'never',
      text: expect.stringMatching(/^the rule can never be true: \(process_exec_process_uid > 5 and/),
    },
    { rule: 'always', text: 'the rule is true of every event that has process_exec_process_cwd' },
    { rule: 'group', text: 'no Tetragon event has the column pod, which "groupBy" names' },
  ];

  test('what is odd is a warning, and with --strict a fault', async () => {
    const { code, stdout, stderr } = await cli('rules', 'check', odd);
    expect([code, stderr]).toEqual([0, '']);
    const [head, ...lines] = stdout.trim().split('\n');
    expect(head).toBe(`ok: ${odd}, 5 rules`);
    expect(lines).toHaveLength(WARNINGS.length);
    expect(lines[1]).toBe(
      '  warning: rule "slip": no Tetragon event has the column process_exec_proces_binary; did you mean process_exec_process_binary?',
    );
    expect((await cli('rules', 'check', '--strict', odd)).code).toBe(1);
    expect((await cli('rules', 'check', '--strict', good)).code).toBe(0);
  });

  test('as JSON, one object a file, faults too', async () => {
    const { code, stdout } = await cli('rules', 'check', odd, file('none.json', '{'), '--json');
    expect(code).toBe(78);
    const reports: unknown[] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(reports).toEqual([
      { file: odd, rules: 5, faults: [], warnings: WARNINGS, unreachable: [], ok: true },
      expect.objectContaining({ rules: 0, faults: [expect.stringContaining('is not JSON')], ok: false }),
    ]);
  });

  test('added columns are columns', async () => {
    process.env['TETRASHIP_ADD_COLUMNS'] = 'cluster=a';
    const rules = rulesFile('added.json', { rule: composite('cluster = "a"'), message: '' });
    expect((await cli('rules', 'check', rules)).stdout).toBe(`ok: ${rules}, 1 rule\n`);
    delete process.env['TETRASHIP_ADD_COLUMNS'];
    expect((await cli('rules', 'check', rules)).stdout).toContain('no Tetragon event has the column cluster');
  });

  test('targets that cannot be reached, without a word to those that can', async () => {
    let said = 0;
    const server = createServer((socket) =>
      socket.on('data', (data) => {
        said += data.length;
      }),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const at = (endpoint: string) => ({ ...hook, endpoint });
    const rules = rulesFile(
      'reach.json',
      {
        name: 'a',
        rule: composite('node_name = "n"'),
        message: '',
        targets: [at(`http://127.0.0.1:${port}/x`)],
      },
      {
        name: 'b',
        rule: composite('node_name = "n"'),
        message: '',
        targets: [at('http://127.0.0.1:1/secret')],
      },
      {
        name: 'c',
        rule: composite('node_name = "n"'),
        message: '',
        targets: [at('http://127.0.0.1:1/secret')],
      },
      {
        name: 'd',
        rule: composite('node_name = "n"'),
        message: '',
        targets: [at('$' + '{env:NO_SUCH_VARIABLE}')],
      },
    );
    try {
      const { code, stdout } = await cli('rules', 'check', '--connect', rules);
      expect(code).toBe(1);
      expect(stdout.split('\n').slice(1)).toEqual([
        '  unreachable: 127.0.0.1:1 (rule "b", target 1 and 1 more): connect ECONNREFUSED 127.0.0.1:1',
        '  unreachable: the endpoint (rule "d", target 1): the variable NO_SUCH_VARIABLE is not set',
        '',
      ]);
      await using proxy = await createProxy();
      vi.stubEnv('HTTP_PROXY', proxy.url);
      expect((await cli('rules', 'check', '--connect', rules)).stdout).toContain(
        `127.0.0.1:1, through the proxy ${new URL(proxy.url).host} (rule "b", target 1 and 1 more): it answers 502`,
      );
      expect(proxy.asked.sort()).toEqual(['127.0.0.1:1', `127.0.0.1:${port}`]);
      vi.stubEnv('NO_PROXY', 'example.com,127.0.0.1');
      expect((await cli('rules', 'check', '--connect', rules)).stdout).toContain('ECONNREFUSED');
      vi.stubEnv('NO_PROXY', '');
      vi.stubEnv('HTTP_PROXY', 'http://user:secret@127.0.0.1:1');
      const { stdout: byProxy } = await cli('rules', 'check', '--connect', rules);
      expect(byProxy).toContain(
        `unreachable: 127.0.0.1:${port}, through the proxy 127.0.0.1:1 (rule "a", target 1)`,
      );
      expect(byProxy).not.toContain('secret@');
      expect(said).toBe(0);
    } finally {
      vi.unstubAllEnvs();
      server.close();
    }
  });
});

describe('explain', () => {
  test('in words', async () => {
    const rules = rulesFile(
      'explain.json',
      { name: 'x', rule: composite('process_exec_process_binary ~ "a" and ( b = 1 or !(b > 2) )') },
      {
        name: 'y',
        rule: { type: 'column', config: { column: 'process_exec_process_uid', value: 0, repeats: 3 } },
        tetraship: { severity: 'high', labels: { mitre: 'T1105' }, groupBy: ['node_name'], cooldown: '1m' },
      },
    );
    const { code, stdout } = await cli('rules', 'explain', rules);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'x',
      '  expression  (process_exec_process_binary ~ "a" and (b = 1 or !(b > 2)))',
      '  fires       on every match',
      '  columns     process_exec_process_binary (string), b (unknown)',
      expect.stringMatching(
        /^ {2}cost {8}automaton: .* \(\d states\); looked at only when one of its comparisons is true$/,
      ),
      '',
      'y',
      '  expression  process_exec_process_uid = 0',
      '  fires       on match 3 since the last resolve, for each node_name, at most once in 60 s; until an event has the column and does not match',
      '  columns     process_exec_process_uid (number)',
      expect.stringMatching(
        /^ {2}cost {8}look-up: .*; looked at on every event that has one of its columns$/,
      ),
      '  severity    high',
      '  mitre       T1105',
      '',
    ]);
    const json = await cli('rules', 'explain', rules, '--rule', 'y', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      rule: 'y',
      expression: 'process_exec_process_uid = 0',
      columns: [{ name: 'process_exec_process_uid', type: 'number' }],
      cost: { class: 'look-up', looked: 'always' },
    });
    const host = rulesFile('host.json', {
      rule: composite('process_exec_process_cwd ~ "a[^b]{300}(b|c[^d]{200}){3}wget"'),
    });
    expect((await cli('rules', 'explain', host)).stdout).toContain('  cost        host: ');
    expect(await cli('rules', 'explain', rules, '--rule', 'z')).toMatchObject({
      code: 78,
      stderr: `cannot explain: there is no rule "z" in ${rules}\n`,
    });
  });
});
