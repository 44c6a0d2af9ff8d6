/** A binary heap of things that are due at a time, with removal from the middle: windows close before they are due. */

export interface Due {
  dueMs: number;
  /** Place in the heap, kept by the queue; -1 outside. */
  heapIndex: number;
}

export class DueQueue<T extends Due> {
  readonly #heap: T[] = [];

  /** What is due first. */
  get first(): T | undefined {
    return this.#heap[0];
  }

  /** Adds, or moves after `dueMs` has changed. */
  set(item: T, dueMs: number): void {
    item.dueMs = dueMs;
    if (item.heapIndex < 0) {
      item.heapIndex = this.#heap.length;
      this.#heap.push(item);
    }
    this.#up(item);
    this.#down(item);
  }

  remove(item: T): void {
    const index = item.heapIndex;
    if (index < 0) return;
    item.heapIndex = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === item) return;
    this.#put(last, index);
    this.#up(last);
    this.#down(last);
  }

  #up(item: T): void {
    while (item.heapIndex > 0) {
      const parent = this.#heap[(item.heapIndex - 1) >> 1];
      if (parent === undefined || parent.dueMs <= item.dueMs) return;
      this.#swap(item, parent);
    }
  }

  #down(item: T): void {
    for (;;) {
      const left = this.#heap[2 * item.heapIndex + 1];
      const right = this.#heap[2 * item.heapIndex + 2];
      const child = right !== undefined && left !== undefined && right.dueMs < left.dueMs ? right : left;
      if (child === undefined || item.dueMs <= child.dueMs) return;
      this.#swap(item, child);
    }
  }

  #swap(one: T, other: T): void {
    const index = one.heapIndex;
    this.#put(one, other.heapIndex);
    this.#put(other, index);
  }

  #put(item: T, index: number): void {
    this.#heap[index] = item;
    item.heapIndex = index;
  }
}
