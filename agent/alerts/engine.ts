/**
 * Alerting, from the kernel's matches to the targets.
 *
 * Owns the rules in force, their windows, and one queue for each target of each rule. `accept` is synchronous and
 * cheap: it counts, renders, asks the window and puts into queues; nothing that a target does reaches back to the
 * caller.
 */

import type { RuleSet } from '../../rules/ruleset.ts';
import { TetrashipError } from '../errors.ts';
import type { Condition, MatchKind } from '../kernel/types.ts';
import { MAX_ALERT_QUEUE_BYTES, MAX_WINDOW_BYTES, MAX_WINDOWS } from '../limits.ts';
import type { Logger } from '../log.ts';
import { AlertRule, type Hold, type RuleContext } from './alert-rule.ts';
import { Clock } from './clock.ts';
import { DueQueue } from './due-queue.ts';
import { GroupBudget } from './groups.ts';
import { type ProxyOptions, TargetHttp } from './http.ts';
import { Instance, type InstanceContext } from './instance.ts';
import type { QueueBudget } from './notifier.ts';
import { closingMessage, triggerReason } from './reason.ts';
import { adoptRules } from './replace.ts';
import { type ConditionStates, restoreAlerts, type SavedAlerts, saveAlerts } from './saved.ts';
import type { AlertStats } from './stats.ts';
import { Windows } from './windows.ts';

export interface AlertsOptions {
  readonly rules: RuleSet;
  /** The dataset, named in every notification. */
  readonly stream: string;
  readonly nodeName: string;
  /** Random, kept in the state folder. */
  readonly deploymentId: string;
  readonly log: Logger;
  readonly proxy?: ProxyOptions;
  /** Monotonic milliseconds, for windows and retries. */
  readonly now?: () => number;
  /** Epoch milliseconds, for what targets are told. */
  readonly wallNow?: () => number;
  /** For one request. */
  readonly timeoutMs?: number;
  /** From 0 to 1, for the pauses between tries. */
  readonly random?: () => number;
  /** Something has changed that must survive a restart. */
  readonly onChange?: () => void;
}

/** Rules ready to be taken into force. */
export interface PreparedRules {
  readonly rules: readonly AlertRule[];
  /** In the order of the rules: what the kernel is to evaluate. */
  readonly conditions: readonly Condition[];
}

export class Alerts {
  readonly #options: AlertsOptions;
  readonly #context: RuleContext;
  readonly #instanceContext: InstanceContext;
  readonly #windows: Windows<Instance>;
  readonly #budget: QueueBudget;
  readonly #http: TargetHttp;
  readonly #holds: DueQueue<Hold>;
  /** Instances with a sum to tell. */
  readonly #limited: DueQueue<Instance>;
  readonly #clock: Clock;
  #rules: readonly AlertRule[];
  /** Targets of rules that are no more, until their queues are empty. */
  readonly #leaving: Set<Instance>;
  #state: 'running' | 'stopped';
  #orphans: number;

  constructor(options: AlertsOptions) {
    const { now = () => performance.now(), wallNow = Date.now, random = Math.random } = options;
    const { onChange = () => undefined } = options;
    this.#options = options;
    this.#budget = { limitBytes: MAX_ALERT_QUEUE_BYTES, usedBytes: 0 };
    this.#http = new TargetHttp({ proxy: options.proxy ?? {}, timeoutMs: options.timeoutMs });
    this.#windows = new Windows({ maxWindows: MAX_WINDOWS, maxBytes: MAX_WINDOW_BYTES });
    this.#holds = new DueQueue();
    this.#limited = new DueQueue();
    this.#leaving = new Set();
    this.#state = 'running';
    this.#orphans = 0;
    this.#context = {
      ...{ windows: this.#windows, groups: new GroupBudget(), holds: this.#holds, now, wallNow, onChange },
    };
    this.#instanceContext = {
      send: (recipient, body, signal) => this.#http.send(recipient, body, signal),
      onLimited: (instance) => this.#limited.set(instance, instance.limit.sumDueMs ?? 0),
      ...{ budget: this.#budget, log: options.log, now, wallNow, random, onChange },
    };
    this.#clock = new Clock(now, () => this.#collect());
    this.#rules = this.prepare(options.rules).rules;
  }

  /** In the order of the rules: what the kernel is to evaluate. */
  get conditions(): readonly Condition[] {
    return this.#rules.map(({ condition }) => condition);
  }

  get rules(): readonly AlertRule[] {
    return this.#rules;
  }

  get stats(): AlertStats {
    const instances = this.#rules.flatMap((rule) => rule.instances);
    return {
      rules: this.#rules.map(({ stats }) => stats),
      targets: instances.map(({ stats }) => stats),
      queueBytes: this.#budget.usedBytes,
      queueLimitBytes: this.#budget.limitBytes,
      groupBytes: this.#context.groups.usedBytes,
      orphans: this.#orphans,
      windows: this.#windows.count,
      windowsEvicted: this.#windows.evicted,
    };
  }

