/** A forward proxy that only makes tunnels, as people's proxies do for TLS: remembers who was wanted. */

import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface ProxyOptions {
  /** Refuses each tunnel with this status. */
  readonly refuse?: number;
}

export class TunnelProxy implements AsyncDisposable {
  /** `host:port` of each tunnel that was asked for. */
  readonly asked: string[];
  readonly url: string;
  readonly #close: () => void;

  constructor(asked: string[], url: string, close: () => void) {
    this.asked = asked;
    this.url = url;
    this.#close = close;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
  }
}

/** On a free port of loopback. */
export async function createProxy({ refuse }: ProxyOptions = {}): Promise<TunnelProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_, response) => response.writeHead(500).end());
  server.on('connection', (socket) => sockets.add(socket));
  server.on('connect', (request, client, head) => {
    const wanted = new URL(`http://${request.url}`);
    asked.push(request.url ?? '');
    client.on('error', () => client.destroy());
    if (refuse !== undefined) {
      client.end(`HTTP/1.1 ${refuse} no\r\n\r\n`);
      return;
    }
    const target = connect(Number(wanted.port), wanted.hostname, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      target.write(head);
      target.pipe(client).pipe(target);
    });
    sockets.add(target);
    target.on('error', () => client.end('HTTP/1.1 502 no\r\n\r\n'));
    for (const side of [target, client]) side.on('close', () => [target, client].map((one) => one.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no address');
  return new TunnelProxy(asked, `http://127.0.0.1:${address.port}`, () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
}
