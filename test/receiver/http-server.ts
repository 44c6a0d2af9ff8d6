/**
 * A listener that can die and come back on the same port: what the receiver and the webhook share.
 * After `stop()` the port refuses connections and no socket is left.
 */

import { createServer as createHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createHttps, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export interface ListenOptions {
  /** 0, the default, lets the system choose; a restart keeps the port. */
  readonly port?: number;
  /** With a key and a certificate the server speaks HTTPS. */
  readonly tls?: ServerOptions;
}

export class HttpServer {
  /** Connections accepted since the start. */
  connections: number;
  #port: number;
  #server: Server | undefined;
  readonly #tls: ServerOptions | undefined;
  readonly #sockets: Set<Socket>;
  readonly #listener: RequestListener;

  constructor(listener: RequestListener, options: ListenOptions) {
    this.connections = 0;
    this.#port = options.port ?? 0;
    this.#server = undefined;
    this.#tls = options.tls;
    this.#sockets = new Set();
    this.#listener = listener;
  }

  /** Base URL without a slash at the end. */
  get url(): string {
    return `${this.#tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`;
  }

  get listening(): boolean {
    return this.#server !== undefined;
  }

  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const server =
      this.#tls === undefined ? createHttp(this.#listener) : createHttps(this.#tls, this.#listener);
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      // A peer that resets is the daily work of these tests; the request's own handler sees it too.
      socket.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    const address: AddressInfo | string | null = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  /** Refuses connections from now on and drops those that are open. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
