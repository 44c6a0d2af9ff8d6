/** What the table of metrics is made of. */

export type MetricType = 'counter' | 'gauge' | 'histogram';

/** Label value, or values when the metric has several labels, and the number. A Map is one. */
export type Samples = Iterable<readonly [label: string | readonly string[], value: number]>;

export interface HistogramReading {
  /** Upper bounds in seconds, ascending, without infinity. */
  readonly bounds: ArrayLike<number>;
  /** Observations per bucket, not cumulated; one more than bounds, the last one for what is above them. */
  readonly counts: ArrayLike<number>;
  /** Seconds. */
  readonly sum: number;
}

/** NaN leaves a gauge out: not known yet. */
export type Reading = number | Samples | HistogramReading;

/** What the stages count, each read at scrape. Sizes are bytes, times seconds. */
export interface MetricSources {
  readonly readBytes: () => number;
  readonly events: () => number;
  readonly blankLines: () => number;
  readonly filteredEvents: () => number;
  /** By reason. */
  readonly rejectedEvents: () => Samples;
  readonly rowsDelivered: () => number;
  readonly deliveredBytes: () => number;
  /** Acknowledged bodies as sent. */
  readonly sentBytes: () => number;
  /** Bodies in all tries. */
  readonly wireBytes: () => number;
  readonly rowsLost: () => Samples;
  /** By status code, or error code. */
  readonly requests: () => Samples;
  readonly requestDurations: () => HistogramReading;
  readonly retries: () => number;
  readonly lagBytes: () => number;
  readonly lagSeconds: () => number;
  /** Unix time; NaN before the first. */
  readonly lastAckSeconds: () => number;
  readonly outboxBytes: () => number;
  readonly outboxLimitBytes: () => number;
  readonly spoolBytes: () => number;
  readonly spoolLimitBytes: () => number;
  /** Batches written to the spool. */
  readonly spoolRecords: () => number;
  readonly spoolDamagedRecords: () => number;
  readonly spoolDiskErrors: () => number;
  readonly columns: () => number;
  readonly columnsLimit: () => number;
  readonly overflowEvents: () => number;
  readonly typeChanges: () => number;
  /** By reason. */
  readonly deadLetters: () => Samples;
  readonly deadLetterBytes: () => number;
  readonly deadLettersRemoved: () => number;
  readonly deadLettersFailed: () => number;
  readonly openFiles: () => number;
  readonly rotations: () => number;
  readonly truncations: () => number;
  /** By error code. */
  readonly readErrors: () => Samples;
  readonly lostFiles: () => number;
  readonly lostBytes: () => number;
  readonly checkpointWrites: () => number;
  readonly checkpointErrors: () => number;
  /** By rule name. */
  /** The first label of all of them is the rule. */
  readonly alertsMatched: () => Samples;
  readonly alertsFired: () => Samples;
  /** By rule and reason. */
  readonly alertMatchesHeldBack: () => Samples;
  readonly alertGroups: () => Samples;
  readonly alertGroupsEvicted: () => Samples;
  readonly alertWindows: () => number;
  readonly alertWindowsEvicted: () => number;
  /** By rule, target and result. */
  readonly alertNotifications: () => Samples;
  /** These by rule and target. */
  readonly alertRetries: () => Samples;
  readonly alertTargetFailing: () => Samples;
  readonly alertQueued: () => Samples;
  readonly alertQueueBytes: () => number;
  readonly alertOrphans: () => number;
  readonly alertStateErrors: () => number;
  readonly rules: () => number;
  /** By result. */
  readonly rulesReloads: () => Samples;
  readonly rulesReloadSuccess: () => number;
  readonly rulesReloadSuccessSeconds: () => number;
  readonly alertsBlocked: () => number;
}

export interface Metric {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly labels?: readonly string[];
  /** When to look, and what to do then. */
  readonly action: string;
  readonly read: (sources: MetricSources) => Reading;
}
