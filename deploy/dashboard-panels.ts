/** What the Grafana dashboard shows, row by row; dashboard.ts makes Grafana's JSON of it. */

export interface Query {
  readonly expr: string;
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly kind: 'stat' | 'timeseries';
  readonly queries: readonly Query[];
  /** A stat turns red above this. */
  readonly redAbove?: number;
}

/** Of the chosen nodes. */
const CHOSEN = 'instance=~"$instance"';
const NODE = '{{instance}}';

const rate = (metric: string, labels = ''): string => `rate(${metric}{${CHOSEN}${labels}}[$__rate_interval])`;
const sum = (metric: string, by = 'instance', labels = ''): string =>
  `sum by (${by}) (${rate(metric, labels)})`;
const level = (metric: string): string => `${metric}{${CHOSEN}}`;

const stat = (title: string, unit: string, expr: string, redAbove?: number): Panel => ({
  title,
  unit,
  kind: 'stat',
  queries: [{ expr, legend: '' }],
  ...(redAbove !== undefined && { redAbove }),
});
const lines = (title: string, unit: string, ...queries: [expr: string, legend: string][]): Panel => ({
  title,
  unit,
  kind: 'timeseries',
  queries: queries.map(([expr, legend]) => ({ expr, legend })),
});

const over1h = (metric: string): string => `sum(increase(${metric}{${CHOSEN}}[1h]))`;
const quantile = (q: number): string =>
  `histogram_quantile(${q}, sum by (le) (${rate('tetraship_request_duration_seconds_bucket')}))`;

/** Row by row. */
export const ROWS: readonly (readonly [title: string, panels: readonly Panel[]])[] = [
  [
    'Is it well?',
    [
      stat('Agents', 'none', `count(${level('tetraship_build_info')})`),
      stat('Events per second', 'short', `sum(${rate('tetraship_events_total')})`),
      stat('Longest lag', 's', `max(${level('tetraship_lag_seconds')})`, 60),
      stat(
        'Oldest acknowledgement',
        's',
        `max(time() - ${level('tetraship_last_ack_timestamp_seconds')})`,
        300,
      ),
      stat('Bytes lost, last hour', 'bytes', over1h('tetraship_lost_bytes_total'), 0),
      stat('Rows lost, last hour', 'short', over1h('tetraship_rows_lost_total'), 0),
      stat('Dead letters, last hour', 'short', over1h('tetraship_dead_letters_total'), 0),
      stat(
        'Alerts not delivered, last hour',
        'short',
        `sum(increase(tetraship_alert_notifications_total{${CHOSEN},result=~"failed|dropped"}[1h]))`,
        0,
      ),
    ],
  ],
  [
    'From the log to the server',
    [
      lines('Read', 'Bps', [sum('tetraship_read_bytes_total'), NODE]),
      lines('Events', 'short', [sum('tetraship_events_total'), NODE]),
      lines('Rows acknowledged', 'short', [sum('tetraship_rows_delivered_total'), NODE]),
      lines('Lag', 'bytes', [level('tetraship_lag_bytes'), NODE]),
      lines('Lag', 's', [level('tetraship_lag_seconds'), NODE]),
      lines(
        'Filtered, refused, overflowing',
        'short',
        [`sum(${rate('tetraship_filtered_events_total')})`, 'filtered'],
        [`sum by (reason) (${rate('tetraship_rejected_events_total')})`, 'no event: {{reason}}'],
        [`sum(${rate('tetraship_overflow_events_total')})`, 'more columns than the budget'],
      ),
    ],
  ],
  [
    'The server',
    [
      lines('Requests by answer', 'short', [
        `sum by (code) (${rate('tetraship_requests_total')})`,
        '{{code}}',
      ]),
      lines(
        'Time to the answer',
        's',
        [quantile(0.5), 'half'],
        [quantile(0.9), '90 %'],
        [quantile(0.99), '99 %'],
      ),
      lines('Sent again', 'short', [sum('tetraship_retries_total'), NODE]),
      lines('Sent, compressed', 'Bps', [sum('tetraship_wire_bytes_total'), NODE]),
      lines('Compression', 'short', [
        `sum(${rate('tetraship_delivered_bytes_total')}) / sum(${rate('tetraship_sent_bytes_total')})`,
        'ratio',
      ]),
      lines(
        'Columns',
        'short',
        [level('tetraship_columns'), NODE],
        [`min(${level('tetraship_columns_limit')})`, 'limit'],
      ),
    ],
  ],
  [
    'What waits',
    [
      lines(
        'Memory for batches',
        'bytes',
        [level('tetraship_outbox_bytes'), NODE],
        [`min(${level('tetraship_outbox_limit_bytes')})`, 'limit'],
      ),
      lines(
        'Spool on disk',
        'bytes',
        [level('tetraship_spool_bytes'), NODE],
        [`min(${level('tetraship_spool_limit_bytes')})`, 'limit'],
      ),
      lines('Dead letters on disk', 'bytes', [level('tetraship_dead_letter_bytes'), NODE]),
      lines('Dead letters by reason', 'short', [
        `sum by (reason) (increase(tetraship_dead_letters_total{${CHOSEN}}[$__rate_interval]))`,
        '{{reason}}',
      ]),
    ],
  ],
  [
    'The log',
    [
      lines('Rotations', 'short', [sum('tetraship_rotations_total'), NODE]),
      lines('Read errors', 'short', [
        sum('tetraship_read_errors_total', 'instance, code'),
        `${NODE} {{code}}`,
      ]),
      lines('Files held open', 'short', [level('tetraship_open_files'), NODE]),
      lines('Checkpoints that failed', 'short', [sum('tetraship_checkpoint_errors_total'), NODE]),
    ],
  ],
  [
    'Alerts',
    [
      lines('Matches by rule', 'short', [sum('tetraship_alerts_matched_total', 'rule'), '{{rule}}']),
      lines('Notifications by target and result', 'short', [
        sum('tetraship_alert_notifications_total', 'target, result'),
        '{{target}} {{result}}',
      ]),
      lines('Rules in force', 'short', [level('tetraship_rules'), NODE]),
      lines('Rules are those on disk', 'bool', [level('tetraship_rules_reload_success'), NODE]),
      lines('Targets that fail', 'short', [
        `sum by (target) (tetraship_alert_target_failing{${CHOSEN}})`,
        '{{target}}',
      ]),
      lines('Waiting for targets', 'bytes', [level('tetraship_alert_queue_bytes'), NODE]),
    ],
  ],
  [
    'The process',
    [
      lines('Resident memory', 'bytes', [level('process_resident_memory_bytes'), NODE]),
      lines('CPU', 'percentunit', [sum('process_cpu_seconds_total'), NODE]),
      lines('Starts', 'short', [`changes(process_start_time_seconds{${CHOSEN}}[$__rate_interval])`, NODE]),
    ],
  ],
];

/** Every expression in it. */
export const QUERIES: readonly Query[] = ROWS.flatMap(([, panels]) =>
  panels.flatMap(({ queries }) => queries),
);
