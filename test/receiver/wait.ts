/** Waiting for a condition that changes only when somebody says so: no polling. */

interface Waiter {
  readonly holds: () => boolean;
  readonly resolve: () => void;
}

export class Waiters {
  readonly #waiting: Set<Waiter>;

  constructor() {
    this.#waiting = new Set();
  }

  /** Resolves as soon as `holds()`; rejects after `timeoutMs` with what `describe()` says then. */
  wait(holds: () => boolean, timeoutMs: number, describe: () => string): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        reject(new Error(`waited ${timeoutMs} ms in vain: ${describe()}`));
      }, timeoutMs);
      const waiter: Waiter = {
        holds,
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      this.#waiting.add(waiter);
    });
  }

  /** To be called after each change. */
  changed(): void {
    for (const waiter of this.#waiting) {
      if (!waiter.holds()) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }
}
