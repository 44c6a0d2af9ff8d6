/** A target of alerts: records what it is sent and answers, fails or hangs as told. */

import type { IncomingHttpHeaders } from 'node:http';
import { readBody } from './body.ts';
import { HttpServer, type ListenOptions } from './http-server.ts';
import { reset } from './reply.ts';
import { Waiters } from './wait.ts';

/** Far above any notification. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

export interface WebhookRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly atMs: number;
}

/** `reset` drops the connection after the body was read; `hang` never answers. */
export type WebhookAnswer =
  | { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }
  | 'hang'
  | 'reset'
  | undefined;

export interface WebhookOptions extends ListenOptions {
  /** `index` counts requests from 0; `undefined` means 200. */
  readonly answer?: (request: WebhookRequest, index: number) => WebhookAnswer;
  /** Requests kept; older ones are forgotten. Default: all. */
  readonly keep?: number;
}

export class Webhook {
  /** Every request whose body came whole, whatever was answered. */
  readonly requests: WebhookRequest[];
  /** May be changed at any time. */
  answer: WebhookOptions['answer'];
  /** Requests since the start, forgotten ones included. */
  count: number;
  readonly #http: HttpServer;
  readonly #waiters: Waiters;

  constructor(options: WebhookOptions) {
    this.requests = [];
    this.answer = options.answer;
    this.count = 0;
    this.#waiters = new Waiters();
    this.#http = new HttpServer(async (request, response) => {
      const body = await readBody(request, MAX_BODY_BYTES);
      if (!Buffer.isBuffer(body)) return;
      const { method = '', url: path = '/', headers } = request;
      const received = { method, path, headers, body: body.toString('utf8'), atMs: Date.now() };
      const answer = this.answer?.(received, this.count);
      this.count++;
      this.requests.push(received);
      if (this.requests.length > (options.keep ?? Number.POSITIVE_INFINITY)) this.requests.shift();
      if (answer === 'reset') reset(request);
      else if (answer !== 'hang')
        response.writeHead(answer?.status ?? 200, answer?.headers).end(answer?.body);
      this.#waiters.changed();
    }, options);
  }

  get url(): string {
    return this.#http.url;
  }

  start(): Promise<void> {
    return this.#http.start();
  }

  /** The port refuses connections; what was recorded stays. */
  stop(): Promise<void> {
    return this.#http.stop();
  }

  /** Listens again on the same port. */
  async restart(): Promise<void> {
    await this.#http.stop();
    await this.#http.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  waitForRequests(n: number, timeoutMs: number): Promise<void> {
    return this.#waiters.wait(
      () => this.count >= n,
      timeoutMs,
      () => `${this.count} of ${n} requests came`,
    );
  }
}

/** Starts a webhook; `await using` or `stop()` ends it. */
export async function createWebhook(options: WebhookOptions = {}): Promise<Webhook> {
  const webhook = new Webhook(options);
  await webhook.start();
  return webhook;
}
