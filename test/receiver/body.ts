/** Reading and unpacking a request's body under the server's limits. */

import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';

/**
 * The whole body as sent. `over the limit` as soon as more than `limitBytes` came: the rest is not read.
 * With `bytesPerSecond` it is read no faster than that, and the client feels the back-pressure.
 */
export async function readBody(
  request: IncomingMessage,
  limitBytes: number,
  bytesPerSecond?: number,
): Promise<Buffer | 'over the limit' | 'aborted'> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // The iterator must not destroy the socket when the loop is left: the caller resets it.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      if (!Buffer.isBuffer(chunk)) continue;
      length += chunk.length;
      if (length > limitBytes) return 'over the limit';
      chunks.push(chunk);
      if (bytesPerSecond !== undefined) await sleep((chunk.length / bytesPerSecond) * 1000);
    }
  } catch {
    return 'aborted';
  }
  return Buffer.concat(chunks, length);
}

/** An encoding that the server does not know is ignored, and the body taken as it stands. */
export function unpack(
  body: Buffer,
  encoding: string | undefined,
  limitBytes: number,
): Buffer | 'over the limit' | 'damaged' {
  const options = { maxOutputLength: limitBytes };
  try {
    switch (encoding?.toLowerCase()) {
      case 'gzip':
        return gunzipSync(body, options);
      case 'br':
        return brotliDecompressSync(body, options);
      case 'zstd':
        return zstdDecompressSync(body, options);
      default:
        return body;
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    return code === 'ERR_BUFFER_TOO_LARGE' ? 'over the limit' : 'damaged';
  }
}
