/**
 * What the server has shown to take: encodings and lengths. Nothing here is configured; it is learnt from
 * answers, and a body is adapted for the try alone, so that a server which is replaced is met anew.
 */

import { KiB } from '../limits.ts';
import type { Encoding } from './body.ts';
import type { Wire } from './client.ts';
import { decode, type Encoder } from './encode.ts';
import type { Job } from './outbox.ts';

/** A body is never sent in more than what the server is known to take. */
const RANK: Readonly<Record<Encoding, number>> = { none: 0, gzip: 1, zstd: 2 };

/** Then a body of a length that was once refused is tried whole again: limits are raised too. */
const REMEMBER_LIMIT_MS = 600_000;

/** A server cuts the connection at an uncompressed body over its limit: after as many cuts the body is halved. */
const CUTS_BEFORE_SPLIT = 2;

/** But nobody sets so low a limit: below it a cut connection is only that. */
const SPLIT_FLOOR_BYTES = 64 * KiB;

export class Learned {
  /** What new bodies are to be encoded in. */
  encoding: Encoding;
  /** Encodings in which a body was stored. */
  readonly #proven: Set<Encoding>;
  /** Raw length that the server refused as too large, and until when that is believed. */
  #refusedLength: number;
  #refusedUntilMs: number;
  /** Raw length of an uncompressed body that was halved on suspicion. */
  #suspectLength: number;

  constructor(encoding: Encoding) {
    this.encoding = encoding;
    this.#proven = new Set();
    this.#refusedLength = Number.POSITIVE_INFINITY;
    this.#refusedUntilMs = 0;
    this.#suspectLength = Number.POSITIVE_INFINITY;
  }

  isProven(encoding: Encoding): boolean {
    return this.#proven.has(encoding);
  }

  /** The body would be refused as too large: halve it before it is sent. */
  isTooLong({ body }: Job, nowMs: number): boolean {
    return body.rowCount > 1 && body.rawLength >= this.#refusedLength && nowMs < this.#refusedUntilMs;
  }

  /** The body as it goes out now. */
  async wire({ body, trial }: Job, encoder: Encoder): Promise<Wire> {
    const encoding = trial ?? (RANK[body.encoding] > RANK[this.encoding] ? this.encoding : body.encoding);
    if (encoding === body.encoding) return body;
    const raw = await decode(body.bytes, body.encoding, body.rawLength);
    const bytes = encoding === 'none' ? raw : await encoder.encode(raw, encoding);
    return { bytes, encoding, rowCount: body.rowCount, rawLength: body.rawLength };
  }

  /** The server said 413 to a body of this raw length. */
  tooLong(rawLength: number, nowMs: number): void {
    if (nowMs >= this.#refusedUntilMs || rawLength < this.#refusedLength) this.#refusedLength = rawLength;
    this.#refusedUntilMs = nowMs + REMEMBER_LIMIT_MS;
  }

  /** The connection was cut under an uncompressed body; says whether its length may be why. */
  isSuspect(job: Job, wire: Wire): boolean {
    if (wire.encoding !== 'none' || wire.rowCount < 2 || wire.rawLength <= SPLIT_FLOOR_BYTES) return false;
    if (++job.cuts < CUTS_BEFORE_SPLIT) return false;
    this.#suspectLength = wire.rawLength;
    return true;
  }

  /** A body was stored. Returns the encoding that is given up by it, if any. */
  passed(job: Job, wire: Wire, nowMs: number): Encoding | undefined {
    this.#proven.add(wire.encoding);
    if (
      wire.encoding === 'none' &&
      wire.rawLength < this.#suspectLength &&
      Number.isFinite(this.#suspectLength)
    ) {
      this.tooLong(this.#suspectLength, nowMs);
    }
    this.#suspectLength = Number.POSITIVE_INFINITY;
    const before = this.encoding;
    if (job.trial === undefined || RANK[wire.encoding] >= RANK[before]) return undefined;
    this.encoding = wire.encoding;
    return before;
  }
}
