/**
 * Repeat windows: which firings call a target, and when it is called again.
 *
 * A window is kept for each instance (one target of one rule) and rendered message. The first firing opens it
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

export interface WindowCall {
  readonly instance: number;
  readonly message: string;
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

interface Window {
  dueMs: number;
  heapIndex: number;
  readonly instance: number;
  readonly message: string;
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
}

export class Windows {
  readonly #specs: readonly WindowSpec[];
  readonly #limits: WindowLimits;
  readonly #byInstance: Map<number, Map<string, Window>>;
  /** In the order of their last firing. */
  readonly #used: Set<Window>;
  readonly #due: DueQueue<Window>;
  #bytes: number;
  #evicted: number;

  /** @param specs by instance */
  constructor(specs: readonly WindowSpec[], limits: WindowLimits) {
    this.#specs = specs;
    this.#limits = limits;
    this.#byInstance = new Map();
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

  /** A firing: true when the target is to be called for it now. */
  fire(instance: number, message: string, nowMs: number): boolean {
    const spec = this.#specOf(instance);
    const windows = this.#byInstance.get(instance);
    const window = windows?.get(message);
    if (window === undefined) {
      this.#open(spec, instance, message, nowMs);
      return true;
    }
    this.#used.delete(window);
    this.#used.add(window);
    return spec.mode === 'pulse' && this.#prolong(spec, window, nowMs);
  }

  /** The state has ended: closes the instance's windows. */
  resolve(instance: number): void {
    for (const window of this.#byInstance.get(instance)?.values() ?? []) this.#close(window);
  }

  /** The calls that are due, in the order of their times. */
  collect(nowMs: number): WindowCall[] {
    const calls: WindowCall[] = [];
    for (
      let window = this.#due.first;
      window !== undefined && window.dueMs <= nowMs;
      window = this.#due.first
    ) {
      const spec = this.#specOf(window.instance);
      const { instance, message } = window;
      if (window.untold || nextRepeat(spec, window) <= nowMs) {
        this.#call(spec, window, nowMs);
        calls.push({ instance, message, kind: 'repeat' });
      } else if (spec.mode === 'state') {
        this.#due.remove(window); // stays, silent, until the resolve
        calls.push({ instance, message, kind: 'closing' });
      } else {
        this.#close(window);
      }
    }
    return calls;
  }

  #open(spec: WindowSpec, instance: number, message: string, nowMs: number): void {
    const window: Window = {
      dueMs: 0,
      heapIndex: -1,
      instance,
      message,
      bytes: message.length * 2 + WINDOW_OVERHEAD_BYTES,
      calls: 1,
      repeatMs: nowMs + spec.intervalMs,
      endMs: nowMs + spec.intervalMs,
      lastCallMs: nowMs,
      untold: false,
    };
    const windows = this.#byInstance.get(instance);
    if (windows === undefined) this.#byInstance.set(instance, new Map([[message, window]]));
    else windows.set(message, window);
    this.#used.add(window);
    this.#bytes += window.bytes;
    this.#schedule(spec, window);
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
  #prolong(spec: WindowSpec, window: Window, nowMs: number): boolean {
    window.endMs = nowMs + spec.intervalMs;
    const tell = nowMs - window.lastCallMs >= gapOf(spec);
    if (tell) window.lastCallMs = nowMs;
    window.untold = !tell;
    this.#schedule(spec, window);
    return tell;
  }

  /** A call that is due: a repeat if its time has come, else the telling of a match. */
  #call(spec: WindowSpec, window: Window, nowMs: number): void {
    if (nextRepeat(spec, window) <= nowMs) {
      window.calls++;
      // From the time it was due, so that lateness does not add up; after a long sleep the missed ones are let go.
      const next = window.repeatMs + spec.intervalMs;
      window.repeatMs = next > nowMs ? next : nowMs + spec.intervalMs;
      window.endMs = Math.max(window.endMs, window.repeatMs);
    }
    window.lastCallMs = nowMs;
    window.untold = false;
    this.#schedule(spec, window);
  }

  #schedule(spec: WindowSpec, window: Window): void {
    const untoldMs = window.untold ? window.lastCallMs + gapOf(spec) : Number.POSITIVE_INFINITY;
    this.#due.set(window, Math.min(window.endMs, nextRepeat(spec, window), untoldMs));
  }

  #close(window: Window): void {
    const windows = this.#byInstance.get(window.instance);
    windows?.delete(window.message);
    if (windows?.size === 0) this.#byInstance.delete(window.instance);
    this.#used.delete(window);
    this.#due.remove(window);
    this.#bytes -= window.bytes;
  }

  #specOf(instance: number): WindowSpec {
    const spec = this.#specs[instance];
    if (spec === undefined) throw new Error(`there is no instance ${instance}`);
    return spec;
  }
}

function gapOf(spec: WindowSpec): number {
  return Math.min(PULSE_GAP_MS, spec.intervalMs / 2);
}

/** When the next call of its own is due; a pulse without end has none: without new matches it lapses. */
function nextRepeat(spec: WindowSpec, window: Window): number {
  const over = spec.mode === 'pulse' && spec.times === Number.POSITIVE_INFINITY;
  return over || window.calls >= spec.times ? Number.POSITIVE_INFINITY : window.repeatMs;
}
