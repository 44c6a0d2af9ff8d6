/**
 * Dead letters: what could not be sent, one JSON object per line in `<folder>/*.ndjson`.
 *
 *     append ─► pending (memory) ─► page cache ──flush──► disk
 *
 * Promises: every letter since the last successful `flush` is still in memory, so that a disk that fails costs none
 * while it fails; when `flush` returns true all of them are on disk, and the checkpoint may pass their bytes. Both
 * are bounded: too many pending letters lose the oldest, too many files lose the oldest, counted and said. Disk
 * errors are counted and said, never thrown.
 */

import { messageOf } from '../errors.ts';
import { MiB } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { TrackedFile } from '../position.ts';
import { LetterDisk } from './letter-disk.ts';
import { type DeadLetter, printLetter } from './letter-format.ts';

/** Reads a line back from its file; `undefined` when the file is gone or is another by now. */
export type LineReader = (
  file: TrackedFile,
  offsetBytes: number,
  lengthBytes: number,
) => Uint8Array | undefined;

export interface DeadLettersOptions {
  readonly folder: string;
  readonly node: string;
  /** Bound of all files together. */
  readonly maxBytes: number;
  readonly log: Logger;
}

/** A letter that is not known to be on disk. */
interface Pending {
  readonly letter: Pick<DeadLetter, 'reason' | 'file' | 'offset' | 'length'>;
  readonly bytes: Buffer;
  /** In the page cache of the current file. */
  written: boolean;
  /** Among the statistics. */
  counted: boolean;
}

/** Letters in memory: a flood of them is made durable in between, a disk that fails keeps the newest. */
const MAX_PENDING_BYTES = MiB;
/** What a failing disk means for the letters. */
const THEY_WAIT = `the newest letters wait in memory (${MAX_PENDING_BYTES / MiB} MiB), older ones are lost until the disk is well`;
/** A broken disk is said this often. */
const COMPLAIN_EVERY_MS = 60_000;

export class DeadLetters {
  readonly stats: {
    letters: number;
    /** Letters by reason. The reasons are ours: a bounded set. */
    byReason: Map<string, number>;
    /** Letters in files that were removed to stay under the bound. */
    removed: number;
    /** Letters given up because the disk did not take them. */
    failed: number;
    diskErrors: number;
  };
  /** The disk's last failure in words; `''` while letters can be written. */
  trouble: string;
  readonly #options: DeadLettersOptions;
  readonly #disk: LetterDisk;
  readonly #pending: Pending[];
  /** Of the disk, when `written` was last true to it. */
  #breaks: number;
  #pendingBytes: number;
  #complainedMs: number;
  /** Trouble was said, and not yet its end. */
  #isTroubleSaid: boolean;

  /** Never throws: a folder that cannot be used shows with the first letter. */
  constructor(options: DeadLettersOptions) {
    this.stats = { letters: 0, byReason: new Map(), removed: 0, failed: 0, diskErrors: 0 };
    this.trouble = '';
    this.#options = options;
    this.#pending = [];
    this.#breaks = 0;
    this.#pendingBytes = 0;
    this.#complainedMs = Number.NEGATIVE_INFINITY;
    this.#isTroubleSaid = false;
    this.#disk = new LetterDisk({
      folder: options.folder,
      maxBytes: options.maxBytes,
      onRemoved: (file, letters) => {
        this.stats.removed += letters;
        const way =
          'replay them in time (tetraship replay --dead-letters), or raise TETRASHIP_DEADLETTER_BYTES';
        options.log.warn(
          `dead letters are full: the oldest file is removed, and its letters are lost; ${way}`,
          {
            ...{ file, letters },
          },
        );
      },
      onTrouble: (what, error) => {
        this.stats.diskErrors++;
        this.#complain(what, messageOf(error), 'no letter is lost by that', {});
      },
    });
  }

  /** Bytes of all files. */
  get usedBytes(): number {
    return this.#disk.usedBytes;
  }

  /** Takes one letter; it is in its file when this returns, or in memory while the disk fails. */
  append(letter: DeadLetter): void {
    const { node, maxBytes } = this.#options;
    const bytes = printLetter(letter, node, new Date(), maxBytes);
    const { reason, file, offset, length } = letter;
    const pending = { letter: { reason, file, offset, length }, bytes, written: false, counted: false };
    this.#pending.push(pending);
    this.#pendingBytes += bytes.length;
    // A disk that fails is tried again by `flush`, not by each letter of a flood.
    if (this.trouble === '') this.#write(pending);
    if (this.#pendingBytes <= MAX_PENDING_BYTES || this.flush()) return;
    while (this.#pendingBytes > MAX_PENDING_BYTES && this.#pending.length > 1) this.#giveUpOldest();
  }

  /** Everything taken so far survives a power failure. Returns false when the disk refused. */
  flush(): boolean {
    if (this.#pending.length === 0) return true;
    for (const pending of this.#pending) {
      if (!pending.written && !this.#write(pending)) return false;
    }
    try {
      this.#disk.sync();
    } catch (error) {
      this.#failed('make dead letters durable', error, {});
      return false;
    }
    this.#pending.length = 0;
    this.#pendingBytes = 0;
    this.trouble = '';
    if (this.#isTroubleSaid) this.#options.log.info('dead letters can be written again');
    this.#isTroubleSaid = false;
    return true;
  }

  close(): void {
    this.flush();
    this.#disk.close();
  }

  #write(pending: Pending): boolean {
    const { bytes, letter } = pending;
    try {
      this.#disk.write(bytes);
    } catch (error) {
      this.#failed('write a dead letter', error, letter);
      return false;
    }
    pending.written = true;
    if (!pending.counted) {
      pending.counted = true;
      this.stats.letters++;
      this.stats.byReason.set(letter.reason, (this.stats.byReason.get(letter.reason) ?? 0) + 1);
    }
    return true;
  }

  #giveUpOldest(): void {
    const oldest = this.#pending.shift();
    if (oldest === undefined) return;
    this.#pendingBytes -= oldest.bytes.length;
    this.stats.failed++;
    this.#complain('keep more dead letters in memory', this.trouble, THEY_WAIT, oldest.letter);
  }

  #failed(what: string, error: unknown, fields: Record<string, unknown>): void {
    this.stats.diskErrors++;
    this.trouble = messageOf(error);
    if (this.#disk.breaks > this.#breaks) {
      this.#breaks = this.#disk.breaks;
      for (const pending of this.#pending) pending.written = false;
    }
    this.#complain(what, this.trouble, THEY_WAIT, fields);
  }

  #complain(what: string, cause: string, meaning: string, fields: Record<string, unknown>): void {
    const now = performance.now();
    if (now - this.#complainedMs < COMPLAIN_EVERY_MS) return;
    this.#complainedMs = now;
    this.#isTroubleSaid = true;
    const { folder } = this.#options;
    const text = `cannot ${what}: ${cause}; ${meaning}. Make room or mend the folder: it is tried again by itself`;
    this.#options.log.error(text, { folder, failed: this.stats.failed, ...fields });
  }
}
