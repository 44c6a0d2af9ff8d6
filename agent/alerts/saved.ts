/** What of alerting outlives a restart, as plain data; times are epoch milliseconds. */

import { createHash } from 'node:crypto';
import type { ConditionState } from '../kernel/types.ts';
import type { AlertRule } from './alert-rule.ts';
import { type Group, newGroup, type Phase } from './groups.ts';
import type { Instance } from './instance.ts';
import type { Notification } from './notification.ts';
import { GONE } from './reason.ts';
import type { SavedWindow, WindowMode } from './window.ts';
import type { Windows } from './windows.ts';

/** The kernel's own memory of conditions, by their place. */
export interface ConditionStates {
  state(condition: number): ConditionState;
  restore(condition: number, state: ConditionState): void;
}

export interface SavedGroup {
  readonly key: string;
  readonly phase: Phase;
  readonly count: number;
  /** Of the events. */
  readonly times: readonly number[];
  /** 0: it may fire. */
  readonly coolUntilMs: number;
  readonly heldMessage: string;
}

export interface SavedRule {
  readonly name: string;
  /** Of what the rule's states mean: they are of use only to a rule of the same hash. */
  readonly hash: string;
  readonly kernel: ConditionState;
  readonly groups: readonly SavedGroup[];
}

export interface SavedNotification extends Notification {
  readonly addedMs: number;
}

export interface SavedTarget {
  readonly rule: string;
  readonly target: string;
  readonly mode: WindowMode;
  /** Held back by `maxPerMinute` and not told yet. */
  readonly suppressed: number;
  readonly windows: readonly SavedWindow[];
  /** The oldest first. */
  readonly queue: readonly SavedNotification[];
}

export interface SavedAlerts {
  readonly rules: readonly SavedRule[];
  readonly targets: readonly SavedTarget[];
}

/** Added to monotonic milliseconds it makes epoch milliseconds. */
export interface ClockOffset {
  readonly offsetMs: number;
}

export function saveAlerts(
  rules: readonly AlertRule[],
  leaving: Iterable<Instance>,
  windows: Windows<Instance>,
  states: ConditionStates,
  clock: ClockOffset,
): SavedAlerts {
  const instances = [...rules.flatMap((rule) => rule.instances), ...leaving];
  return {
    rules: rules.flatMap((rule, index) => savedRule(rule, states.state(index), clock)),
    targets: instances.flatMap((instance) => savedTarget(instance, windows, clock)),
  };
}

function savedRule(rule: AlertRule, kernel: ConditionState, clock: ClockOffset): SavedRule[] {
  const groups = [rule.whole, ...rule.groups].filter(isWorthKeeping).map((group) => savedGroup(group, clock));
  if (groups.length === 0 && kernel.count === 0 && !kernel.firing) return [];
  return [{ name: rule.rule.name, hash: hashOf(rule), kernel, groups }];
}

function isWorthKeeping({ phase, count, times, coolUntilMs }: Group): boolean {
  return phase !== 'quiet' || count > 0 || times.length > 0 || Number.isFinite(coolUntilMs);
}

function savedGroup(group: Group, { offsetMs }: ClockOffset): SavedGroup {
  const { key, phase, count, times, coolUntilMs, heldMessage } = group;
  const coolMs = Number.isFinite(coolUntilMs) ? coolUntilMs + offsetMs : 0;
  return { key, phase, count, times, coolUntilMs: coolMs, heldMessage };
}

function savedTarget(
  instance: Instance,
  windows: Windows<Instance>,
  { offsetMs }: ClockOffset,
): SavedTarget[] {
  const open = [...windows.of(instance)].map((window) => shifted(window, offsetMs));
  const queue = instance.queue.map(({ notification, addedMs }) => ({
    ...notification,
    addedMs: addedMs + offsetMs,
  }));
  const { suppressed } = instance.limit;
  if (open.length === 0 && queue.length === 0 && suppressed === 0) return [];
  return [{ ...instance.name, mode: instance.window.mode, suppressed, windows: open, queue }];
}

function shifted(window: SavedWindow, byMs: number): SavedWindow {
  const { key, message, calls, untold, told, over } = window;
  return {
    ...{ key, message, calls, untold, told, over },
    repeatMs: window.repeatMs + byMs,
    endMs: window.endMs + byMs,
    lastCallMs: window.lastCallMs + byMs,
  };
}

/** @returns notifications that nobody can be told any more, because their rule or target is gone */
export function restoreAlerts(
  saved: SavedAlerts,
  rules: readonly AlertRule[],
  windows: Windows<Instance>,
  states: ConditionStates,
  { offsetMs }: ClockOffset,
): number {
  const places = new Map(rules.map((rule, index) => [rule.rule.name, { rule, index }]));
  const same = new Set<string>();
  for (const { name, hash, kernel, groups } of saved.rules) {
    const place = places.get(name);
    if (place === undefined || hashOf(place.rule) !== hash) continue;
    same.add(name);
    states.restore(place.index, kernel);
    for (const group of groups) place.rule.restore(groupOf(group, offsetMs));
  }
  // Rules of which nothing was worth keeping mean the same as far as anybody can tell.
  const changed = new Set(saved.rules.map(({ name }) => name).filter((name) => !same.has(name)));
  let orphans = 0;
  for (const { rule: name, target, mode, suppressed, windows: open, queue } of saved.targets) {
    const rule = places.get(name)?.rule;
    const instance = rule?.instances.find(({ label }) => label === target);
    if (rule === undefined || instance === undefined) {
      orphans += queue.length;
      continue;
    }
    instance.restoreSum(suppressed);
    for (const { addedMs, ...notification } of queue) instance.restore(notification, addedMs - offsetMs);
    for (const window of open) {
      if (!changed.has(name) && instance.window.mode === mode) {
        windows.restore(instance, shifted(window, -offsetMs));
      } else if (mode === 'state' && window.told) {
        rule.endFor(instance, window.key, GONE);
      }
    }
  }
  return orphans;
}

function groupOf(
  { key, phase, count, times, coolUntilMs, heldMessage }: SavedGroup,
  offsetMs: number,
): Group {
  return {
    ...newGroup(key),
    ...{ phase, count, heldMessage, times: [...times] },
    coolUntilMs: coolUntilMs === 0 ? Number.NEGATIVE_INFINITY : coolUntilMs - offsetMs,
  };
}

function hashOf({ stateDefinition }: AlertRule): string {
  return createHash('sha256').update(stateDefinition).digest('hex').slice(0, 32);
}