  /**
   * A match of the kernel. After `stop` it is ignored.
   *
   * @param condition index in `conditions`
   * @param row the flat row; not kept beyond the call
   */
  accept(condition: number, kind: MatchKind, row: Uint8Array): void {
    if (this.#state === 'stopped') return;
    const rule = this.#rules[condition];
    if (rule === undefined) throw new TetrashipError('KERNEL', `cannot alert: there is no rule ${condition}`);
    this.#collect(); // what is due by now comes before what happens now
    rule.accept(kind, row);
    this.#clock.arm(this.#nextDueMs());
  }

  /** Builds what a rule set needs; nothing of it is in force. Rules that are not enabled are left out. */
  prepare(set: RuleSet): PreparedRules {
    const { stream, nodeName, deploymentId } = this.#options;
    const rules = set.rules
      .filter(({ enabled }) => enabled)
      .map((rule) => {
        const alert = { name: rule.name, stream, nodeName, deploymentId, reason: triggerReason(rule) };
        const instances = rule.targets.map(
          (target, index) => new Instance(rule, target, index + 1, alert, this.#instanceContext),
        );
        return new AlertRule(rule, instances, this.#context);
      });
    return { rules, conditions: rules.map(({ condition }) => condition) };
  }

  /**
   * Takes prepared rules into force, between two calls of `accept`. What the old ones remember goes on in those that
   * mean the same; of a firing whose rule is gone or another now, the targets hear the end.
   *
   * @param replace puts the new conditions into the kernel; `states` are the kernel's
   */
  adopt({ rules }: PreparedRules, states: ConditionStates, replace: () => void): void {
    this.#rules = adoptRules(this.#rules, rules, {
      ...{ states, replace, windows: this.#windows },
      onLeft: (instance) => this.#leave(instance),
    });
    this.#context.onChange();
    this.#clock.arm(this.#nextDueMs());
  }

  /** Everything that must survive a restart, but the place up to which events were evaluated. */
  save(states: ConditionStates): SavedAlerts {
    const { now, wallNow } = this.#context;
    const clock = { offsetMs: wallNow() - now() };
    return saveAlerts(this.#rules, this.#leaving, this.#windows, states, clock);
  }

  /** To be called once, before the first `accept`, when the kernel has the conditions. */
  restore(saved: SavedAlerts, states: ConditionStates): void {
    const { now, wallNow } = this.#context;
    const clock = { offsetMs: wallNow() - now() };
    this.#orphans = restoreAlerts(saved, this.#rules, this.#windows, states, clock);
    if (this.#orphans > 0) {
      this.#options.log.warn(
        'notifications from before the restart are dropped: their rule or target is gone; their events are in the dataset all the same',
        { notifications: this.#orphans },
      );
    }
    this.#clock.arm(this.#nextDueMs());
  }

  /** No further calls; what is queued is sent if it can be within the grace, the rest stays for `save`. */
  async stop(graceMs: number): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    this.#clock.stop();
    const { promise: grace, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceMs);
    const instances = [...this.#rules.flatMap((rule) => rule.instances), ...this.#leaving];
    await Promise.race([grace, Promise.all(instances.map((instance) => instance.drain()))]);
    clearTimeout(timer);
    await Promise.all(instances.map((instance) => instance.stop()));
    await this.#http.close();
    const left = instances.reduce((sum, { queue }) => sum + queue.length, 0);
    if (left === 0) return;
    this.#options.log.warn(
      'not all notifications could be delivered before the stop; they are kept in the state folder and sent after the next start',
      { notifications: left },
    );
  }

  #leave(instance: Instance): void {
    this.#limited.remove(instance);
    if (instance.queue.length === 0) return;
    this.#leaving.add(instance);
    void instance.drained().then(() => this.#leaving.delete(instance));
  }

  /** Does what is due by now. */
  #collect(): number {
    const nowMs = this.#context.now();
    if (this.#nextDueMs() > nowMs) return this.#nextDueMs();
    for (let hold = this.#holds.first; hold !== undefined && hold.dueMs <= nowMs; hold = this.#holds.first) {
      this.#holds.remove(hold);
      hold.rule.release(hold.group);
    }
    for (const { window, kind } of this.#windows.collect(nowMs)) {
      const { owner, key } = window;
      const message = kind === 'closing' ? closingMessage(owner.window.times) : window.message;
      const group = owner.isGrouped ? key : undefined;
      const isTold = owner.notify({ status: 'firing', kind, message, group, atMs: this.#context.wallNow() });
      window.told ||= isTold;
    }
    for (let due = this.#limited.first; due !== undefined && due.dueMs <= nowMs; due = this.#limited.first) {
      this.#limited.remove(due);
      due.tellSum();
    }
    this.#context.onChange();
    return this.#nextDueMs();
  }

  #nextDueMs(): number {
    const never = Number.POSITIVE_INFINITY;
    const holdMs = this.#holds.first?.dueMs ?? never;
    return Math.min(this.#windows.nextDueMs, holdMs, this.#limited.first?.dueMs ?? never);
  }
}
