/**
 * The loop that moves bytes: source → kernel → open batch, with rejects and matches handed on as they appear.
 *
 *     idle ──something is readable──► running ──no free slot──► blocked ──a slot is released──► running
 *      ▲                                 │
 *      └─────────nothing is left─────────┘
 *
 * Promises that a byte is consumed only once its row, reject or blank is accounted for, that one turn of the
 * loop is bounded so that timers and sockets get theirs, and that nothing is allocated per event. When to look
 * at files is the intake's business: this loop runs until there is nothing to read, and rests.
 */

import { OverlongLine } from './intake/overlong.ts';
import type { Source } from './intake/source.ts';
import type { Batcher } from './kernel/batcher.ts';
import {
  type Kernel,
  type KernelMatch,
  STATUS_MORE,
  STATUS_SLOT_FULL,
  STATUS_TOO_LONG,
} from './kernel/kernel.ts';
import { REJECT_REASONS, type RejectReason } from './kernel/types.ts';
import { MiB, READ_CHUNK_BYTES, TOO_LONG_PREFIX_BYTES } from './limits.ts';
import type { Position, TrackedFile } from './position.ts';

/** Bytes of one turn: about half a millisecond of work. */
const TURN_BYTES = MiB;
export interface RejectedLine {
  readonly reason: RejectReason;
  readonly file: TrackedFile;
  readonly offsetBytes: number;
  /** With the line end. */
  readonly lengthBytes: number;
  /** Without the line end; of a line that is too long the first 64 KiB. A view, valid until return. */
  readonly line: Uint8Array;
}

/** What was evaluated before a restart: read and sent again, and not evaluated again. */
export interface Evaluation {
  /** Bytes of the file; 0 for one that is new. */
  evaluatedUpTo(file: TrackedFile): number;
  /** The place turned out to be no end of a line. */
  forget(file: TrackedFile): void;
  /** Runs the kernel so that its states stay what they are. */
  quietly(process: () => number): number;
  /** Everything before is evaluated. */
  passed(position: Position): void;
}

export interface FeederOptions {
  readonly kernel: Kernel;
  readonly batcher: Batcher;
  readonly sources: () => readonly Source[];
  readonly onReject: (reject: RejectedLine) => void;
  /** The row is a view, valid until return. */
  readonly onMatch: (match: KernelMatch) => void;
  readonly evaluation: Evaluation;
  /** Everything there was to read is consumed. */
  readonly onIdle: () => void;
}

type State = 'stopped' | 'idle' | 'running' | 'blocked';

export class Feeder {
  readonly stats = {
    readBytes: 0,
    events: 0,
    blankLines: 0,
    filteredEvents: 0,
    overflowEvents: 0,
    typeChanges: 0,
    /** All reasons from the start, so that a rate over them begins at zero. */
    rejected: new Map<RejectReason, number>(REJECT_REASONS.map((reason) => [reason, 0])),
  };
  readonly #options: FeederOptions;
  readonly #kernel: Kernel;
  readonly #overlong: Map<string, OverlongLine>;
  /** Views of the input buffer, made once: the usual read, and the whole of it for a long line. */
  readonly #chunk: Uint8Array;
  readonly #whole: Uint8Array;
  #state: State;

  constructor(options: FeederOptions) {
    this.#options = options;
    this.#kernel = options.kernel;
    this.#overlong = new Map();
    this.#chunk = options.kernel.input.subarray(0, READ_CHUNK_BYTES);
    this.#whole = options.kernel.input;
    this.#state = 'stopped';
  }

  get state(): State {
    return this.#state;
  }

