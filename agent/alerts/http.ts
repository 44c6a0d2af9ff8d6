/**
 * The requests to all targets. Connections are shared by origin and bounded; what a target answers is thrown
 * away unread but for its status, and a slow answer costs no more than the time-out.
 */

import { messageOf, systemCode } from '../errors.ts';
import { RequestTimeout, request } from '../http-request.ts';
import type { Recipient } from './notification.ts';
import { judge, type Outcome } from './outcome.ts';
import { type ProxyOptions, TlsDispatchers } from './tls-dispatchers.ts';

export type { ProxyOptions } from './tls-dispatchers.ts';

/** From the first byte of the connection to the last of the answer. */
const TIMEOUT_MS = 10_000;

/** Bytes of an answer that are read so that its connection can be used again. */
const MAX_ANSWER_BYTES = 64 * 1024;

export interface HttpOptions {
  readonly proxy: ProxyOptions;
  readonly timeoutMs?: number | undefined;
}

export class TargetHttp {
  readonly #timeoutMs: number;
  readonly #dispatchers: TlsDispatchers;

  constructor(options: HttpOptions) {
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#dispatchers = new TlsDispatchers(options.proxy, this.#timeoutMs);
  }

  /** One request. Never throws: one that fails is an outcome. @param signal aborts it, outcome `retry` */
  async send(recipient: Recipient, body: string, signal: AbortSignal): Promise<Outcome> {
    try {
      const { origin, path, headers } = recipient.address();
      const dispatcher = this.#dispatchers.for(recipient.tls, recipient.skipTlsCheck);
      const answer = await request(dispatcher, {
        ...{ origin, path, method: recipient.method, headers, body, signal },
        timeoutMs: recipient.timeoutMs ?? this.#timeoutMs,
        maxAnswerBytes: MAX_ANSWER_BYTES,
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
    await this.#dispatchers.destroy();
  }
}
