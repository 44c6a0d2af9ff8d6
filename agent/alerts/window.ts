/**
 * Repeat windows: which firings call a target, and when it is called again.
 *
 * A window is kept for each owner (one target of one rule) and key: the rendered message, or the group of a rule
 * that has groups. The first firing opens it
 * and calls; firings inside it are silent; every `intervalMs` the target is called again, `times` in all, the
 * first call included: 10 s and 5 call at 0, 10, 20, 30 and 40 s. An interval after the last call, at 50 s, the
 * window is over:
 *   `state` (column rules)     one closing call; then silence until the resolve, which closes at any time
 *   `event` (composite rules)  no word; the next match opens a window anew
 *   `pulse` (composite rules on alertmanager, where each post says when it lapses) as `event`, but matches inside
 *           call too, at most one a second, and each keeps the window for an interval more; with endless `times`
 *           only matches call
 * Invariant: at most `maxWindows` windows and `maxBytes` of messages; beyond, the one that was fired at the
 * longest time ago is closed without a word and counted. Time is an argument and never runs backwards.
 */

import { DueQueue } from './due-queue.ts';

export type WindowMode = 'state' | 'event' | 'pulse';

export interface WindowSpec {
  readonly mode: WindowMode;
  readonly intervalMs: number;
  /** `Infinity` never ends by itself. */
  readonly times: number;
}

/** Whose windows they are. */
export interface WindowOwner {
  readonly window: WindowSpec;
}

export interface WindowCall<T extends WindowOwner> {
  readonly window: Window<T>;
  /** `closing`: the state did not resolve; the call says so instead of the message. */
  readonly kind: 'repeat' | 'closing';
}

export interface WindowLimits {
  readonly maxWindows: number;
  readonly maxBytes: number;
}

/** Posts of one pulse are at least this far apart: a flood of matches must not become a flood of requests. */
const PULSE_GAP_MS = 1000;

/** A window's own cost beside its message, about. */
const WINDOW_OVERHEAD_BYTES = 256;

/** As it is kept over a restart; times are of the caller's clock. */
export interface SavedWindow {
  readonly key: string;
  readonly message: string;
  readonly calls: number;
  readonly repeatMs: number;
  readonly endMs: number;
  readonly lastCallMs: number;
  readonly untold: boolean;
  readonly told: boolean;
  readonly over: boolean;
}

export interface Window<T extends WindowOwner> extends SavedWindow {
  dueMs: number;
  heapIndex: number;
  owner: T;
  readonly bytes: number;
  /** Calls so far that count against `times`. */
  calls: number;
  /** When the next of them is due. */
  repeatMs: number;
  /** When the window is over unless something prolongs it. */
  endMs: number;
  /** The last call of any kind, and whether a match since then waits to be told (pulse). */
  lastCallMs: number;
  untold: boolean;
  /** Whether any call got out; the caller sets it, a limit may have held them back. */
  told: boolean;
  /** The closing call is made: silent until the resolve. */
  over: boolean;
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
    return owner.window.mode === 'pulse' && this.#prolong(window, nowMs) ? window : undefined;
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
      if (window.untold || nextRepeat(window) <= nowMs) {
        this.#call(window, nowMs);
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

  /** A match inside a pulse: true when it is told at once. */
  #prolong(window: Window<T>, nowMs: number): boolean {
    const spec = window.owner.window;
    window.endMs = nowMs + spec.intervalMs;
    const tell = nowMs - window.lastCallMs >= gapOf(spec);
    if (tell) window.lastCallMs = nowMs;
    window.untold = !tell;
    this.#schedule(window);
    return tell;
  }

  /** A call that is due: a repeat if its time has come, else the telling of a match. */
  #call(window: Window<T>, nowMs: number): void {
    const spec = window.owner.window;
    if (nextRepeat(window) <= nowMs) {
      window.calls++;
      // From the time it was due, so that lateness does not add up; after a long sleep the missed ones are let go.
      const next = window.repeatMs + spec.intervalMs;
      window.repeatMs = next > nowMs ? next : nowMs + spec.intervalMs;
      window.endMs = Math.max(window.endMs, window.repeatMs);
    }
    window.lastCallMs = nowMs;
    window.untold = false;
    this.#schedule(window);
  }

  #schedule(window: Window<T>): void {
    const untoldMs = window.untold
      ? window.lastCallMs + gapOf(window.owner.window)
      : Number.POSITIVE_INFINITY;
    this.#due.set(window, Math.min(window.endMs, nextRepeat(window), untoldMs));
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

function newWindow<T extends WindowOwner>(owner: T, key: string, message: string, nowMs: number): Window<T> {
  const { intervalMs } = owner.window;
  return {
    dueMs: 0,
    heapIndex: -1,
    ...{ owner, key, message },
    bytes: (key === message ? message.length : message.length + key.length) * 2 + WINDOW_OVERHEAD_BYTES,
    calls: 1,
    repeatMs: nowMs + intervalMs,
    endMs: nowMs + intervalMs,
    lastCallMs: nowMs,
    untold: false,
    told: false,
    over: false,
  };
}

function gapOf(spec: WindowSpec): number {
  return Math.min(PULSE_GAP_MS, spec.intervalMs / 2);
}

/** When the next call of its own is due; a pulse without end has none: without new matches it lapses. */
function nextRepeat<T extends WindowOwner>(window: Window<T>): number {
  const spec = window.owner.window;
  const over = spec.mode === 'pulse' && spec.times === Number.POSITIVE_INFINITY;
  return over || window.calls >= spec.times ? Number.POSITIVE_INFINITY : window.repeatMs;
}
