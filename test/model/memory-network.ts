/**
 * A server in memory in place of undici: no socket and no real time, so that thousands of histories can be played.
 * Stands in for `agent/http-request.ts`; what the real one does on the wire is tested elsewhere.
 */

import type { HttpAnswer, HttpRequest } from '../../agent/http-request.ts';

export type ServerMode =
  | 'well'
  /** Refuses connections. */
  | 'down'
  /** 503. */
  | 'busy'
  /** The connection is reset before the rows are stored. */
  | 'reset'
  /** Stores the rows, and the connection is reset before the answer. */
  | 'storedAndReset'
  /** Stores, and answers a while later. */
  | 'slow';

export const SERVER_MODES: readonly ServerMode[] = [
  'well',
  'down',
  'busy',
  'reset',
  'storedAndReset',
  'slow',
];

const SLOW_MS = 300;
const KEY = /seq-(\d+)"/g;

class MemoryServer {
  mode: ServerMode = 'well';
  /** How often each key is stored. */
  readonly stored = new Map<number, number>();
  /** The process that lives: what the dispatchers of those before it ask reaches nobody. */
  #living = 0;
  readonly #processes = new WeakMap<object, number>();

  reset(): void {
    this.mode = 'well';
    this.killClients();
    this.stored.clear();
  }

  killClients(): void {
    this.#living++;
  }

  isFromDead(dispatcher: object): boolean {
    const process = this.#processes.get(dispatcher) ?? this.#living;
    this.#processes.set(dispatcher, process);
    return process !== this.#living;
  }

  store(body: Uint8Array): void {
    for (const [, key] of Buffer.from(body).toString('latin1').matchAll(KEY)) {
      this.stored.set(Number(key), (this.stored.get(Number(key)) ?? 0) + 1);
    }
  }
}

export const server = new MemoryServer();

export async function request(dispatcher: object, { method, body }: HttpRequest): Promise<HttpAnswer> {
  const isDead = server.isFromDead(dispatcher);
  await new Promise(setImmediate);
  const { mode } = server;
  if (isDead || mode === 'down') throw failure('ECONNREFUSED');
  if (mode === 'busy') return answer(503, 'busy');
  if (mode === 'reset') throw failure('ECONNRESET');
  const isIngest = method === 'POST' && body instanceof Uint8Array;
  if (isIngest) server.store(body);
  if (mode === 'slow') await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  // Reached the server, but nobody is there any more to hear of it.
  if (server.isFromDead(dispatcher)) throw failure('ECONNRESET');
  if (isIngest && mode === 'storedAndReset') throw failure('ECONNRESET');
  return isIngest ? answer(200, '') : answer(200, '{"fields":[]}');
}

function answer(status: number, text: string): HttpAnswer {
  return { status, retryAfter: undefined, date: undefined, text };
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
