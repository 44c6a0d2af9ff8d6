import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { asEnvironment, asValues } from '../../agent/commands/import-print.ts';
import { importVector } from '../../agent/commands/import-vector.ts';
import { loadConfig } from '../../agent/config.ts';
import { folder, MAIN, start } from './child.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`vector/${name}`, import.meta.url));
const cli = (...args: string[]) => start(MAIN, ['import', 'vector', ...args], {}).end;
const schema = JSON.parse(
  readFileSync(new URL('../../deploy/helm/tetraship/values.schema.json', import.meta.url), 'utf8'),
);
/** Whether our chart would take the values. */
const problemsOf = (values: unknown) => {
  const ajv = new Ajv({ strict: false });
  return ajv.validate(schema, values) ? [] : ajv.errors;
};

/** The comments of an output, as notes. */
const notesOf = (text: string) =>
  text.split('\n').flatMap((line) => (line.startsWith('# - ') ? [line.slice(4)] : []));

describe('Helm values of Vector', async () => {
  const { code, stdout, stderr } = await cli(fixture('values.yaml'));

  test('become values of our chart, which takes them', () => {
    expect([code, stderr]).toEqual([0, '']);
    expect(parse(stdout)).toEqual({
      parseable: {
        urls: ['http://parseable.parseable:8000'],
        stream: 'tetrademo',
        tags: { team: 'security' },
        tls: { skipCheck: true },
      },
      tetragon: {
        folders: ['/var/run/cilium/tetragon'],
        logs: ['/var/run/cilium/tetragon/tetragon.log'],
      },
      nodeColumn: 'node',
      addColumns: { cluster: 'production' },
      settings: {
        TETRASHIP_READ_FROM: 'beginning',
        TETRASHIP_MAX_LINE: '100KiB',
        TETRASHIP_DROP_COLUMNS: 'process_exec_process_cap,process_exec_process_cap_*',
        TETRASHIP_BATCH_BYTES: '6MiB',
        TETRASHIP_FLUSH_INTERVAL: '10s',
        TETRASHIP_SPOOL_BYTES: '256MiB',
        TETRASHIP_WHEN_FULL: 'drop_oldest',
        TETRASHIP_REQUEST_TIMEOUT: '1m',
        TETRASHIP_CONCURRENCY: '8',
      },
    });
    expect(problemsOf(parse(stdout))).toEqual([]);
  });

  test('what has no counterpart is told by its path, each once', () => {
    const told = notesOf(stdout).map((note) => note.split(': ')[0]?.replace('customConfig.', ''));
    expect(told).toEqual([
      'sources.tetragon_logs.include',
      'sources.tetragon_logs.exclude',
      'sources.internal',
      'transforms.flat.source',
      'transforms.only.condition',
      'sinks.parseable.request.headers.X-Custom',
      'sinks.parseable.batch.max_bytes',
      'sinks.parseable.batch.max_events',
      'sinks.parseable.compression',
      'sinks.parseable.buffer.when_full',
      'sinks.parseable.request.retry_attempts',
      'sinks.out',
      'data_dir',
      'tolerations',
      'podPriorityClassName',
      'env',
      'sinks.parseable.unknown_thing',
    ]);
    expect(stdout).toContain('`.severity = upcase("x")` has no counterpart');
  });

  test('the password is not printed, but where it stands', () => {
    expect(stdout).not.toContain('hunter2');
    expect(stdout).toContain('the text at customConfig.sinks.parseable.auth.password');
  });
});

describe('a configuration in TOML', async () => {
  const { code, stdout, stderr } = await cli(fixture('plain.toml'));
  const variables = Object.fromEntries(
    stdout
      .split('\n')
      .filter((line) => /^[A-Z]/.test(line))
      .map((line) => [
        line.slice(0, line.indexOf('=')),
        line.slice(line.indexOf('=') + 1).replaceAll("'", ''),
      ]),
  );

  test('becomes environment variables that the agent takes', () => {
    expect([code, stderr]).toEqual([0, '']);
    expect(variables).toEqual({
      TETRAGON_LOG: '/var/log/tetragon/tetragon.log',
      TETRASHIP_READ_FROM: 'end',
      PARSEABLE_URL: 'https://parseable.example.org/base',
      PARSEABLE_STREAM: 'events',
      PARSEABLE_CA_FILE: '/etc/ssl/parseable.pem',
      TETRASHIP_FLUSH_INTERVAL: '500ms',
      TETRASHIP_WHEN_FULL: 'block',
      TETRASHIP_DROP_COLUMNS: 'process_exec_process_cwd',
      HTTPS_PROXY: 'http://proxy:3128',
    });
    const { PARSEABLE_CA_FILE, ...others } = variables;
    const secrets = { PARSEABLE_USERNAME: 'a', PARSEABLE_PASSWORD: 'b' };
    expect(loadConfig({ ...others, ...secrets })).toMatchObject({ stream: 'events' });
    expect(PARSEABLE_CA_FILE).toBe('/etc/ssl/parseable.pem');
  });

  test('names that will be joined otherwise, and variables of the old environment, are told', () => {
    const notes = notesOf(stdout).join('\n');
    expect(notes).toContain('joins names with another separator');
    expect(notes).toContain('is taken from the environment ($');
    expect(stdout).toContain('PARSEABLE_PASSWORD_FILE= a file that holds it');
  });

  test('or values, when asked for', async () => {
    const helm = await cli('--format', 'helm', fixture('plain.toml'));
    expect(problemsOf(parse(helm.stdout))).toEqual([]);
    expect(parse(helm.stdout)).toMatchObject({ parseable: { tls: { caSecretName: 'parseable-ca' } } });
  });
});

