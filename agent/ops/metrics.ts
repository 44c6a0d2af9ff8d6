/**
 * Exposition: reads the plain counters of the stages when somebody scrapes, and not otherwise. Stages know nothing
 * of it. The number of series is bounded, whatever rules files and servers put into labels.
 */

import Registry, { type ExposedMetric, type ExposedValue } from 'prom-client/lib/registry.js';
import { type HistogramReading, METRICS, type Metric, type Reading, type Samples } from './metric-table.ts';
import { printable } from './printable.ts';
import { processMetrics } from './process-metrics.ts';

/** A label value is cut to this: rule names and error codes come from outside. */
const MAX_LABEL_CHARACTERS = 100;
/** Series of one metric; what is beyond is added up under `other`. */
const MAX_SERIES = 1000;
const OTHER = 'other';

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
  readonly rowsLost: () => number;
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
  readonly alertsMatched: () => Samples;
  /** By rule name, target type or name, result. */
  readonly alertNotifications: () => Samples;
  readonly alertQueueBytes: () => number;
}

export interface Exposition {
  readonly contentType: string;
  /** The text of a scrape. */
  render(): Promise<string>;
}

export function createExposition(sources: MetricSources, version: string): Exposition {
  const registry = new Registry();
  for (const metric of [...METRICS, ...processMetrics(version)])
    registry.registerMetric(expose(metric, sources));
  return { contentType: registry.contentType, render: () => registry.metrics() };
}

function expose(metric: Metric, sources: MetricSources): ExposedMetric {
  const { name, type, help, labels = [] } = metric;
  return { name, get: () => ({ name, help, type, values: values(name, labels, metric.read(sources)) }) };
}

function values(name: string, labels: readonly string[], reading: Reading): ExposedValue[] {
  if (typeof reading === 'number') return Number.isNaN(reading) ? [] : [{ value: reading, labels: {} }];
  return 'counts' in reading ? histogramValues(name, reading) : sampleValues(labels, reading);
}

function histogramValues(name: string, { bounds, counts, sum }: HistogramReading): ExposedValue[] {
  const exposed: ExposedValue[] = [];
  let total = 0;
  for (let bucket = 0; bucket <= bounds.length; bucket++) {
    total += counts[bucket] ?? 0;
    const bound = bounds[bucket];
    const le = bound === undefined ? '+Inf' : String(bound);
    exposed.push({ metricName: `${name}_bucket`, labels: { le }, value: total });
  }
  exposed.push({ metricName: `${name}_sum`, labels: {}, value: sum });
  exposed.push({ metricName: `${name}_count`, labels: {}, value: total });
  return exposed;
}

/** Values whose labels are the same once they are cut are added up: a series stands once. */
function sampleValues(labels: readonly string[], samples: Samples): ExposedValue[] {
  const series = new Map<string, { labels: Record<string, string>; value: number }>();
  for (const [label, value] of samples) {
    let texts = (typeof label === 'string' ? [label] : label).map(labelText);
    if (series.size >= MAX_SERIES && !series.has(texts.join('\n'))) texts = labels.map(() => OTHER);
    const key = texts.join('\n');
    const known = series.get(key);
    if (known === undefined) {
      series.set(key, {
        labels: Object.fromEntries(labels.map((name, at) => [name, texts[at] ?? ''])),
        value,
      });
    } else {
      known.value += value;
    }
  }
  return [...series.values()];
}

function labelText(text: string): string {
  return printable([...text.slice(0, 2 * MAX_LABEL_CHARACTERS)].slice(0, MAX_LABEL_CHARACTERS).join(''));
}
