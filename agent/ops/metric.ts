/** What the table of metrics is made of. */

import type { MetricSources } from './metrics.ts';

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

export interface Metric {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly labels?: readonly string[];
  /** When to look, and what to do then. */
  readonly action: string;
  readonly read: (sources: MetricSources) => Reading;
}
