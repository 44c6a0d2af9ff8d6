/** The column names that kernel and dataset share: what one learns, the other is told. */

import type { Dataset } from './delivery/dataset.ts';
import type { Kernel } from './kernel/kernel.ts';

export class ColumnNames {
  readonly #kernel: Kernel;
  readonly #dataset: Dataset;
  #known: number;
  #saved: number;
  #saving: Promise<void> | undefined;

  constructor(kernel: Kernel, dataset: Dataset) {
    this.#kernel = kernel;
    this.#dataset = dataset;
    this.#known = kernel.nameCount;
    this.#saved = kernel.nameCount;
    this.#saving = undefined;
  }

  /** The dataset has these, from other nodes too; `frozen`: it is at its limit. */
  learn(names: readonly string[], frozen: boolean): void {
    this.#kernel.admit(names);
    this.#kernel.frozen = frozen;
    this.note();
  }

  /** Events may have brought new ones. */
  note(): void {
    const count = this.#kernel.nameCount;
    if (count > this.#known) this.#dataset.namesAdded();
    this.#known = count;
  }

  /** Never rejects. */
  async save(): Promise<void> {
    if (this.#kernel.nameCount !== this.#saved) {
      this.#saved = this.#kernel.nameCount;
      this.#saving = this.#dataset.save(this.#kernel.names());
    }
    await this.#saving;
  }
}
