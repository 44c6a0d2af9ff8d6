/**
 * The next bytes of something that gives them in chunks, as a reader wants them: synchronously, and again and again
 * until they are consumed.
 *
 *     consumed | chunks[0] … chunks[n]
 *              ^ offsetBytes
 *
 * Whoever fills it asks `waitingBytes` first: that is the bound.
 */

export class ByteWindow {
  offsetBytes: number;
  waitingBytes: number;
  readonly #chunks: Uint8Array[];
  /** Still to be dropped before the first byte that is wanted. */
  #skipBytes: number;

  /** @param offsetBytes where the reader begins; what is pushed begins at 0 */
  constructor(offsetBytes = 0) {
    this.offsetBytes = offsetBytes;
    this.waitingBytes = 0;
    this.#chunks = [];
    this.#skipBytes = offsetBytes;
  }

  push(chunk: Uint8Array): void {
    const skipped = Math.min(this.#skipBytes, chunk.length);
    this.#skipBytes -= skipped;
    if (skipped === chunk.length) return;
    this.#chunks.push(chunk.subarray(skipped));
    this.waitingBytes += chunk.length - skipped;
  }

  read(into: Uint8Array): number {
    let count = 0;
    for (const chunk of this.#chunks) {
      const part = chunk.length <= into.length - count ? chunk : chunk.subarray(0, into.length - count);
      into.set(part, count);
      count += part.length;
      if (count === into.length) break;
    }
    return count;
  }

  consume(bytes: number): void {
    this.offsetBytes += bytes;
    this.waitingBytes -= bytes;
    let done = 0;
    for (const chunk of this.#chunks) {
      if (chunk.length > bytes) break;
      bytes -= chunk.length;
      done++;
    }
    this.#chunks.splice(0, done);
    const [first] = this.#chunks;
    if (first !== undefined) this.#chunks[0] = first.subarray(bytes);
  }
}
