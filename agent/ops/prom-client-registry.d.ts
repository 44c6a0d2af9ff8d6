/**
 * The narrow entry point of prom-client: its exposition format without its metric classes, cluster support and
 * default metrics. Measured on Node 26: 18 MB and 25 ms for the whole package, under 4 MB and 2 ms for this.
 */
declare module 'prom-client/lib/registry.js' {
  export interface ExposedValue {
    readonly value: number;
    readonly labels: Readonly<Record<string, string>>;
    /** Instead of the metric's own name: `x_bucket`, `x_sum`, `x_count`. */
    readonly metricName?: string;
  }

  /** What the registry asks of a metric when it is scraped. */
  export interface ExposedMetric {
    readonly name: string;
    get(): {
      readonly name: string;
      readonly help: string;
      readonly type: string;
      readonly values: readonly ExposedValue[];
    };
  }

  export default class Registry {
    readonly contentType: string;
    registerMetric(metric: ExposedMetric): void;
    metrics(): Promise<string>;
  }
}
