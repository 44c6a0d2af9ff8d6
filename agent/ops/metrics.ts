/**
 * Exposition: reads the plain counters of the stages when somebody scrapes, and not otherwise. Stages know nothing
 * of it. The number of series is bounded, whatever rules files and servers put into labels.
 */

import Registry, { type ExposedMetric, type ExposedValue } from 'prom-client/lib/registry.js';
import type { HistogramReading, Metric, MetricSources, Reading, Samples } from './metric.ts';
import { METRICS } from './metric-table.ts';
import { printable } from './printable.ts';
import { processMetrics } from './process-metrics.ts';

/** A label value is cut to this: rule names and error codes come from outside. */
const MAX_LABEL_CHARACTERS = 100;
/** Series of one metric. Beyond it, those that are zero are left out, and the rest is added up under `other`. */
const MAX_SERIES = 1000;
const OTHER = 'other';

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
  const series = new Map<string, { texts: readonly string[]; value: number }>();
  const add = (texts: readonly string[], value: number): void => {
    const key = texts.join('\n'); // no text holds a line end
    const known = series.get(key);
    if (known === undefined) series.set(key, { texts, value });
    else known.value += value;
  };
  for (const [label, value] of samples)
    add((typeof label === 'string' ? [label] : label).map(labelText), value);
  if (series.size > MAX_SERIES) {
    const kept = [...series.values()].filter(({ value }) => value !== 0);
    series.clear();
    kept.forEach(({ texts, value }, place) => {
      add(place < MAX_SERIES ? texts : labels.map(() => OTHER), value);
    });
  }
  return [...series.values()].map(({ texts, value }) => ({
    labels: Object.fromEntries(labels.map((name, place) => [name, texts[place] ?? ''])),
    value,
  }));
}

function labelText(text: string): string {
  return printable([...text.slice(0, 2 * MAX_LABEL_CHARACTERS)].slice(0, MAX_LABEL_CHARACTERS).join(''));
}
