/** The kernel over a log by itself, as the agent sets it up: bodies for the floors, and the cost of making them. */

import { closeSync, openSync, readSync } from 'node:fs';
import { loadConfig } from '../agent/config.ts';
import { Kernel, STATUS_SLOT_FULL } from '../agent/kernel/kernel.ts';
import { READ_CHUNK_BYTES } from '../agent/limits.ts';
import { kernelOptions } from '../agent/pipeline-options.ts';

export class BodyMaker {
  readonly #kernel: Kernel;
  readonly #file: number;

  private constructor(kernel: Kernel, path: string) {
    this.#kernel = kernel;
    this.#file = openSync(path, 'r');
  }

  static async create(path: string): Promise<BodyMaker> {
    const options = kernelOptions(loadConfig({ PARSEABLE_URL: 'http://127.0.0.1:8000' }));
    return new BodyMaker(await Kernel.create(options), path);
  }

  /** The whole log once; `take` gets each body as a view that is valid until it returns. */
  pass(take: (body: Uint8Array) => void = () => undefined): void {
    const kernel = this.#kernel;
    let position = 0;
    kernel.openSlot(0);
    for (;;) {
      const length = readSync(this.#file, kernel.input, 0, READ_CHUNK_BYTES, position);
      const status = length === 0 ? 0 : kernel.process(length, position, false);
      const consumed = length === 0 ? 0 : kernel.consumedBytes;
      const full = length > 0 && status === STATUS_SLOT_FULL;
      position += consumed;
      if (!full && consumed > 0) continue;
      const rows = kernel.slotRows;
      const { raw } = kernel.sealSlot();
      if (rows > 0) take(raw);
      if (!full) return;
      kernel.openSlot(0);
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}
