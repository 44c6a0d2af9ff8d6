/**
 * The one place where requests to Parseable are made.
 *
 * Owns the connections. Promises that a request ends within its time-out, that an answer of any size costs a
 * bounded number of bytes, and that **no empty array and no empty body ever leaves**: either kills the server.
 */

import { messageOf, systemCode, TetrashipError } from '../errors.ts';
import { type Dispatcher, EnvHttpProxyAgent, Pool } from '../http-dispatchers.ts';
import { request } from '../http-request.ts';
import { KiB, MiB } from '../limits.ts';
import type { Body } from './body.ts';
import { type Outcome, retryAfterMs } from './retry.ts';
import type { DeliveryStats } from './stats.ts';

/** With an API key no `Authorization` is sent. */
export interface Credentials {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly apiKey?: string | undefined;
}

export interface ClientOptions {
  /** Base URLs, a path prefix allowed; tried in turn. At least one. */
  readonly urls: readonly string[];
  readonly stream: string;
  /** Called before each request, so that a rotated secret is used at once: cheap while nothing changed. */
  readonly credentials: () => Credentials;
  /** PEM texts. */
  readonly tls?: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
    readonly skipCheck?: boolean;
  };
  /** Proxy URLs for http and https, and the hosts that are reached without one. */
  readonly proxy?: {
    readonly http?: string | undefined;
    readonly https?: string | undefined;
    readonly none?: string | undefined;
  };
  /** Sent as `X-P-<name>`: the server adds them to each row as columns. */
  readonly tags?: readonly (readonly [name: string, value: string])[];
  readonly userAgent?: string;
  readonly concurrency: number;
  readonly requestTimeoutMs: number;
}

/** The server's words are kept for dead letters and logs: enough of them, and no more of a hostile answer. */
const MAX_ANSWER_BYTES = 8 * KiB;
/** A schema of 1,000 columns takes about 200 KiB. */
const MAX_PAGE_BYTES = 4 * MiB;
/** A row is at least `{}`. */
const SHORTEST_RAW = '[{}]'.length;

/** Half an object: no server takes it for rows, whatever it makes of an empty body. */
const HALF: Wire = { bytes: Buffer.from('{'), encoding: 'none', rowCount: 0, rawLength: 1 };

const OPEN = 0x5b;
const BRACE = 0x7b;

/** What a body looks like on its way: `encoding` may differ from that of the stored body. */
export type Wire = Pick<Body, 'bytes' | 'encoding' | 'rowCount' | 'rawLength'>;

/** @throws {TetrashipError} on a bug */
function mustHoldRows({ bytes, encoding, rowCount, rawLength }: Wire): void {
  const isRows =
    encoding !== 'none' || (bytes[0] === OPEN && bytes[1] === BRACE && bytes.length === rawLength);
  if (rowCount > 0 && rawLength >= SHORTEST_RAW && bytes.length > 0 && isRows) return;
  throw new TetrashipError('DELIVERY', 'cannot send a body without a row: it would stop the server');
}

/** `authorization` by name: what every other header is called is data. */
type IngestHeaders = Record<string, string> & { authorization?: string };

export class Client {
  readonly #options: ClientOptions;
  readonly #bases: readonly URL[];
  readonly #dispatchers: readonly Dispatcher[];
  readonly #stats: DeliveryStats;
  /** The server's clock in its last answer: a `Date` header as it came. */
  date: string | undefined;
  /** What the last body was sent with; compared, never shown. */
  #sentWith: string;

  constructor(options: ClientOptions, stats: DeliveryStats) {
    this.#options = options;
    this.#bases = options.urls.map((url) => new URL(url));
    this.#dispatchers = makeDispatchers(options, this.#bases);
    this.#stats = stats;
    this.date = undefined;
    this.#sentWith = '';
  }