describe('a transform of VRL', () => {
  const importLines = (source: string) =>
    importVector({
      transforms: { t: { type: 'remap', source } },
      sinks: { s: { type: 'http', uri: 'http://p:8000/api/v1/ingest' } },
    }).result;

  test.each([
    '. = flatten(parse_json!(.message), "_")',
    '. = parse_json!(.message)',
    '. = flatten!(., separator: "_")',
    'event, err = parse_json(.message)',
    '. = merge(., parsed)',
    '. |= object!(parse_json!(string!(.message)))',
    'del(.source_type)',
    '# words',
  ])('%s needs nothing of us', (line) => {
    const result = importLines(line);
    expect(result.notes).toEqual([]);
    expect([...result.settings.keys()]).toEqual(['PARSEABLE_URL']);
  });

  test.each([
    ['.cluster = "a, b"', 'has no counterpart'],
    ['.x = redact!(.x, ["us_ssn"])', 'TETRASHIP_REDACT_COLUMNS=x'],
    ['if .level == "debug" { abort }', 'drops events'],
    ['.y = encrypt!(.y, "AES-256-CFB", key: "k", iv: "i")', 'has no counterpart'],
  ])('%s is told', (line, words) => {
    expect(importLines(line).notes.join('\n')).toContain(words);
  });
});

describe('bad input', () => {
  test.each([
    ['text.yaml', 'just words', 'it is no map'],
    ['broken.json', '{"sinks": ', 'cannot read'],
    ['broken.toml', 'a = = 1', 'cannot read'],
    [
      'bomb.yaml',
      `a: &a [x, x]\n${Array.from({ length: 30 }, (_, i) => `${'b'.repeat(i + 1)}: &b${i} [${i === 0 ? '*a, *a' : `*b${i - 1}, *b${i - 1}`}]`).join('\n')}`,
      'cannot read',
    ],
    ['deep.yaml', `${'['.repeat(20_000)}`, 'cannot read'],
    ['large.yaml', `a: ${'x'.repeat(1024 * 1024)}`, 'so it is no configuration'],
    ['other.yaml', 'services: {web: {image: nginx}}', 'nothing in it ships to Parseable'],
  ])('%s', async (name, text, words) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    const { code, stdout, stderr } = await cli(file);
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toContain(words);
    expect(stderr.split('\n').length).toBeLessThan(12);
  });

  test('a file that is not there', async () => {
    expect(await cli('/nowhere/vector.yaml')).toMatchObject({ code: 78, stdout: '' });
  });

  test('text of the file cannot leave its comment, nor act on a terminal or in a shell', async () => {
    const evil = "x\nPARSEABLE_URL=http://evil\u001b[2J'; rm -rf $HOME";
    const { result } = importVector({
      [evil]: 1,
      transforms: { [evil]: { type: evil } },
      sinks: {
        s: {
          type: 'http',
          uri: 'http://p:8000/api/v1/ingest',
          auth: { strategy: 'basic', user: "o'hara; id" },
        },
        [evil]: { type: evil, [evil]: evil },
      },
    });
    const plain = evil.replaceAll('$', '');
    const second = importVector({
      sinks: {
        s: { type: 'http', uri: plain, auth: { strategy: 'basic', user: plain }, batch: { [evil]: evil } },
      },
    }).result;
    for (const text of [
      asEnvironment(second),
      await asValues(second),
      asEnvironment(result),
      await asValues(result),
    ]) {
      const lines = text.split('\n').filter((line) => line.includes('evil'));
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.filter((line) => !line.startsWith('# '))).toEqual([]);
    }
    expect(asEnvironment(result)).toContain(`PARSEABLE_USERNAME='o'\\''hara; id'`);
  });
});
