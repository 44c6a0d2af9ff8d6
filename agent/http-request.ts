/**
 * One request through a dispatcher of undici, answered by a status and a bounded text.
 *
 * Uses `dispatch`, undici's lowest interface: its `request` makes a stream, an async resource and listeners for an
 * abort signal of each answer, which costs a shipper of small answers more than all the rest of a request. Promises
 * that a request ends within its time-out, and that an answer of any length costs a bounded number of bytes.
 */

import type { Dispatcher } from './http-dispatchers.ts';

export interface HttpRequest {
  readonly origin: string;
  /** With the query. */
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string | null;
  /** From here to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Of the answer; its connection is closed when there are more. */
  readonly maxAnswerBytes: number;
  readonly signal?: AbortSignal;
  /** Once the status is here, a body that breaks or drags on changes nothing about the answer. */
  readonly isStatusEnough?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  /** The header as it came; `undefined` when there is none, or several. */
  readonly retryAfter: string | undefined;
  /** The clock of whoever answered, as it came. */
  readonly date: string | undefined;
  /** Cut at `maxAnswerBytes`. */
  readonly text: string;
}

/** The request took longer than its time-out. */
export class RequestTimeout extends Error {
  readonly code = 'TIMEOUT';

  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

/** @throws the error of undici or the system, the signal's reason, or a RequestTimeout */
export function request(dispatcher: Dispatcher, options: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => new Exchange(dispatcher, options, resolve, reject));
}

/** undici's handler of one request. It settles once; what comes later is ignored. */
class Exchange implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #status: number;
  #retryAfter: string | undefined;
  #date: string | undefined;
  readonly #isStatusEnough: boolean;
  readonly #parts: Uint8Array[];
  #left: number;
  #end: 'open' | 'settled';
  readonly #timer: NodeJS.Timeout;
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    dispatcher: Dispatcher,
    options: HttpRequest,
    resolve: (answer: HttpAnswer) => void,
    reject: (error: unknown) => void,
  ) {
    const { origin, path, method, headers, body, timeoutMs, signal } = options;
    this.#controller = undefined;
    this.#status = 0;
    this.#retryAfter = undefined;
    this.#date = undefined;
    this.#isStatusEnough = options.isStatusEnough ?? false;
    this.#parts = [];
    this.#left = options.maxAnswerBytes;
    this.#end = 'open';
    this.#timer = setTimeout(() => this.#fail(new RequestTimeout(timeoutMs)), timeoutMs);
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    signal?.addEventListener('abort', this.#onAbort);
    if (signal?.aborted) this.#onAbort();
    // The timer above bounds the whole request; second clocks would only blur the cause.
    else
      dispatcher.dispatch({ origin, path, method, headers, body, headersTimeout: 0, bodyTimeout: 0 }, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#end === 'settled') controller.abort(new Error('the request is over'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    const retryAfter = headers['retry-after'];
    this.#retryAfter = typeof retryAfter === 'string' ? retryAfter : undefined;
    this.#date = typeof headers['date'] === 'string' ? headers['date'] : undefined;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#end === 'settled') return;
    this.#parts.push(chunk.subarray(0, this.#left));
    this.#left -= chunk.length;
    if (this.#left > 0) return;
    this.#answer();
    controller.abort(new Error('the answer is too long'));
  }

  onResponseEnd(): void {
    this.#answer();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  readonly #onAbort = (): void => {
    this.#fail(this.#signal?.reason);
  };

  #answer(): void {
    if (!this.#trySettle()) return;
    const text = this.#parts.length === 0 ? '' : Buffer.concat(this.#parts).toString();
    this.#resolve({ status: this.#status, retryAfter: this.#retryAfter, date: this.#date, text });
  }

  #fail(error: unknown): void {
    if (this.#isStatusEnough && this.#status !== 0) this.#answer();
    else if (this.#trySettle()) this.#reject(error);
    else return;
    this.#controller?.abort(error instanceof Error ? error : new Error('aborted'));
  }

  #trySettle(): boolean {
    if (this.#end === 'settled') return false;
    this.#end = 'settled';
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }
}
