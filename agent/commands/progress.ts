/** How far a long command is, for people who watch: one line on standard error, and nothing where that is no terminal. */

import { KiB, MiB } from '../limits.ts';

/** Ten a second look smooth. */
const INTERVAL_MS = 100;
const BAR_CHARS = 30;
const ERASE = '\r\u001b[K';

export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #totalBytes: number;
  readonly #startMs: number;
  #doneBytes: number;
  #shownMs: number;

  /** @param totalBytes of all files; 0 when nobody knows */
  constructor(totalBytes: number, stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
    this.#totalBytes = totalBytes;
    this.#startMs = performance.now();
    this.#doneBytes = 0;
    this.#shownMs = Number.NEGATIVE_INFINITY;
  }

  /** @param fileBytes of the current file */
  show(fileBytes: number): void {
    if (!this.#stream.isTTY) return;
    const nowMs = performance.now();
    if (nowMs - this.#shownMs < INTERVAL_MS) return;
    this.#shownMs = nowMs;
    const done = this.#doneBytes + fileBytes;
    const speed = done / Math.max(1, nowMs - this.#startMs) / 1000;
    this.#stream.write(`\r${bar(done, this.#totalBytes)}  ${size(done)}  ${speed.toFixed(0)} MB/s `);
  }

  fileDone(fileBytes: number): void {
    this.#doneBytes += fileBytes;
  }

  /** Takes the line away. */
  end(): void {
    if (this.#stream.isTTY) this.#stream.write(ERASE);
  }
}

function bar(done: number, total: number): string {
  if (total === 0) return '';
  const share = Math.min(1, done / total);
  const full = Math.round(share * BAR_CHARS);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_CHARS - full)}] ${String(Math.floor(share * 100)).padStart(3)}%`;
}

/** `12.3 MiB`. */
export function size(bytes: number): string {
  if (bytes < MiB) return `${(bytes / KiB).toFixed(1)} KiB`;
  return `${(bytes / MiB).toFixed(1)} MiB`;
}
