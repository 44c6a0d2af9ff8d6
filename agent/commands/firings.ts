/**
 * What begins and ends to fire as events pass: the agent's own rules with their groups, windows and cooldowns, but
 * without targets, and with the time of the events as the clock. Matches and non-matches both come from the kernel,
 * so that all state is here and starting anew is dropping this object.
 */

import type { Rule } from '../../rules/ruleset.ts';
import { AlertRule, type Hold } from '../alerts/alert-rule.ts';
import { DueQueue } from '../alerts/due-queue.ts';
import { GroupReader } from '../alerts/group-reader.ts';
import { GroupBudget } from '../alerts/groups.ts';
import { Windows } from '../alerts/windows.ts';
import type { KernelMatch } from '../kernel/kernel.ts';
import type { Condition } from '../kernel/types.ts';

export interface Change {
  /** Index of the rule. */
  readonly rule: number;
  readonly status: 'firing' | 'resolved';
}

export class Firings {
  readonly #rules: readonly AlertRule[];
  readonly #indices: ReadonlyMap<AlertRule, number>;
  readonly #holds: DueQueue<Hold>;
  readonly #reader: GroupReader;
  /** Rules that ask for the time: it is read of no other event. */
  readonly #timed: readonly boolean[];
  /** Epoch milliseconds of the newest event so far: a late one does not turn the clock back. */
  #nowMs: number;

  constructor(rules: readonly Rule[]) {
    this.#holds = new DueQueue();
    this.#reader = new GroupReader([]);
    this.#nowMs = 0;
    const now = (): number => this.#nowMs;
    const context = {
      windows: new Windows<never>({ maxWindows: 0, maxBytes: 0 }),
      groups: new GroupBudget(),
      holds: this.#holds,
      now,
      wallNow: now,
      onChange: () => undefined,
    };
    // Whoever wants the message renders it.
    this.#rules = rules.map((rule) => new AlertRule({ ...rule, message: '' }, [], context));
    this.#indices = new Map(this.#rules.map((rule, index) => [rule, index]));
    this.#timed = rules.map(({ cooldownMs, window }) => cooldownMs > 0 || window !== undefined);
  }

  /** What the kernel is to evaluate, in the order of the rules. */
  static conditions(rules: readonly Rule[]): readonly Condition[] {
    return rules.map(({ name, kind, expression }) =>
      kind === 'column' ? { name, expression, report: 'both' } : { name, expression },
    );
  }

  /** What this match changes, and what the time until it has changed. */
  take({ condition, kind, row }: KernelMatch): readonly Change[] {
    const rule = this.#rules[condition];
    if (rule === undefined) return [];
    const changes: Change[] = [];
    if (this.#timed[condition] === true || this.#holds.first !== undefined) this.#passTime(row, changes);
    this.#watch(rule, condition, changes, () => rule.accept(kind, row));
    return changes;
  }

  #passTime(row: Uint8Array, changes: Change[]): void {
    const timeMs = this.#reader.timeMs(row);
    if (timeMs > this.#nowMs) this.#nowMs = timeMs;
    for (
      let hold = this.#holds.first;
      hold !== undefined && hold.dueMs <= this.#nowMs;
      hold = this.#holds.first
    ) {
      const { rule, group } = hold;
      this.#holds.remove(hold);
      this.#watch(rule, this.#indices.get(rule) ?? -1, changes, () => rule.release(group));
    }
  }

  #watch(rule: AlertRule, index: number, changes: Change[], work: () => void): void {
    const { fired, resolved } = rule;
    work();
    if (rule.fired > fired) changes.push({ rule: index, status: 'firing' });
    if (rule.resolved > resolved) changes.push({ rule: index, status: 'resolved' });
  }
}
