import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../agent/config.ts';
import { ALL_OPTIONS } from '../../agent/config-options.ts';

const BASE = { PARSEABLE_URL: 'http://parseable:8000' };

/** Per setting: texts that are accepted with the value they give, and texts that are refused. */
const CASES: Record<string, { field: string; good: [text: string, value: unknown][]; bad: string[] }> = {
  PARSEABLE_URL: {
    field: 'urls',
    good: [['http://a:1/, https://b/x/', ['http://a:1', 'https://b/x']]],
    bad: ['x', 'ftp://a', 'http://a,b', Array.from({ length: 17 }, (_, i) => `http://h${i}`).join()],
  },
  PARSEABLE_STREAM: {
    field: 'stream',
    good: [
      ['My-data_1.x', 'My-data_1.x'],
      ['x'.repeat(255), 'x'.repeat(255)],
    ],
    bad: ['a b', 'a/b', 'ä', 'x'.repeat(256), 'a\nb'],
  },
  PARSEABLE_SKIP_TLS_CHECK: {
    field: 'skipTlsCheck',
    good: [
      ['true', true],
      ['0', false],
    ],
    bad: ['maybe'],
  },
  PARSEABLE_TAGS: {
    field: 'tags',
    good: [
      [
        'env=prod,zone=a=b c',
        [
          ['env', 'prod'],
          ['zone', 'a=b c'],
        ],
      ],
      [`a=${'x'.repeat(100)}`, [['a', 'x'.repeat(100)]]],
    ],
    bad: [
      'env',
      'a b=c',
      'a=',
      'a=ä',
      `a=${'x'.repeat(101)}`,
      'stream=x',
      'Log-Source=json',
      'p_format=x',
      'a=1,a=2',
      Array.from({ length: 9 }, (_, i) => `t${i}=x`).join(),
    ],
  },
  TETRAGON_LOG: {
    field: 'logs',
    good: [
      ['/a/b.log, /c/*.log', ['/a/b.log', '/c/*.log']],
      ['-', ['-']],
    ],
    bad: [',', '-,/a.log'],
  },
  TETRASHIP_READ_FROM: {
    field: 'readFrom',
    good: [
      ['beginning', 'beginning'],
      ['end', 'end'],
    ],
    bad: ['start', 'END'],
  },
  TETRASHIP_MAX_LINE: {
    field: 'maxLineBytes',
    good: [
      ['1KiB', 1024],
      ['8MiB', 8 * 1024 ** 2],
    ],
    bad: ['1023', '8388609', '0'],
  },
  TETRASHIP_STATE_DIR: { field: 'stateDir', good: [['/x/y/', '/x/y']], bad: ['a\0b'] },
  TETRASHIP_NODE_NAME: {
    field: 'nodeName',
    good: [['node-1.example', 'node-1.example']],
    bad: ['a\nb', 'x'.repeat(254)],
  },
  TETRASHIP_DEADLETTER_BYTES: {
    field: 'deadLetterBytes',
    good: [
      ['1MiB', 1024 ** 2],
      ['64GiB', 64 * 1024 ** 3],
    ],
    bad: ['1023KiB', '65GiB'],
  },
  TETRASHIP_ADD_COLUMNS: {
    field: 'addColumns',
    good: [
      [
        'cluster=prod,region=',
        [
          ['cluster', 'prod'],
          ['region', ''],
        ],
      ],
      ['p_timestampx=1', [['p_timestampx', '1']]],
    ],
    bad: [
      'x',
      'p_timestamp=1',
      'p_user_agent=1',
      'p_src_ip=1',
      'p_format=1',
      `${'x'.repeat(257)}=1`,
      'a=1,a=2',
      `a=${'x'.repeat(1025)}`,
      Array.from({ length: 33 }, (_, i) => `c${i}=x`).join(),
    ],
  },
  TETRASHIP_ARRAYS: {
    field: 'arrays',
    good: [
      ['merge', 'merge'],
      ['json', 'json'],
    ],
    bad: ['rows'],
  },
  TETRASHIP_JSON_COLUMNS: {
    field: 'jsonColumns',
    good: [
      ['a,b c', ['a', 'b c']],
      ['none', []],
    ],
    bad: [',', 'x'.repeat(257), Array.from({ length: 257 }, (_, i) => `c${i}`).join()],
  },
  TETRASHIP_MAX_COLUMNS: {
    field: 'maxColumns',
    good: [
      ['1', 1],
      ['995', 995],
    ],
    bad: ['0', '996', '-1', '9e2'],
  },
  TETRASHIP_INCLUDE: { field: 'include', good: [['a = 5', 'a = 5']], bad: [] },
  TETRASHIP_EXCLUDE: { field: 'exclude', good: [[' a =% "x" ', 'a =% "x"']], bad: [] },
  TETRASHIP_DROP_COLUMNS: {
    field: 'dropColumns',
    good: [['a,b_*', ['a', 'b_*']]],
    bad: ['*', 'a*b', '**', 'a,*', Array.from({ length: 257 }, (_, i) => `c${i}`).join()],
  },
  TETRASHIP_REDACT_COLUMNS: { field: 'redactColumns', good: [['a,b_*', ['a', 'b_*']]], bad: ['*', '*a'] },
  TETRASHIP_BATCH_BYTES: {
    field: 'batchBytes',
    good: [
      ['4KiB', 4096],
      ['6MiB', 6 * 1024 ** 2],
    ],
    bad: ['4095', '6291457', '2MB'],
  },
  TETRASHIP_FLUSH_INTERVAL: {
    field: 'flushIntervalMs',
    good: [
      ['10ms', 10],
      ['1m', 60_000],
    ],
    bad: ['9ms', '61s', '1'],
  },
  TETRASHIP_COMPRESSION: {
    field: 'compression',
    good: [
      ['zstd', 'zstd'],
      ['gzip', 'gzip'],
      ['none', 'none'],
    ],
    bad: ['br', 'ZSTD'],
  },
  TETRASHIP_OUTBOX_BYTES: {
    field: 'outboxBytes',
    good: [
      ['2MiB', 2 * 1024 ** 2],
      ['1GiB', 1024 ** 3],
    ],
    bad: ['63KiB', '2GiB', '1MiB'],
  },
  TETRASHIP_WHEN_FULL: { field: 'whenFull', good: [['block', 'block']], bad: ['drop_oldest'] },
  TETRASHIP_CONCURRENCY: {
    field: 'concurrency',
    good: [
      ['1', 1],
      ['64', 64],
    ],
    bad: ['0', '65', 'many'],
  },
  TETRASHIP_REQUEST_TIMEOUT: {
    field: 'requestTimeoutMs',
    good: [
      ['100ms', 100],
      ['10m', 600_000],
    ],
    bad: ['99ms', '11m', '30'],
  },
  TETRASHIP_RETRY_MAX: {
    field: 'retryMaxMs',
    good: [
      ['100ms', 100],
      ['1h', 3_600_000],
    ],
    bad: ['99ms', '2h'],
  },
  TETRASHIP_RULES: { field: 'rules', good: [['/etc/rules', '/etc/rules']], bad: ['a\0b'] },
  TETRASHIP_LISTEN: {
    field: 'listen',
    good: [['[::1]:0', { host: '::1', port: 0 }]],
    bad: ['9880', 'x:65536'],
  },
  TETRASHIP_LOG_LEVEL: {
    field: 'logLevel',
    good: [
      ['debug', 'debug'],
      ['error', 'error'],
    ],
    bad: ['trace', 'INFO'],
  },
  TETRASHIP_LOG_FORMAT: {
    field: 'logFormat',
    good: [
      ['json', 'json'],
      ['text', 'text'],
    ],
    bad: ['xml'],
  },
  TETRASHIP_SHUTDOWN_GRACE: {
    field: 'shutdownGraceMs',
    good: [
      ['0s', 0],
      ['10m', 600_000],
    ],
    bad: ['11m', '0', '-1s'],
  },
  HTTPS_PROXY: {
    field: 'httpsProxy',
    good: [['http://u:p@proxy:1', 'http://u:p@proxy:1/']],
    bad: ['proxy', 'socks5://x'],
  },
  HTTP_PROXY: { field: 'httpProxy', good: [['http://proxy:1', 'http://proxy:1/']], bad: ['proxy'] },
  NO_PROXY: { field: 'noProxy', good: [['.svc,localhost', '.svc,localhost']], bad: [] },
};

/** Their text is anything, or a file: see load.test.ts. */
const ELSEWHERE = [
  'PARSEABLE_USERNAME',
  'PARSEABLE_PASSWORD',
  'PARSEABLE_API_KEY',
  'PARSEABLE_CA_FILE',
  'PARSEABLE_CERT_FILE',
  'PARSEABLE_KEY_FILE',
];

test('every setting that is not planned has its cases', () => {
  const names = ALL_OPTIONS.filter(({ planned }) => !planned).map(({ name }) => name);
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
