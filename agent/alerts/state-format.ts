/** The text of the alert state. What is read back is hostile: every field is checked. */

import type { ConditionState } from '../kernel/types.ts';
import type { EvaluatedPoint } from './evaluated.ts';
import type { SavedAlerts, SavedGroup, SavedNotification, SavedRule, SavedTarget } from './saved.ts';
import type { SavedWindow } from './window.ts';

export const ALERT_STATE_VERSION = 1;

export interface SavedState extends SavedAlerts {
  readonly positions: readonly EvaluatedPoint[];
}

export function printAlertState({ positions, rules, targets }: SavedState): string {
  const points = positions.map(({ source, identity, offsetBytes }) => ({
    ...{ source, ...identity, offset: offsetBytes },
  }));
  return `${JSON.stringify({ version: ALERT_STATE_VERSION, positions: points, rules, targets })}\n`;
}

/** The state; what is wrong with it, as text; or, for a newer version, its number. */
export function parseAlertState(text: string): SavedState | string | number {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  try {
    const state = record(value);
    const version = count(state['version']);
    if (version > ALERT_STATE_VERSION) return version;
    return {
      positions: list(state['positions'], point),
      rules: list(state['rules'], rule),
      targets: list(state['targets'], target),
    };
  } catch {
    return 'a field is missing or is no such thing';
  }
}

function point(value: unknown): EvaluatedPoint {
  const { source, device, inode, firstLineHash, offset } = record(value);
  const identity = { device: count(device), inode: count(inode), firstLineHash: text(firstLineHash) };
  return { source: text(source), identity, offsetBytes: count(offset) };
}

function rule(value: unknown): SavedRule {
  const { name, hash, kernel, groups } = record(value);
  return { name: text(name), hash: text(hash), kernel: condition(kernel), groups: list(groups, group) };
}

function condition(value: unknown): ConditionState {
  const state = record(value);
  return { count: count(state['count']), firing: boolean(state['firing']) };
}

function group(value: unknown): SavedGroup {
  const saved = record(value);
  const key = text(saved['key']);
  if (key !== '') groupKey(key);
  return {
    key,
    phase: oneOf(saved['phase'], 'quiet', 'held', 'firing'),
    count: count(saved['count']),
    times: list(saved['times'], number),
    coolUntilMs: number(saved['coolUntilMs']),
    heldMessage: text(saved['heldMessage']),
  };
}

function target(value: unknown): SavedTarget {
  const saved = record(value);
  return {
    rule: text(saved['rule']),
    target: text(saved['target']),
    mode: oneOf(saved['mode'], 'state', 'event', 'pulse'),
    suppressed: count(saved['suppressed']),
    windows: list(saved['windows'], window),
    queue: list(saved['queue'], notification),
  };
}

function window(value: unknown): SavedWindow {
  const saved = record(value);
  return {
    key: text(saved['key']),
    message: text(saved['message']),
    calls: count(saved['calls']),
    repeatMs: number(saved['repeatMs']),
    endMs: number(saved['endMs']),
    lastCallMs: number(saved['lastCallMs']),
    untold: boolean(saved['untold']),
    told: boolean(saved['told']),
    over: boolean(saved['over']),
  };
}

function notification(value: unknown): SavedNotification {
  const { status, message, kind, group: key, event, atMs, addedMs } = record(value);
  return {
    status: oneOf(status, 'firing', 'resolved'),
    message: text(message),
    kind: kind === undefined ? undefined : oneOf(kind, 'repeat', 'closing', 'summary'),
    group: key === undefined ? undefined : groupKey(text(key)),
    event: event === undefined ? undefined : text(event),
    atMs: epochMs(atMs),
    addedMs: number(addedMs),
  };
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no object');
  return { ...value };
}

function list<T>(value: unknown, item: (value: unknown) => T): T[] {
  if (!Array.isArray(value)) throw new Error('no list');
  return value.map(item);
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error('no text');
  return value;
}

function boolean(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new Error('neither true nor false');
  return value;
}

function number(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error('no number');
  return value;
}

function count(value: unknown): number {
  const whole = number(value);
  if (!Number.isSafeInteger(whole) || whole < 0) throw new Error('no count');
  return whole;
}

/** What a Date can hold. */
function epochMs(value: unknown): number {
  const time = number(value);
  if (Number.isNaN(new Date(time).getTime())) throw new Error('no time');
  return time;
}

/** A JSON list of texts and nulls. */
function groupKey(key: string): string {
  for (const value of list(JSON.parse(key), (item) => item)) if (value !== null) text(value);
  return key;
}

function oneOf<const T extends string>(value: unknown, ...words: readonly T[]): T {
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw new Error('not one of the words');
  return word;
}
