/**
 * The test double of Parseable: a server on 127.0.0.1 that enforces what the real one enforces on ingest
 * (observed on 2.9.5), counts what it got, and fails on demand.
 *
 * Owns: its port, its store, its counters. Promises: a row is stored if and only if the request was
 * acknowledged or a fault asked for that; a deadly body kills it (`crashed`) as it kills the real server.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody, unpack } from './body.ts';
import type { Dataset, DataType, Row } from './dataset.ts';
import { afflict, type Fault, type FaultPlan, type ReceivedRequest } from './faults.ts';
import { HttpServer, type ListenOptions } from './http-server.ts';
import { judge } from './judge.ts';
import type { KeyCounts } from './keys.ts';
import { readOnlyPage } from './pages.ts';
import { OK, page, type Reply, refusal, send } from './reply.ts';
import { type Credentials, checkIngestHeaders, forbidden, isAuthorized } from './request-headers.ts';
import { MAX_REMEMBERED, Store, type StoreOptions } from './store.ts';
import { Waiters } from './wait.ts';

/** The server's default bound of a decompressed body (P_MAX_EVENT_PAYLOAD_SIZE). */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

export interface ReceiverOptions extends ListenOptions, Credentials, StoreOptions {
  /**
   * `strict` (default): every body is parsed and judged. `fast`: rows are counted by `"cluster_name":"` in the
   * decompressed body. `bytes`: bodies are read and forgotten.
   */
  readonly mode?: 'strict' | 'fast' | 'bytes';
  /** Bound of a decompressed body at first; default 10 MiB. */
  readonly maxBodyBytes?: number;
  readonly fault?: FaultPlan;
  /** Called with the rows of a body that would be accepted: for poison events. */
  readonly faultRows?: (rows: readonly Row[], request: ReceivedRequest) => Fault | undefined;
}

export interface LoggedRequest extends ReceivedRequest {
  readonly atMs: number;
  /** 0 when no answer was given. */
  status: number;
  wireBytes: number;
  /** Rows stored. */
  rows: number;
}

export class Receiver {
  /** Every request, the first 10,000. */
  readonly log: LoggedRequest[];
  /** May be changed at any time. */
  fault: FaultPlan | undefined;
  /** May be changed at any time. */
  faultRows: ReceiverOptions['faultRows'];
  /** Bound of a decompressed body; may be changed at any time. */
  maxBodyBytes: number;
  /** Ingest requests, whatever became of them. */
  requests: number;
  /** Ingest requests answered 200. */
  accepted: number;
  /** Ingest answers by status. */
  readonly statuses: Record<string, number>;
  /** Bytes of ingest bodies as sent. */
  wireBytes: number;
  /** The server met a deadly body and is gone until `restart()`. */
  crashed: boolean;
  crashes: number;
  readonly #options: ReceiverOptions;
  readonly #http: HttpServer;
  readonly #store: Store;
  readonly #waiters: Waiters;

