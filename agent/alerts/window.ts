/**
 * One repeat window: when its target is called, and when it is over. The first firing opens it and calls; firings inside
 * it are silent; every `intervalMs` the target is called again, `times` in all, the first call included: 10 s and 5
 * call at 0, 10, 20, 30 and 40 s. An interval after the last call, at 50 s, the window is over:
 *   `state` (column rules)     one closing call; then silence until the resolve, which closes at any time
 *   `event` (composite rules)  no word; the next match opens a window anew
 *   `pulse` (composite rules on alertmanager, where each post says when it lapses) as `event`, but matches inside
 *           call too, at most one a second, and each keeps the window for an interval more; with endless `times`
 *           only matches call
 * Time is an argument and never runs backwards.
 */

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

/** Opened by a firing, which is its first call. */
export function newWindow<T extends WindowOwner>(
  owner: T,
  key: string,
  message: string,
  nowMs: number,
): Window<T> {
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

/** A match inside a pulse: true when it is told at once. */
export function prolong<T extends WindowOwner>(window: Window<T>, nowMs: number): boolean {
  const spec = window.owner.window;
  window.endMs = nowMs + spec.intervalMs;
  const tell = nowMs - window.lastCallMs >= gapOf(spec);
  if (tell) window.lastCallMs = nowMs;
  window.untold = !tell;
  return tell;
}

/** Of a window that is due: the target is to be called; else the window is over. */
export function hasCallDue<T extends WindowOwner>(window: Window<T>, nowMs: number): boolean {
  return window.untold || nextRepeat(window) <= nowMs;
}

/** The call that is due is made: a repeat if its time has come, else the telling of a match. */
export function noteCall<T extends WindowOwner>(window: Window<T>, nowMs: number): void {
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
}

/** When the window has a call to make, or is over. */
export function nextDueMs<T extends WindowOwner>(window: Window<T>): number {
  const untoldMs = window.untold ? window.lastCallMs + gapOf(window.owner.window) : Number.POSITIVE_INFINITY;
  return Math.min(window.endMs, nextRepeat(window), untoldMs);
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
