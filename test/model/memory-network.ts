/**
 * A server in memory in place of undici's dispatchers: no socket and no real time, so that thousands of histories
 * can be played. Stands in for `agent/http-dispatchers.ts`; what the real one does on the wire is tested elsewhere.
 */

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
  /** Requests of dispatchers made before count as those of a dead process: they reach nobody. */
  generation = 0;
  /** How often each key is stored. */
  readonly stored = new Map<number, number>();

  reset(): void {
    this.mode = 'well';
    this.generation++;
    this.stored.clear();
  }

  store(body: Uint8Array): void {
    for (const [, key] of Buffer.from(body).toString('latin1').matchAll(KEY)) {
      this.stored.set(Number(key), (this.stored.get(Number(key)) ?? 0) + 1);
    }
  }
}

export const server = new MemoryServer();

interface Request {
  readonly method: string;
  readonly body: Uint8Array | null;
  readonly signal: AbortSignal;
}

interface Response {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: AsyncIterable<Uint8Array>;
}

export class Pool {
  readonly #generation = server.generation;
  #isDestroyed = false;

  async request({ method, body, signal }: Request): Promise<Response> {
    await new Promise(setImmediate);
    const { mode } = server;
    if (this.#isDead || mode === 'down') throw failure('ECONNREFUSED');
    if (mode === 'busy') return response(503, 'busy');
    if (mode === 'reset') throw failure('ECONNRESET');
    if (method === 'POST' && body !== null) server.store(body);
    if (mode === 'slow') await pause(SLOW_MS, signal);
    // Reached the server, but nobody is there any more to hear of it.
    if (this.#isDead) throw failure('ECONNRESET');
    if (mode === 'storedAndReset' && method === 'POST') throw failure('ECONNRESET');
    return method === 'POST' ? response(200, '') : response(200, '{"fields":[]}');
  }

  get #isDead(): boolean {
    return this.#isDestroyed || this.#generation !== server.generation;
  }

  async destroy(): Promise<void> {
    this.#isDestroyed = true;
  }
}

export class EnvHttpProxyAgent extends Pool {}

function response(statusCode: number, text: string): Response {
  return {
    statusCode,
    headers: {},
    body: (async function* () {
      yield Buffer.from(text);
    })(),
  };
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, delayMs);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(failure('ABORTED'));
    });
  });
}