  constructor(options: ReceiverOptions) {
    this.log = [];
    this.fault = options.fault;
    this.faultRows = options.faultRows;
    this.maxBodyBytes = options.maxBodyBytes ?? MAX_BODY_BYTES;
    this.requests = 0;
    this.accepted = 0;
    this.statuses = {};
    this.wireBytes = 0;
    this.crashed = false;
    this.crashes = 0;
    this.#options = options;
    this.#http = new HttpServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        this.#store.violation(`the receiver itself failed: ${String(error)}`);
        request.socket.destroy();
      });
    }, options);
    this.#store = new Store(options);
    this.#waiters = new Waiters();
  }

  get url(): string {
    return this.#http.url;
  }

  /** Connections accepted since the start. */
  get connections(): number {
    return this.#http.connections;
  }

  /** Stored rows in order, tags included; only in strict mode with `store: 'rows'`. */
  get rows(): readonly Row[] {
    return this.#store.rows;
  }

  /** Rows stored, in every mode but `bytes`. */
  get rowCount(): number {
    return this.#store.rowCount;
  }

  /** Stored bodies, decompressed; only with `keepBodies`. */
  get bodies(): readonly Buffer[] {
    return this.#store.bodies;
  }

  get keys(): KeyCounts {
    return this.#store.keys;
  }

  /** Rows whose key had been stored before. */
  get duplicates(): number {
    return this.#store.keys.duplicates;
  }

  get datasets(): ReadonlyMap<string, Dataset> {
    return this.#store.datasets;
  }

  /** What a good agent never does, in words. */
  get violations(): readonly string[] {
    return this.#store.violations;
  }

  start(): Promise<void> {
    return this.#http.start();
  }

  /** The port refuses connections and open ones are dropped; what was stored stays. */
  stop(): Promise<void> {
    return this.#http.stop();
  }

  /** Listens again on the same port, after `stop()` or a crash. */
  async restart(): Promise<void> {
    await this.#http.stop();
    this.crashed = false;
    await this.#http.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** The dataset, created with these columns if it does not exist. */
  dataset(name: string, columns?: Readonly<Record<string, DataType>>): Dataset {
    return this.#store.dataset(name, columns);
  }

  /** Resolves once `n` rows are stored, duplicates included. */
  waitForRows(n: number, timeoutMs: number): Promise<void> {
    return this.waitFor(() => this.rowCount >= n, timeoutMs);
  }

  /** Resolves once `n` different keys are stored. */
  waitForKeys(n: number, timeoutMs: number): Promise<void> {
    return this.waitFor(() => this.keys.unique >= n, timeoutMs);
  }

  /** Resolves once `n` ingest requests have arrived, whatever became of them. */
  waitForRequests(n: number, timeoutMs: number): Promise<void> {
    return this.waitFor(() => this.requests >= n, timeoutMs);
  }

  /** Resolves once the condition holds; it is looked at after every change here. */
  waitFor(holds: () => boolean, timeoutMs: number): Promise<void> {
    return this.#waiters.wait(holds, timeoutMs, () => JSON.stringify(this.stats()));
  }

  /** The counters, as `GET /__stats` gives them. */
  stats() {
    const { requests, accepted, statuses, wireBytes, crashed, crashes, connections } = this;
    const { keys, rawBytes, rowCount: rows, violations } = this.#store;
    const { unique, duplicates, unkeyed } = keys;
    return {
      ...{ requests, accepted, statuses, connections, wireBytes, rawBytes, rows },
      ...{ unique, duplicates, unkeyed, crashed, crashes },
      ...{ violations: violations.length, firstViolation: violations[0] ?? null },
    };
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers, method = '' } = request;
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (path === '/__stats' || path === '/__arrivals') {
      const counters = path === '/__stats' ? this.stats() : [...this.keys.arrivals()];
      send(page(counters), request, response);
      return;
    }
    const named = /^\/api\/v1\/logstream\/([^/]+)$/.exec(path)?.[1];
    const ingest = method === 'POST' && (path === '/api/v1/ingest' || named !== undefined);
    const stream = ingest ? (named ?? headers['x-p-stream'] ?? '').toString() : '';
    const index = ingest ? this.requests++ : -1;
    const logged = {
      ...{ method, path, headers, stream, index },
      ...{ atMs: Date.now(), status: 0, wireBytes: 0, rows: 0 },
    };
    if (this.log.length < MAX_REMEMBERED) this.log.push(logged);
    const fault = this.fault?.(logged);
    this.#waiters.changed();

    const reply = ingest
      ? await this.#ingest(request, logged, named !== undefined, fault)
      : ((await afflict(fault)) ?? readOnlyPage(logged, this.datasets, this.#options));
    if (typeof reply === 'object') {
      logged.status = reply.status;
      if (ingest) {
        this.statuses[reply.status] = (this.statuses[reply.status] ?? 0) + 1;
        if (reply.status === 200) this.accepted++;
      }
    }
    send(reply, request, response);
    this.#waiters.changed();
  }

  async #ingest(
    request: IncomingMessage,
    logged: LoggedRequest,
    mustExist: boolean,
    fault: Fault | undefined,
  ): Promise<Reply> {
    if (fault === 'refuse') return 'reset';
    const { headers, stream } = logged;
    if (!isAuthorized(headers, this.#options)) return forbidden(this.#options);
    if (headers['x-api-key'] !== undefined && headers.authorization !== undefined) {
      this.#store.violation('a request carried both X-API-Key and Authorization');
    }
    const complaint = checkIngestHeaders(headers, stream);
    if (complaint !== undefined) return refusal(400, complaint);
    if (mustExist && !this.datasets.has(stream)) return refusal(404, `Stream ${stream} not found`);

    const limit = this.maxBodyBytes;
    const pace = typeof fault === 'object' && 'bytesPerSecond' in fault ? fault.bytesPerSecond : undefined;
    const body = await readBody(request, limit, pace);
    if (body === 'aborted') return 'silence';
    // An uncompressed body over the limit is cut off while it is sent: the client sees no status.
    if (body === 'over the limit') return 'reset';
    logged.wireBytes = body.length;
    this.wireBytes += body.length;
    this.#waiters.changed();
    if (this.#options.mode === 'bytes') return (await afflict(fault)) ?? OK;

    const raw = unpack(body, headers['content-encoding'], limit);
    if (raw === 'over the limit') return refusal(413, 'JSON payload has exceeded limit');
    if (raw === 'damaged') return refusal(400, 'Json deserialize error: damaged encoding');
    return this.#take(raw, request, logged, fault);
  }

  async #take(
    raw: Buffer,
    request: IncomingMessage,
    logged: LoggedRequest,
    fault: Fault | undefined,
  ): Promise<Reply> {
    if (this.#options.mode === 'fast') {
      const keep = () => {
        logged.rows = this.#store.takeFast(raw, logged);
      };
      return (await afflict(fault, keep)) ?? acknowledge(request, keep);
    }
    const judgement = judge(raw);
    if (judgement.kind === 'crash') return this.#crash();
    if (judgement.kind === 'refuse') return refusal(judgement.status, judgement.message);
    const full = this.datasets.get(logged.stream)?.refusal();
    if (full !== undefined) return refusal(400, full);
    const keep = () => {
      logged.rows = this.#store.takeRows(judgement.rows, raw, logged);
    };
    return (
      (await afflict(fault, keep)) ??
      (await afflict(this.faultRows?.(judgement.rows, logged), keep)) ??
      acknowledge(request, keep)
    );
  }

  async #crash(): Promise<Reply> {
    this.crashed = true;
    this.crashes++;
    this.#store.violation('an empty array was sent: the server is dead');
    this.#waiters.changed();
    await this.stop();
    return 'silence';
  }
}

/** Starts a receiver; `await using` or `stop()` ends it. */
export async function createReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const receiver = new Receiver(options);
  await receiver.start();
  return receiver;
}

/** Stores, unless the connection died while the request waited. */
function acknowledge(request: IncomingMessage, keep: () => void): Reply {
  if (request.socket.destroyed) return 'silence';
  keep();
  return OK;
}
