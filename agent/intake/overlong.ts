/**
 * A line over the limit that has not ended yet: its head is kept, the rest is only counted, and until its end
 * is found the checkpoint stays before it.
 */

import { TOO_LONG_PREFIX_BYTES } from '../limits.ts';
import type { TrackedFile } from '../position.ts';

const NEWLINE = 0x0a;

export class OverlongLine {
  readonly file: TrackedFile;
  /** Where the line begins. */
  readonly offsetBytes: number;
  /** Bytes seen so far, the line end included once it is found. */
  lengthBytes: number;
  ended: boolean;
  readonly #head: Buffer;
  #headLength: number;

  constructor(file: TrackedFile, offsetBytes: number) {
    this.file = file;
    this.offsetBytes = offsetBytes;
    this.lengthBytes = 0;
    this.ended = false;
    this.#head = Buffer.alloc(TOO_LONG_PREFIX_BYTES);
    this.#headLength = 0;
  }

  /** Takes the next bytes of the line; returns how many of them belong to it. */
  take(bytes: Uint8Array): number {
    const newline = bytes.indexOf(NEWLINE);
    const length = newline < 0 ? bytes.length : newline + 1;
    const content = newline < 0 ? length : newline;
    const kept = Math.min(content, this.#head.length - this.#headLength);
    this.#head.set(bytes.subarray(0, kept), this.#headLength);
    this.#headLength += kept;
    this.lengthBytes += length;
    this.ended = newline >= 0;
    return length;
  }

  /** The line's first bytes. */
  get head(): Uint8Array {
    return this.#head.subarray(0, this.#headLength);
  }
}
