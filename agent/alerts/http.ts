/**
 * The requests to all targets. Connections are shared by origin and bounded; what a target answers is thrown
 * away unread but for its status, and a slow answer costs no more than the time-out.
 */

import { messageOf, systemCode } from '../errors.ts';
import { type Dispatcher, EnvHttpProxyAgent } from '../http-dispatchers.ts';
import { RequestTimeout, request } from '../http-request.ts';
import type { Recipient } from './notification.ts';
import { judge, type Outcome } from './outcome.ts';

/** From the first byte of the connection to the last of the answer. */
const TIMEOUT_MS = 10_000;

/** To one origin: more rules than this that wait for the same dead host wait in line. */
const MAX_CONNECTIONS = 64;

/** Bytes of an answer that are read so that its connection can be used again. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Proxies for the targets; what is left out comes from the environment. */
export interface ProxyOptions {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly noProxy?: string;
}

export interface HttpOptions {
  readonly proxy: ProxyOptions;
  readonly timeoutMs?: number | undefined;
}

export class TargetHttp {
  readonly #timeoutMs: number;
  readonly #checked: Dispatcher;
  readonly #unchecked: Dispatcher;

  constructor(options: HttpOptions) {
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#checked = agent(options.proxy, true, this.#timeoutMs);
    this.#unchecked = agent(options.proxy, false, this.#timeoutMs);
  }

  /** One POST. Never throws: a request that fails is an outcome. @param signal aborts it, outcome `retry` */
  async post(recipient: Recipient, body: string, signal: AbortSignal): Promise<Outcome> {
    try {
      const { origin, pathname, search } = new URL(recipient.url);
      const dispatcher = recipient.skipTlsCheck ? this.#unchecked : this.#checked;
      const answer = await request(dispatcher, {
        origin,
        path: pathname + search,
        method: 'POST',
        headers: recipient.headers,
        body,
        timeoutMs: this.#timeoutMs,
        maxAnswerBytes: MAX_ANSWER_BYTES,
        signal,
        isStatusEnough: true,
      });
      return judge(answer.status, answer.retryAfter);
    } catch (error) {
      if (error instanceof RequestTimeout) return { kind: 'retry', cause: error.message };
      return { kind: 'retry', cause: systemCode(error) || messageOf(error) };
    }
  }

  /** Drops what is under way. */
  async close(): Promise<void> {
    await Promise.all([this.#checked.destroy(), this.#unchecked.destroy()]);
  }
}

function agent(proxy: ProxyOptions, rejectUnauthorized: boolean, timeoutMs: number): Dispatcher {
  const tls = { rejectUnauthorized };
  return new EnvHttpProxyAgent({
    ...proxy,
    connections: MAX_CONNECTIONS,
    connect: { ...tls, timeout: timeoutMs },
    requestTls: tls,
  });
}
