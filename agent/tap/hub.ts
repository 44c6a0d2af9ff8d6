/**
 * Rows and alerts as they pass, for people who watch: `tetraship tap`.
 *
 * Promises that the pipeline is never slowed: without a reader nothing is done; with one, at most a twentieth of
 * the thread's time, and a reader that is slow misses rows. What passed unseen is counted and told.
 */

import type { ServerResponse } from 'node:http';
import type { Expression } from '../../rules/ast.ts';
import { Budget } from './budget.ts';
import { TapClient } from './client.ts';
import { Matcher } from './matcher.ts';

export const MAX_TAPS = 4;
const TICK_MS = 1000;
/** Of one batch: longer would be felt by what else runs here. */
const BATCH_MS = 10;
const ROW_HEAD = '{"row":';

/** What the pipeline shows to who watches. Views are valid until return. */
export interface Watcher {
  /** `[row,row]`, and where each row ends in it. */
  rows(raw: Uint8Array, ends: ArrayLike<number>): void;
  /** A match of a rule, by its name. */
  alert(rule: string, kind: string, row: Uint8Array): void;
}

export class TapHub implements Watcher {
  readonly #watch: (watcher: Watcher | undefined) => void;
  readonly #clients: Set<TapClient>;
  readonly #budget: Budget;
  #timer: NodeJS.Timeout | undefined;

  /** @param watch begins or ends to show what passes */
  constructor(watch: (watcher: Watcher | undefined) => void) {
    this.#watch = watch;
    this.#clients = new Set();
    this.#budget = new Budget();
    this.#timer = undefined;
  }

  /** Takes over the response; false when there are too many. */
  async tryAdd(
    response: ServerResponse,
    wants: 'rows' | 'alerts',
    expression: Expression | undefined,
  ): Promise<boolean> {
    if (this.#clients.size >= MAX_TAPS) return false;
    const client = new TapClient(wants, response);
    this.#clients.add(client); // its place is taken before its matcher is there
    const leave = (): void => this.#remove(client);
    response.on('close', leave).on('error', leave);
    if (expression !== undefined) {
      try {
        client.matcher = await Matcher.create(expression, (row) => client.send(row));
      } catch (error) {
        this.#clients.delete(client);
        throw error;
      }
    }
    if (response.destroyed) return true;
    response.writeHead(200, {
      'Content-Type': 'application/x-ndjson',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    });
    response.flushHeaders();
    if (this.#timer === undefined) {
      this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
      this.#watch(this);
    }
    return true;
  }

  rows(raw: Uint8Array, ends: ArrayLike<number>): void {
    for (const client of this.#clients) {
      if (client.wants === 'rows') guarded(client, () => this.#show(client, raw, ends));
    }
  }

  alert(rule: string, kind: string, row: Uint8Array): void {
    for (const client of this.#clients) {
      if (client.wants !== 'alerts') continue;
      if (!client.isAble || this.#budget.leftMs <= 0) {
        client.unseen++;
        continue;
      }
      const sinceMs = performance.now();
      guarded(client, () => {
        client.offer(row, `{"rule":${JSON.stringify(rule)},"kind":"${kind}","row":`);
        client.flush();
      });
      this.#budget.spend(sinceMs);
    }
  }

  stop(): void {
    for (const client of [...this.#clients]) client.end();
  }

  #show(client: TapClient, raw: Uint8Array, ends: ArrayLike<number>): void {
    const leftMs = Math.min(BATCH_MS, this.#budget.leftMs);
    if (leftMs <= 0 || !client.isAble) {
      client.unseen += ends.length;
      return;
    }
    const sinceMs = performance.now();
    let start = 1;
    for (let row = 0; row < ends.length; row++) {
      const end = ends[row] ?? start;
      const isTimeToLook = client.offer(raw.subarray(start, end), ROW_HEAD);
      start = end + 1;
      if ((isTimeToLook && performance.now() - sinceMs > leftMs) || !client.isAble) {
        client.unseen += ends.length - row - 1;
        break;
      }
    }
    client.flush();
    this.#budget.spend(sinceMs);
  }

  #tick(): void {
    for (const client of this.#clients) client.tick();
  }

  #remove(client: TapClient): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#watch(undefined);
  }
}

/** A fault of the tap is the end of that tap, and of nothing else: what watches must not stop what works. */
function guarded(client: TapClient, show: () => void): void {
  try {
    show();
  } catch {
    client.end();
  }
}
