/** Per setting: texts that are accepted with the value they give, and texts that are refused. */
export const CASES: Record<string, { field: string; good: [text: string, value: unknown][]; bad: string[] }> =
  {
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
    TETRASHIP_EVENT_ID_COLUMN: {
      field: 'eventIdColumn',
      good: [['event_id', 'event_id']],
      bad: ['a\nb', 'p_timestamp', 'x'.repeat(257)],
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
    TETRASHIP_WHEN_FULL: {
      field: 'whenFull',
      good: [
        ['block', 'block'],
        ['drop_oldest', 'drop_oldest'],
      ],
      bad: ['drop_newest'],
    },
    TETRASHIP_SPOOL_BYTES: { field: 'spoolBytes', good: [['16MiB', 16 * 1024 ** 2]], bad: ['15MiB', '0'] },
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
    TETRASHIP_RULES: {
      field: 'rules',
      good: [
        ['/etc/rules', ['/etc/rules']],
        ['/etc/rules, /etc/more.json', ['/etc/rules', '/etc/more.json']],
      ],
      bad: ['a\0b', ','],
    },
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
