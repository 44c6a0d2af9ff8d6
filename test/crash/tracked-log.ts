/** A log under load that is rotated all the time, with a note of where each event stands. */

import { createHash } from 'node:crypto';
import { Generator } from '../../bench/generator.ts';
import { RotatingWriter } from '../../bench/rotating-writer.ts';

interface TrackedFile {
  readonly firstKey: number;
  /** As the agent identifies it. */
  firstLineHash: string;
  /** Where each of its events ends. */
  readonly ends: number[];
}

const TICK_MS = 10;
/** Never reached: rotation is by time. */
const MAX_BYTES = 2 ** 30;
/** All: away for longer than they last, an agent would really lose. */
const BACKUPS = 0;

export class TrackedLog {
  keys = 0;
  readonly #files: TrackedFile[] = [];
  readonly #writer: RotatingWriter;
  readonly #generator: Generator;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(path: string, seed: number) {
    this.#writer = new RotatingWriter({ path, maxBytes: MAX_BYTES, backups: BACKUPS, gzip: true });
    this.#generator = new Generator({ seed, size: 1 });
    this.#begin();
  }

  /** Rotates unless `mayRotate` says no. */
  start(eventsPerSecond: number, rotateEveryMs: number, mayRotate: () => boolean): void {
    const perTick = (eventsPerSecond * TICK_MS) / 1_000;
    const rotate = () => mayRotate() && this.rotate();
    this.#timers.push(setInterval(() => this.write(perTick), TICK_MS));
    this.#timers.push(setInterval(rotate, rotateEveryMs));
  }

  /** Files from that of the event with this key on, the file that is written to included. */
  filesFrom(key: number): number {
    return this.#files.length - this.#files.findLastIndex(({ firstKey }) => firstKey <= key);
  }

  write(events: number): void {
    const file = this.#files.at(-1);
    if (file === undefined) return;
    for (let event = 0; event < events; event++) {
      const line = Buffer.from(this.#generator.next());
      if (file.ends.length === 0) {
        file.firstLineHash = createHash('sha256').update(line).digest('hex').slice(0, 32);
      }
      this.#writer.write(line);
      file.ends.push((file.ends.at(-1) ?? 0) + line.length);
      this.keys++;
    }
  }

  rotate(): void {
    this.#writer.rotate();
    this.#begin();
  }

  #begin(): void {
    this.#files.push({ firstKey: this.keys, firstLineHash: '', ends: [] });
  }

  halt(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
  }

  async stop(): Promise<void> {
    this.halt();
    await this.#writer.close();
  }

  /** The first key that a place in a file does not cover; `undefined` for a file without a whole line. */
  keyAt(firstLineHash: string, offsetBytes: number): number | undefined {
    const file = this.#files.find((one) => one.firstLineHash === firstLineHash);
    if (file === undefined || firstLineHash === '') return undefined;
    return file.firstKey + file.ends.filter((end) => end <= offsetBytes).length;
  }
}
