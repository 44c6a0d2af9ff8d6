import { describe, expect, test } from 'vitest';
import { ALL_OPTIONS } from '../../agent/config/options.ts';
import { loadConfig } from '../../agent/config.ts';
import { CASES } from './option-cases.ts';

const BASE = { PARSEABLE_URL: 'http://parseable:8000' };

/** Their text is anything, or a file: see load.test.ts. */
const ELSEWHERE = [
  'PARSEABLE_USERNAME',
  'PARSEABLE_PASSWORD',
  'PARSEABLE_API_KEY',
  'PARSEABLE_CA_FILE',
  'PARSEABLE_CERT_FILE',
  'PARSEABLE_KEY_FILE',
  'TETRASHIP_TAP_TOKEN',
];

test('every setting has its cases', () => {
  const names = ALL_OPTIONS.map(({ name }) => name);
  expect([...Object.keys(CASES), ...ELSEWHERE].sort()).toEqual(names.sort());
});

describe.each(Object.entries(CASES))('%s', (name, { field, good, bad }) => {
  test.each(good)('%j is accepted', (text, value) => {
    expect(Reflect.get(loadConfig({ ...BASE, [name]: text }), field)).toEqual(value);
  });
  test.each(bad.map((text) => [text]))('%j is refused, by name, with what is accepted', (text) => {
    const attempt = () => loadConfig({ ...BASE, [name]: text });
    expect(attempt).toThrow(expect.objectContaining({ code: 'CONFIG', exitCode: 78 }));
    expect(attempt).toThrow(name);
    expect(attempt).not.toThrow('undefined');
  });
});

test('defaults', () => {
  expect(loadConfig({ ...BASE, TETRASHIP_NODE_NAME: 'n' })).toMatchObject({
    urls: ['http://parseable:8000'],
    stream: 'tetragon',
    username: undefined,
    password: undefined,
    apiKey: undefined,
    caFile: undefined,
    skipTlsCheck: false,
    tags: [],
    logs: [
      '/var/run/cilium/tetragon/tetragon.log',
      '/var/log/tetragon/tetragon.log',
      '/var/run/cilium/tetragon.log',
    ],
    readFrom: 'beginning',
    maxLineBytes: 1024 ** 2,
    stateDir: '/var/lib/tetraship',
    deadLetterBytes: 64 * 1024 ** 2,
    addColumns: [],
    arrays: 'merge',
    jsonColumns: [
      'pod_labels',
      'pod_annotations',
      'node_labels',
      'ancestors',
      'kernel_stack_trace',
      'user_stack_trace',
      'environment_variables',
    ],
    maxColumns: 900,
    include: undefined,
    dropColumns: [],
    batchBytes: 2 * 1024 ** 2,
    flushIntervalMs: 1000,
    compression: 'zstd',
    outboxBytes: 8 * 1024 ** 2,
    whenFull: 'block',
    concurrency: 4,
    requestTimeoutMs: 30_000,
    retryMaxMs: 30_000,
    rules: undefined,
    listen: { host: '0.0.0.0', port: 9880 },
    logLevel: 'info',
    logFormat: 'json',
    shutdownGraceMs: 20_000,
  });
  expect(loadConfig(BASE).nodeName).not.toBe('');
});

test('every default and every example is accepted by its own setting', () => {
  for (const { name, kind, fallback, secret } of ALL_OPTIONS) {
    if (typeof fallback === 'string') expect(() => kind.parse(fallback), name).not.toThrow();
    if (!secret && !name.endsWith('_FILE')) expect(() => kind.parse(kind.example), name).not.toThrow();
  }
});

test('an empty or blank variable counts as not set', () => {
  for (const name of Object.keys(CASES)) {
    if (name === 'PARSEABLE_URL') continue;
    expect(() => loadConfig({ ...BASE, [name]: '' }), name).not.toThrow();
    expect(() => loadConfig({ ...BASE, [name]: ' ' }), name).not.toThrow();
  }
  expect(() => loadConfig({ PARSEABLE_URL: ' ' })).toThrow('PARSEABLE_URL: required');
});
