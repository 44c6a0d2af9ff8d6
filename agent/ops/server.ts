/**
 * The agent's own HTTP server: metrics, health, readiness, and what others answer for the rest. It serves a fixed
 * set of paths from memory, reads no request body and no file, and bounds what one client can hold: connections,
 * headers, time.
 */

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { messageOf, systemCode, TetrashipError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { printable } from './printable.ts';
import type { ReadinessReport } from './readiness.ts';
import { Thrifty } from './thrifty.ts';

// An import of this module would evaluate each of its exports, and its WebSocket loads Node's own copy of undici:
// 40 ms and 15 MB at every start.
const { createServer } = process.getBuiltinModule('node:http');

/** A scraper sends a few hundred bytes. */
const MAX_HEADER_BYTES = 8 * 1024;
/** Time for a client to send its headers, and to take the answer. */
const CLIENT_TIMEOUT_MS = 10_000;
/** Prometheus and the kubelet keep a connection between scrapes; longer only holds memory. */
const KEEP_ALIVE_MS = 75_000;
/** Scrapers, probes and a person; more is a fault or an attack. */
const MAX_CONNECTIONS = 64;
/** From one address, so that one client alone does not lock out the probes. */
const MAX_CONNECTIONS_PER_ADDRESS = 32;

const TEXT = 'text/plain; charset=utf-8';

export interface OpsServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly metrics: { readonly contentType: string; render(): Promise<string> };
  readonly readiness: () => ReadinessReport;
  readonly log: Logger;
  /** Answers for all other paths; without it they are not found. */
  readonly others?: OtherPaths;
}

/** `taken`: the response belongs to whoever answered. */
export type OtherPaths = (
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<Answer | 'taken'>;

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class OpsServer {
  #options: OpsServerOptions;
  #server: Server;
  /** Connections by address of the client. */
  #addresses: Map<string, number>;
  #metrics: Thrifty<string>;

  constructor(options: OpsServerOptions) {
    this.#options = options;
    this.#addresses = new Map();
    this.#metrics = new Thrifty(() => options.metrics.render());
    this.#server = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: CLIENT_TIMEOUT_MS,
        requestTimeout: CLIENT_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: CLIENT_TIMEOUT_MS / 2,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('connection', (socket) => this.#connected(socket));
  }

  /** @throws {TetrashipError} code LISTEN, when the address cannot be bound */
  async start(): Promise<void> {
    const { host, port, log } = this.#options;
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(listenError(error, host, port)));
      server.listen({ host, port }, resolve);
    });
    server.removeAllListeners('error');
    server.on('error', (error) => log.warn(`the metrics server had a fault: ${messageOf(error)}`));
    log.info(`listening on ${this.url}`);
  }

  /** Base URL with the port that is really bound; only while started. */
  get url(): string {
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') return '';
    return `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
  }

  /** Ends at once: an unfinished scrape is worth no waiting. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #connected(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const count = (this.#addresses.get(address) ?? 0) + 1;
    this.#addresses.set(address, count);
    socket.once('close', () => {
      const left = (this.#addresses.get(address) ?? 0) - 1;
      if (left > 0) this.#addresses.set(address, left);
      else this.#addresses.delete(address);
    });
    if (count > MAX_CONNECTIONS_PER_ADDRESS) socket.destroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer | 'taken';
    try {
      answer = await this.#answer(request, response);
    } catch (error) {
      this.#options.log.error(`cannot answer a request for ${shownPath(request)}: ${messageOf(error)}`);
      answer = { status: 500, body: 'internal fault; see the log\n' };
    }
    if (answer === 'taken') return;
    const body = Buffer.from(answer.body);
    response.writeHead(answer.status, {
      'Content-Type': answer.type ?? TEXT,
      'Content-Length': String(body.length),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...answer.headers,
    });
    response.setTimeout(CLIENT_TIMEOUT_MS, () => response.destroy());
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<Answer | 'taken'> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return refuse(405, 'only GET and HEAD\n', { Allow: 'GET, HEAD' });
    }
    const length = request.headers['content-length'] ?? '0';
    if (length !== '0' || request.headers['transfer-encoding'] !== undefined) {
      return refuse(400, 'a request has no body here\n');
    }
    const path = request.url?.split('?', 1)[0] ?? '';
    switch (path) {
      case '/metrics':
        return { status: 200, type: this.#options.metrics.contentType, body: await this.#metrics.get() };
      case '/healthz':
        return { status: 200, body: 'ok\n' };
      case '/readyz':
        return readinessAnswer(this.#options.readiness());
      default:
        return this.#options.others?.(path, request, response) ?? { status: 404, body: 'not found\n' };
    }
  }
}

/** The rest of such a request is not read: the connection ends. */
function refuse(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body, headers: { ...headers, Connection: 'close' } };
}

function readinessAnswer({ ready, degraded, reasons }: ReadinessReport): Answer {
  const lines = [
    ready ? (degraded.length === 0 ? 'ready' : 'ready, degraded') : 'not ready',
    ...reasons.map((reason) => `reason: ${printable(reason)}`),
    ...degraded.map((reason) => `degraded: ${printable(reason)}`),
  ];
  return { status: ready ? 200 : 503, body: `${lines.join('\n')}\n` };
}

function shownPath(request: IncomingMessage): string {
  return printable((request.url ?? '').slice(0, 80));
}

function listenError(error: Error, host: string, port: number): TetrashipError {
  const cause =
    systemCode(error) === 'EADDRINUSE'
      ? 'the port is in use; is another agent running here?'
      : systemCode(error) === 'EADDRNOTAVAIL'
        ? 'this machine has no such address'
        : messageOf(error);
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new TetrashipError(
    'LISTEN',
    `cannot listen on ${where}: ${cause} Nothing was read or sent. Set TETRASHIP_LISTEN to another address.`,
    { cause: error },
  );
}
