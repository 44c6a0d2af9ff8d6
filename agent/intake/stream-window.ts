/**
 * A synchronous, repeatable view of a stream's next bytes.
 *
 *     consumed | window: chunks[0] … chunks[n] | still in the stream (its own high-water mark)
 *              ^ offsetBytes
 *
 * Holds no more than what the reader asks for in one read, and what the stream gives at once.
 */

import type { Readable } from 'node:stream';

export class StreamWindow {
  offsetBytes: number;
  /** The bytes that the last `read` returned are the last ones. */
  atEnd: boolean;
  readonly #input: Readable;
  readonly #onReadable: () => void;
  readonly #onError: (error: Error) => void;
  readonly #chunks: Uint8Array[];
  #waitingBytes: number;
  #skipBytes: number;
  #hasEnded: boolean;

  /** @param skipBytes taken from the stream and dropped before the first byte that is wanted */
  constructor(input: Readable, onReadable: () => void, onError: (error: Error) => void, skipBytes = 0) {
    this.offsetBytes = skipBytes;
    this.#skipBytes = skipBytes;
    this.atEnd = false;
    this.#input = input;
    this.#onReadable = onReadable;
    this.#onError = onError;
    this.#chunks = [];
    this.#waitingBytes = 0;
    this.#hasEnded = false;
    input.on('readable', onReadable);
    input.once('end', this.#end);
    input.once('close', this.#end);
    input.once('error', this.#fail);
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  read(into: Uint8Array): number {
    this.#fill(into.length);
    let count = 0;
    for (const chunk of this.#chunks) {
      const part = chunk.length <= into.length - count ? chunk : chunk.subarray(0, into.length - count);
      into.set(part, count);
      count += part.length;
      if (count === into.length) break;
    }
    this.atEnd = this.#hasEnded && count === this.#waitingBytes;
    return count;
  }

  #fill(wantedBytes: number): void {
    while (this.#waitingBytes < wantedBytes && !this.#hasEnded) {
      const chunk: unknown = this.#input.read();
      if (!(chunk instanceof Uint8Array)) return;
      const skipped = Math.min(this.#skipBytes, chunk.length);
      this.#skipBytes -= skipped;
      if (skipped === chunk.length) continue;
      this.#chunks.push(chunk.subarray(skipped));
      this.#waitingBytes += chunk.length - skipped;
    }
  }

  consume(bytes: number): void {
    this.offsetBytes += bytes;
    this.#waitingBytes -= bytes;
    let done = 0;
    while (bytes > 0) {
      const chunk = this.#chunks[done];
      if (chunk === undefined) break;
      if (chunk.length > bytes) {
        this.#chunks[done] = chunk.subarray(bytes);
        break;
      }
      bytes -= chunk.length;
      done++;
    }
    this.#chunks.splice(0, done);
  }

  readonly #end = (): void => {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#onReadable();
  };

  readonly #fail = (error: Error): void => {
    this.#hasEnded = true;
    this.#onError(error);
  };

  close(): void {
    this.#input.off('readable', this.#onReadable);
    this.#input.off('end', this.#end);
    this.#input.off('close', this.#end);
    this.#input.destroy();
  }
}
