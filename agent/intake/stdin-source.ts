/**
 * Standard input as a source: a bounded window over a stream. What was taken from the stream and not consumed
 * is kept; the stream is asked for more only while the window has room, so a blocked reader blocks the writer.
 */

import type { Readable } from 'node:stream';
import { messageOf } from '../errors.ts';
import type { TrackedFile } from '../position.ts';
import type { IntakeContext } from './context.ts';
import type { Source } from './source.ts';
import { StreamWindow } from './stream-window.ts';

export const STDIN = '-';

export class StdinSource implements Source {
  readonly key: string;
  readonly file: TrackedFile;
  readonly #context: IntakeContext;
  readonly #window: StreamWindow;

  constructor(context: IntakeContext, input: Readable, onReadable: () => void) {
    this.key = STDIN;
    this.file = { source: STDIN, path: STDIN, identity: { device: 0, inode: 0, firstLineHash: '' } };
    this.#context = context;
    this.#window = new StreamWindow(input, onReadable, (error) => {
      context.stats.countReadError('stdin');
      context.log.error(`cannot read standard input: ${messageOf(error)}; what came before is still sent`);
      onReadable();
    });
  }

  get offsetBytes(): number {
    return this.#window.offsetBytes;
  }

  get waitingBytes(): number {
    return this.#window.waitingBytes;
  }

  get atFinalEnd(): boolean {
    return this.#window.atEnd;
  }

  /** The end came and every byte before it is consumed. */
  get hasEnded(): boolean {
    return this.#window.atEnd && this.#window.waitingBytes === 0;
  }

  read(into: Uint8Array): number {
    return this.#window.read(into);
  }

  consume(bytes: number): void {
    this.#window.consume(bytes);
    this.#context.stats.readBytes += bytes;
  }

  /** Nothing comes after standard input. */
  advance(): boolean {
    return false;
  }

  stop(): void {
    this.#window.close();
  }
}