  /** The credentials in force are others than those that the last body was sent with. */
  get hasNewCredentials(): boolean {
    try {
      return fingerprint(this.#options.credentials()) !== this.#sentWith;
    } catch {
      return false;
    }
  }

  /** The base URL of a route, for people: without user and password. */
  address(route: number): string {
    const base = this.#bases[route];
    return base === undefined ? '' : `${base.origin}${base.pathname.replace(/\/$/, '')}`;
  }

  /** Sends one body. Never rejects but for a body without rows, a bug. */
  async post(route: number, wire: Wire): Promise<Outcome> {
    mustHoldRows(wire);
    const startMs = performance.now();
    this.#stats.wireBytes += wire.bytes.length;
    const outcome = await this.#request(route, '/api/v1/ingest', wire, MAX_ANSWER_BYTES);
    const code = outcome.kind === 'answer' ? String(outcome.status) : outcome.code;
    this.#stats.countRequest(code, performance.now() - startMs);
    return outcome;
  }

  /**
   * Whether the credentials may send: a body that is no JSON, which the server refuses as such (400) once it has let
   * the user in. It makes neither a row nor a dataset. Never rejects.
   */
  knock(route: number): Promise<Outcome> {
    return this.#request(route, '/api/v1/ingest', HALF, MAX_ANSWER_BYTES);
  }

  /** Reads one page of the API, such as `/api/v1/readiness`. Never rejects. */
  get(route: number, path: string): Promise<Outcome> {
    return this.#request(route, path, undefined, MAX_PAGE_BYTES);
  }

  /** Cuts every connection; requests on their way fail. */
  async destroy(): Promise<void> {
    await Promise.all(this.#dispatchers.map((dispatcher) => dispatcher.destroy()));
  }

  #headers({ apiKey, username, password }: Credentials): IngestHeaders {
    const headers: IngestHeaders = { 'user-agent': this.#options.userAgent ?? 'tetraship' };
    if (apiKey !== undefined) {
      headers['x-api-key'] = apiKey;
    } else if (username !== undefined) {
      headers.authorization = `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
    }
    return headers;
  }

  #ingestHeaders({ encoding, rowCount }: Wire): IngestHeaders {
    const credentials = this.#options.credentials();
    if (rowCount > 0) this.#sentWith = fingerprint(credentials);
    const headers = this.#headers(credentials);
    headers['content-type'] = 'application/json';
    if (encoding !== 'none') headers['content-encoding'] = encoding;
    headers['x-p-stream'] = this.#options.stream;
    for (const [name, value] of this.#options.tags ?? []) headers[`x-p-${name}`] = value;
    return headers;
  }

  async #request(route: number, path: string, wire: Wire | undefined, maxBytes: number): Promise<Outcome> {
    const base = this.#bases[route];
    const dispatcher = this.#dispatchers[route];
    if (base === undefined || dispatcher === undefined) {
      throw new TetrashipError('DELIVERY', `cannot send: there is no URL number ${route}`);
    }
    try {
      const { status, text, retryAfter, date } = await request(dispatcher, {
        origin: base.origin,
        path: base.pathname.replace(/\/$/, '') + path,
        method: wire === undefined ? 'GET' : 'POST',
        headers: wire === undefined ? this.#headers(this.#options.credentials()) : this.#ingestHeaders(wire),
        body: wire === undefined ? null : wire.bytes,
        timeoutMs: this.#options.requestTimeoutMs,
        maxAnswerBytes: maxBytes,
      });
      this.date = date;
      const wish = retryAfter === undefined ? Number.NaN : retryAfterMs(retryAfter, Date.now());
      return { kind: 'answer', status, text, retryAfterMs: wish };
    } catch (error) {
      return { kind: 'fault', code: systemCode(error) || 'UNKNOWN', message: messageOf(error) };
    }
  }
}

function fingerprint({ apiKey, username, password }: Credentials): string {
  return JSON.stringify([apiKey, username, password]);
}

/** One dispatcher per base URL; through a proxy, one for all. */
function makeDispatchers(options: ClientOptions, bases: readonly URL[]): readonly Dispatcher[] {
  const { tls = {}, proxy = {} } = options;
  // One more than bodies are on their way: a page can be asked for meanwhile.
  const connections = options.concurrency + 1;
  const ca = tls.ca === undefined ? {} : { ca: tls.ca };
  const own = tls.cert === undefined || tls.key === undefined ? {} : { cert: tls.cert, key: tls.key };
  const connect = { ...ca, ...own, rejectUnauthorized: tls.skipCheck !== true };
  if (proxy.http === undefined && proxy.https === undefined) {
    return bases.map((base) => new Pool(base.origin, { connections, connect }));
  }
  const agent = new EnvHttpProxyAgent({
    httpProxy: proxy.http ?? '',
    httpsProxy: proxy.https ?? '',
    noProxy: proxy.none ?? '',
    connections,
    connect,
    requestTls: connect,
    proxyTls: ca,
  });
  return bases.map(() => agent);
}
