/**
 * Standard input as a source. The stream is asked for more only while the window holds less than a read is worth,
 * so that a blocked reader blocks the writer.
 */

import type { Readable } from 'node:stream';
import { messageOf } from '../errors.ts';
import { READ_CHUNK_BYTES } from '../limits.ts';
import type { TrackedFile } from '../position.ts';
import { ByteWindow } from './byte-window.ts';
import type { IntakeContext } from './context.ts';
import type { Source } from './source.ts';

export const STDIN = '-';

export class StdinSource implements Source {
  readonly key: string;
  readonly file: TrackedFile;
  /** More may have come meanwhile. */
  readonly atEndForNow = false;
  atFinalEnd: boolean;
  readonly #context: IntakeContext;
  readonly #input: Readable;
  readonly #window: ByteWindow;
  #isOver: boolean;

  constructor(context: IntakeContext, input: Readable) {
    this.key = STDIN;
    this.file = { source: STDIN, path: STDIN, identity: { device: 0, inode: 0, firstLineHash: '' } };
    this.atFinalEnd = false;
    this.#context = context;
    this.#input = input;
    this.#window = new ByteWindow();
    this.#isOver = false;
    input.on('readable', this.#fill);
    input.on('end', this.#end);
    input.on('close', this.#end);
    input.on('error', this.#fail);
  }

  get offsetBytes(): number {
    return this.#window.offsetBytes;
  }

  get waitingBytes(): number {
    return this.#window.waitingBytes;
  }

  /** The end came and every byte before it is consumed. */
  get hasEnded(): boolean {
    return this.atFinalEnd && this.waitingBytes === 0;
  }

  read(into: Uint8Array): number {
    this.#take(into.length);
    const count = this.#window.read(into);
    this.atFinalEnd = this.#isOver && count === this.waitingBytes;
    return count;
  }

  #take(wantedBytes: number): void {
    while (this.waitingBytes < wantedBytes && !this.#isOver) {
      const chunk: unknown = this.#input.read();
      if (!(chunk instanceof Uint8Array)) return;
      this.#window.push(chunk);
    }
  }

  consume(bytes: number): void {
    this.#window.consume(bytes);
    this.#context.stats.readBytes += bytes;
  }

  /** Nothing comes after standard input. */
  advance(): boolean {
    return false;
  }

  readonly #fill = (): void => {
    this.#take(READ_CHUNK_BYTES);
    this.#context.notify();
  };

  readonly #end = (): void => {
    this.#isOver = true;
    this.#context.notify();
  };

  readonly #fail = (error: Error): void => {
    this.#context.stats.countReadError('stdin');
    this.#context.log.error(
      `cannot read standard input: ${messageOf(error)}; what came before is still sent, what follows is not read; see to its writer, and start again`,
    );
    this.#end();
  };

  stop(): void {
    this.#input.off('readable', this.#fill);
    this.#input.destroy();
  }
}
