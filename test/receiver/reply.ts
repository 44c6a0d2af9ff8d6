/** What becomes of a request: an answer, a reset, or nothing at all. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';

export type Reply =
  | { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }
  /** RST: the client sees ECONNRESET or EPIPE, and no status. */
  | 'reset'
  /** The client waits for ever. */
  | 'silence';

export const OK: Reply = { status: 200 };

export function refusal(status: number, body: string): Reply {
  return { status, body };
}

export function page(value: unknown): Reply {
  return { status: 200, body: JSON.stringify(value), headers: { 'content-type': 'application/json' } };
}

export function send(reply: Reply, request: IncomingMessage, response: ServerResponse): void {
  if (reply === 'silence') return;
  if (reply === 'reset') {
    reset(request);
    return;
  }
  const body = reply.body ?? '';
  response.writeHead(reply.status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...reply.headers,
  });
  response.end(body);
}

/** RST; below TLS Node offers no reset, and the connection is cut without a close notice. */
export function reset(request: IncomingMessage): void {
  const { socket } = request;
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
