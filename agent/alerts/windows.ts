/**
 * The repeat windows of all targets: which firings call a target, and which calls are due.
 *
 * A window is kept for each owner (one target of one rule) and key: the rendered message, or the group of a rule
 * that has groups. Invariant: at most `maxWindows` windows and `maxBytes` of messages; beyond, the one that was fired
 * at the longest time ago is closed without a word and counted. Time is an argument and never runs backwards.
 */

import { DueQueue } from './due-queue.ts';
import {
  hasCallDue,
  newWindow,
  nextDueMs,
  noteCall,
  prolong,
  type SavedWindow,
  type Window,
  type WindowOwner,
} from './window.ts';

export interface WindowCall<T extends WindowOwner> {
  readonly window: Window<T>;
  /** `closing`: the state did not resolve; the call says so instead of the message. */
  readonly kind: 'repeat' | 'closing';
}

export interface WindowLimits {
  readonly maxWindows: number;
  readonly maxBytes: number;
}

export class Windows<T extends WindowOwner> {
  readonly #limits: WindowLimits;
  readonly #byOwner: Map<T, Map<string, Window<T>>>;
  /** In the order of their last firing. */
  readonly #used: Set<Window<T>>;
  readonly #due: DueQueue<Window<T>>;
  #bytes: number;
  #evicted: number;

  constructor(limits: WindowLimits) {
    this.#limits = limits;
    this.#byOwner = new Map();
    this.#used = new Set();
    this.#due = new DueQueue();
    this.#bytes = 0;
    this.#evicted = 0;
  }

  get count(): number {
    return this.#used.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Windows closed because there were too many. */
  get evicted(): number {
    return this.#evicted;
  }

  /** When `collect` has something to do; `Infinity` for never. */
  get nextDueMs(): number {
    return this.#due.first?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** A firing: its window when the target is to be called for it now. */
  fire(owner: T, key: string, message: string, nowMs: number): Window<T> | undefined {
    const window = this.#byOwner.get(owner)?.get(key);
    if (window === undefined) return this.#open(owner, key, message, nowMs);
    this.#used.delete(window);
    this.#used.add(window);
    if (owner.window.mode !== 'pulse') return undefined;
    const isTold = prolong(window, nowMs);
    this.#schedule(window);
    return isTold ? window : undefined;
  }

  /**
   * The state has ended: closes the owner's windows, or the one of a key.
   * @returns whether it is to be told: some call got out, or it is not known any more
   */
  resolve(owner: T, key?: string): boolean {
    const windows = this.#byOwner.get(owner);
    const closing = key === undefined ? [...(windows?.values() ?? [])] : [windows?.get(key)];
    let known = false;
    let told = false;
    for (const window of closing) {
      if (window === undefined) continue;
      known = true;
      told ||= window.told;
      this.#close(window);
    }
    return told || !known;
  }

  /** The calls that are due, in the order of their times. */
  collect(nowMs: number): WindowCall<T>[] {
    const calls: WindowCall<T>[] = [];
    for (
      let window = this.#due.first;
      window !== undefined && window.dueMs <= nowMs;
      window = this.#due.first
    ) {
      if (hasCallDue(window, nowMs)) {
        noteCall(window, nowMs);
        this.#schedule(window);
        calls.push({ window, kind: 'repeat' });
      } else if (window.owner.window.mode === 'state') {
        window.over = true;
        this.#due.remove(window);
        calls.push({ window, kind: 'closing' });
      } else {
        this.#close(window);
      }
    }
    return calls;
  }

  /** An owner's windows. */
  of(owner: T): Iterable<Window<T>> {
    return this.#byOwner.get(owner)?.values() ?? [];
  }

  /** Puts back what was saved; calls that were missed meanwhile are let go. */
  restore(owner: T, saved: SavedWindow): void {
    const { key, message, calls, repeatMs, endMs, lastCallMs, untold, told, over } = saved;
    this.#add({
      ...newWindow(owner, key, message, lastCallMs),
      ...{ calls, repeatMs, endMs, untold, told, over },
    });
  }

  /** Another owner goes on with the windows. */
  move(from: T, to: T): void {
    for (const window of [...this.of(from)]) {
      this.#close(window);
      this.#add({ ...window, owner: to });
    }
  }

  #open(owner: T, key: string, message: string, nowMs: number): Window<T> {
    const window = newWindow(owner, key, message, nowMs);
    this.#add(window);
    return window;
  }

  #add(window: Window<T>): void {
    window.heapIndex = -1;
    const windows = this.#byOwner.get(window.owner);
    if (windows === undefined) this.#byOwner.set(window.owner, new Map([[window.key, window]]));
    else windows.set(window.key, window);
    this.#used.add(window);
    this.#bytes += window.bytes;
    if (!window.over) this.#schedule(window);
    this.#makeRoom();
  }

  #makeRoom(): void {
    for (const oldest of this.#used) {
      if (this.#used.size <= this.#limits.maxWindows && this.#bytes <= this.#limits.maxBytes) return;
      this.#close(oldest);
      this.#evicted++;
    }
  }

  #schedule(window: Window<T>): void {
    this.#due.set(window, nextDueMs(window));
  }

  #close(window: Window<T>): void {
    const windows = this.#byOwner.get(window.owner);
    windows?.delete(window.key);
    if (windows?.size === 0) this.#byOwner.delete(window.owner);
    this.#used.delete(window);
    this.#due.remove(window);
    this.#bytes -= window.bytes;
  }
}
