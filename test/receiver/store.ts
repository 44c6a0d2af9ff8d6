/** What the server has taken: datasets, rows, counts by key, and what no good agent sends. */

import { Dataset, type DataType, type Row } from './dataset.ts';
import type { ReceivedRequest } from './faults.ts';
import { countKeys, KeyCounts } from './keys.ts';
import { tagsOf } from './request-headers.ts';

/** Lists that only people read stop growing here. */
export const MAX_REMEMBERED = 10_000;

export interface StoreOptions {
  /** What is kept of judged bodies: whole rows (default), counts by key, or nothing but totals. */
  readonly store?: 'rows' | 'keys' | 'count';
  /** Column whose values `seq-N` tell rows apart; default `cluster_name`. */
  readonly keyColumn?: string;
  /** Remember when each key came first. */
  readonly arrivals?: boolean;
  /** Keep every stored body, decompressed. */
  readonly keepBodies?: boolean;
}

export class Store {
  readonly keys: KeyCounts;
  readonly datasets: Map<string, Dataset>;
  readonly rows: Row[];
  readonly bodies: Buffer[];
  readonly violations: string[];
  rowCount: number;
  rawBytes: number;
  readonly #options: StoreOptions;

  constructor(options: StoreOptions) {
    this.keys = new KeyCounts(options.arrivals);
    this.datasets = new Map();
    this.rows = [];
    this.bodies = [];
    this.violations = [];
    this.rowCount = 0;
    this.rawBytes = 0;
    this.#options = options;
  }

  /** The dataset, created with these columns if it does not exist. */
  dataset(name: string, columns: Readonly<Record<string, DataType>> = {}): Dataset {
    let dataset = this.datasets.get(name);
    if (dataset === undefined) {
      dataset = new Dataset(name);
      for (const [column, type] of Object.entries(columns)) dataset.columns.set(column, type);
      this.datasets.set(name, dataset);
    }
    return dataset;
  }

  /** Takes a body that was judged good. */
  takeRows(rows: readonly Row[], raw: Buffer, request: ReceivedRequest): number {
    const { store = 'rows', keyColumn = 'cluster_name' } = this.#options;
    const dataset = this.dataset(request.stream);
    const { tags, ignored } = tagsOf(request.headers);
    if (ignored > 0) this.violation(`${ignored} tags were ignored: too many X-P- headers`);
    for (const sent of rows) {
      const before = dataset.explodedCount;
      const row = Object.keys(tags).length === 0 ? sent : { ...sent, ...tags };
      dataset.take(row);
      if (dataset.explodedCount > before) {
        this.violation(`a row is not flat: ${JSON.stringify(dataset.exploded.at(-1))}`);
      }
      if (store !== 'count') this.keys.addValue(row[keyColumn]);
      if (store === 'rows') this.rows.push(row);
    }
    return this.#taken(rows.length, raw);
  }

  /** Takes a body unseen and counts its rows by their mark. */
  takeFast(raw: Buffer, request: ReceivedRequest): number {
    this.dataset(request.stream);
    this.keys.nowMs = performance.timeOrigin + performance.now();
    return this.#taken(countKeys(raw, this.keys), raw);
  }

  violation(what: string): void {
    if (this.violations.length < MAX_REMEMBERED) this.violations.push(what);
  }

  #taken(rows: number, raw: Buffer): number {
    this.rowCount += rows;
    this.rawBytes += raw.length;
    if (this.#options.keepBodies === true) this.bodies.push(raw);
    return rows;
  }
}