  start(): void {
    if (this.#state === 'stopped') this.#runSoon();
  }

  /** Something may be readable, or a slot has become free. Cheap to call often. */
  wake(): void {
    if (this.#state === 'idle' || this.#state === 'blocked') this.#runSoon();
  }

  stop(): void {
    this.#state = 'stopped';
  }

  #runSoon(): void {
    this.#state = 'running';
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    if (this.#state === 'stopped') return;
    let isMore = false;
    for (const source of this.#options.sources()) {
      const bytes = this.#drain(source);
      if (bytes < 0) {
        this.#state = 'blocked';
        return;
      }
      // A turn that has used up its share may have left some of what was read last.
      if (bytes >= TURN_BYTES || (bytes > 0 && !source.atEndForNow)) isMore = true;
    }
    if (isMore) {
      this.#runSoon();
      return;
    }
    this.#state = 'idle';
    this.#options.onIdle();
  };

  /** Moves what a source has, up to one turn's worth; returns the bytes moved, or -1 when no slot is free. */
  #drain(source: Source): number {
    const { batcher, evaluation } = this.#options;
    let moved = 0;
    let view = this.#chunk;
    while (moved < TURN_BYTES) {
      if (!batcher.tryOpen()) return -1;
      const before = source.file;
      const quietBytes = before === undefined ? 0 : evaluation.evaluatedUpTo(before) - source.offsetBytes;
      const room = quietBytes > 0 && quietBytes < view.length ? view.subarray(0, quietBytes) : view;
      const length = source.read(room);
      const file = source.file;
      if (file === undefined) break;
      const isQuiet = quietBytes > 0 && file === before;
      let overlong = this.#overlong.get(source.key);
      if (overlong && overlong.file !== file) {
        // The file was truncated under the line: what was seen of it is all there will be.
        this.#endOverlong(overlong, source.key);
        overlong = undefined;
      }
      if (length === 0) {
        if (!source.atFinalEnd) break;
        if (overlong) this.#endOverlong(overlong, source.key);
        if (!source.advance()) break;
        continue;
      }
      if (overlong) {
        moved += this.#skip(source, overlong, room.subarray(0, length));
        continue;
      }
      const status = this.#feed(source, file, length, isQuiet);
      const consumed = this.#kernel.consumedBytes;
      moved += consumed;
      if (consumed > 0) {
        view = this.#chunk;
        if (status === STATUS_MORE && source.atEndForNow && !source.atFinalEnd) break;
      } else if (status === STATUS_MORE) {
        // Part of a line: wait for the rest of it, or look at more of it at once.
        if (isQuiet && length === quietBytes) evaluation.forget(file);
        else if (length < room.length) break;
        else view = this.#whole;
      }
    }
    return moved;
  }

  /** Gives `length` bytes in the input buffer to the kernel and takes what it found; returns its status. */
  #feed(source: Source, file: TrackedFile, length: number, isQuiet: boolean): number {
    const kernel = this.#kernel;
    const { batcher, evaluation } = this.#options;
    const offset = source.offsetBytes;
    batcher.rowsFrom(file);
    kernel.readsFrom(file.identity.firstLineHash);
    // Up to a place evaluated before, an unterminated piece is no last one.
    const status = isQuiet
      ? evaluation.quietly(() => kernel.process(length, offset, false))
      : kernel.process(length, offset, source.atFinalEnd);
    const consumed = kernel.consumedBytes;
    this.#count(consumed);
    const rejects = kernel.rejectCount;
    for (let i = 0; i < rejects; i++) this.#reject(file, offset, i);
    const matches = isQuiet ? 0 : kernel.matchCount;
    for (let i = 0; i < matches; i++) this.#options.onMatch(kernel.match(i));

    if (consumed > 0) {
      source.consume(consumed);
      const position = { file, offsetBytes: offset + consumed };
      batcher.covered(position);
      evaluation.passed(position);
    }
    if (status === STATUS_TOO_LONG) this.#overlong.set(source.key, new OverlongLine(file, offset + consumed));
    // A full slot leaves at once. A call that stopped to be drained goes on with the bytes that are left.
    if (status === STATUS_SLOT_FULL) batcher.seal();
    return status;
  }

  #count(consumed: number): void {
    const kernel = this.#kernel;
    this.stats.readBytes += consumed;
    this.stats.events += kernel.events;
    this.stats.blankLines += kernel.blankLines;
    this.stats.filteredEvents += kernel.filteredEvents;
    this.stats.overflowEvents += kernel.overflowEvents;
    this.stats.typeChanges += kernel.typeChanges;
  }

  #reject(file: TrackedFile, offset: number, index: number): void {
    const { reason, start, length, lineLength } = this.#kernel.reject(index);
    const kept = reason === 'too_long' ? Math.min(lineLength, TOO_LONG_PREFIX_BYTES) : lineLength;
    this.#handReject({
      reason,
      file,
      offsetBytes: offset + start,
      lengthBytes: length,
      line: this.#whole.subarray(start, start + kept),
    });
  }

  #handReject(reject: RejectedLine): void {
    this.stats.rejected.set(reject.reason, (this.stats.rejected.get(reject.reason) ?? 0) + 1);
    this.#options.onReject(reject);
  }

  #skip(source: Source, overlong: OverlongLine, bytes: Uint8Array): number {
    const taken = overlong.take(bytes);
    source.consume(taken);
    this.stats.readBytes += taken;
    if (overlong.ended) this.#endOverlong(overlong, source.key);
    return taken;
  }

  /** The line's end is found, or its file has ended without one. */
  #endOverlong(overlong: OverlongLine, key: string): void {
    this.#overlong.delete(key);
    this.#handReject({
      reason: 'too_long',
      file: overlong.file,
      offsetBytes: overlong.offsetBytes,
      lengthBytes: overlong.lengthBytes,
      line: overlong.head,
    });
    const position = { file: overlong.file, offsetBytes: overlong.offsetBytes + overlong.lengthBytes };
    this.#options.batcher.covered(position);
    this.#options.evaluation.passed(position);
  }
}
