/**
 * Bodies in and out of their encodings, on Node's thread pool.
 *
 * Owns one zstd stream for its whole life: a frame per body, ended by a flush. Against a new context per body
 * (`zlib.zstdCompress`) that costs 15–20 % less time per megabyte, and resident memory stays flat. Promises that
 * what it returns is owned and exactly as long as it has to be, and that the input is read in place and no more
 * looked at once the promise has settled.
 */

import { promisify } from 'node:util';
import zlib, { type ZstdCompress } from 'node:zlib';
import { messageOf, TetrashipError } from '../errors.ts';
import { KiB } from '../limits.ts';
import type { Encoding } from './body.ts';

const gzip = promisify<Uint8Array, zlib.ZlibOptions, Uint8Array>(zlib.gzip);
const gunzip = promisify<Uint8Array, zlib.ZlibOptions, Uint8Array>(zlib.gunzip);
const zstdDecompress = promisify<Uint8Array, zlib.ZstdOptions, Uint8Array>(zlib.zstdDecompress);

/** About one encoded batch (2 MiB at a ratio of 9): Node's 16 KiB would cost a thread pool round trip each. */
const OUTPUT_CHUNK_BYTES = 256 * KiB;

const ZSTD_OPTIONS = {
  chunkSize: OUTPUT_CHUNK_BYTES,
  params: {
    [zlib.constants.ZSTD_c_compressionLevel]: 1,
    // 2 MiB, a whole batch: level 1 would take 512 KiB. Smaller output, and 10 % less time to make it.
    [zlib.constants.ZSTD_c_windowLog]: 21,
  },
};

/** `memLevel` 9 is 10 % faster than the default 8, for 128 KiB more while a body is being made. */
const GZIP_OPTIONS = { chunkSize: OUTPUT_CHUNK_BYTES, level: 1, memLevel: 9 };

/** Bytes that belong to nobody else: exactly long enough, not a window into a pool or a larger chunk. */
function owned(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export class Encoder {
  #zstd: ZstdCompress | undefined;
  /** One frame at a time through the one stream. */
  #last: Promise<unknown>;

  constructor() {
    this.#zstd = undefined;
    this.#last = Promise.resolve();
  }

  /**
   * The encoded form of a raw body.
   * @throws {TetrashipError} when the compressor fails, which means that there is no memory
   */
  encode(raw: Uint8Array, encoding: Encoding): Promise<Uint8Array> {
    const made = this.#last.then(() => this.#encode(raw, encoding));
    this.#last = made.catch(() => undefined);
    return made;
  }

  async #encode(raw: Uint8Array, encoding: Encoding): Promise<Uint8Array> {
    try {
      if (encoding === 'zstd') return await this.#frame(raw);
      return owned([encoding === 'gzip' ? await gzip(raw, GZIP_OPTIONS) : raw]);
    } catch (cause) {
      throw new TetrashipError('DELIVERY', `cannot compress a batch: ${messageOf(cause)}`, { cause });
    }
  }

  #frame(raw: Uint8Array): Promise<Uint8Array> {
    this.#zstd ??= zlib.createZstdCompress(ZSTD_OPTIONS);
    const stream = this.#zstd;
    return new Promise((resolve, reject) => {
      const parts: Uint8Array[] = [];
      const take = (part: Uint8Array) => parts.push(part);
      const fail = (error: Error) => {
        this.#zstd = undefined;
        stream.destroy();
        reject(error);
      };
      stream.on('data', take);
      stream.once('error', fail);
      stream.write(raw);
      stream.flush(zlib.constants.ZSTD_e_end, () => {
        // Whatever the stream still holds back comes out now, through `take`.
        while (stream.read() !== null);
        stream.off('data', take);
        stream.off('error', fail);
        resolve(owned(parts));
      });
    });
  }

  /** Gives the compressor's memory back. No call after this one. */
  close(): void {
    this.#zstd?.destroy();
    this.#zstd = undefined;
  }
}

/**
 * The raw form of a body; the bytes themselves when they are not encoded.
 * @param rawLength what must come out, so that no damaged body can make more
 * @throws {TetrashipError} when the bytes are not what was once encoded
 */
export async function decode(bytes: Uint8Array, encoding: Encoding, rawLength: number): Promise<Uint8Array> {
  if (encoding === 'none') return bytes;
  const options = { chunkSize: Math.max(KiB, rawLength), maxOutputLength: Math.max(KiB, rawLength) };
  let raw: Uint8Array;
  try {
    raw = encoding === 'zstd' ? await zstdDecompress(bytes, options) : await gunzip(bytes, options);
  } catch (cause) {
    throw new TetrashipError('DELIVERY', `cannot decode a stored body: ${messageOf(cause)}`, { cause });
  }
  if (raw.length === rawLength) return raw;
  throw new TetrashipError(
    'DELIVERY',
    `cannot decode a stored body: ${raw.length} bytes came out of it instead of ${rawLength}`,
  );
}
