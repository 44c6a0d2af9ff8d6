/**
 * Alerting, from the kernel's matches to the targets.
 *
 * Owns messages, repeat windows and one queue for each target of each rule. `accept` is synchronous and cheap: it
 * renders, asks the window and puts into queues; nothing that a target does reaches back to the caller.
 */

import type { Rule, RuleSet } from '../../rules/ruleset.ts';
import { TetrashipError } from '../errors.ts';
import type { Condition, MatchKind } from '../kernel/types.ts';
import { MAX_ALERT_QUEUE_BYTES, MAX_WINDOW_BYTES, MAX_WINDOWS } from '../limits.ts';
import type { Logger } from '../log.ts';
import { type ProxyOptions, TargetHttp } from './http.ts';
import { Instance, type InstanceContext } from './instance.ts';
import type { QueueBudget } from './notifier.ts';
import { closingMessage, triggerReason } from './reason.ts';
import type { AlertStats } from './stats.ts';
import { Template } from './template.ts';
import { Windows } from './window.ts';

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
}

/** A rule with what is the same for all its events. */
interface Prepared {
  readonly rule: string;
  readonly template: Template;
  /** Its targets, as indices of `#instances`. */
  readonly targets: readonly number[];
  matched: number;
  fired: number;
  resolved: number;
  lastMatchMs: number;
}

/** setTimeout takes no longer time than this. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class Alerts {
  /** In the order of the rules: what the kernel is to evaluate. */
  readonly conditions: readonly Condition[];
  readonly #prepared: Prepared[];
  readonly #instances: Instance[];
  readonly #windows: Windows;
  readonly #budget: QueueBudget;
  readonly #http: TargetHttp;
  readonly #now: () => number;
  readonly #wallNow: () => number;
  #state: 'running' | 'stopped';
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs: number;

  constructor(options: AlertsOptions) {
    const { rules } = options.rules;
    this.conditions = rules.map(conditionOf);
    this.#prepared = [];
    this.#instances = [];
    this.#budget = { limitBytes: MAX_ALERT_QUEUE_BYTES, usedBytes: 0 };
    this.#http = new TargetHttp({ proxy: options.proxy ?? {}, timeoutMs: options.timeoutMs });
    this.#now = options.now ?? (() => performance.now());
    this.#wallNow = options.wallNow ?? Date.now;
    this.#state = 'running';
    this.#timer = undefined;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    const context: InstanceContext = {
      post: (recipient, body, signal) => this.#http.post(recipient, body, signal),
      budget: this.#budget,
      log: options.log,
      now: this.#now,
      wallNow: this.#wallNow,
      random: options.random ?? Math.random,
    };
    for (const rule of rules) this.#prepare(rule, options, context);
    this.#windows = new Windows(
      this.#instances.map((instance) => instance.window),
      { maxWindows: MAX_WINDOWS, maxBytes: MAX_WINDOW_BYTES },
    );
  }

  get stats(): AlertStats {
    return {
      rules: this.#prepared.map(({ rule, matched, fired, resolved, lastMatchMs }) => ({
        ...{ rule, matched, fired, resolved, lastMatchMs },
      })),
      targets: this.#instances.map((instance) => instance.stats),
      queueBytes: this.#budget.usedBytes,
      queueLimitBytes: this.#budget.limitBytes,
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
    const prepared = this.#prepared[condition];
    if (prepared === undefined)
      throw new TetrashipError('KERNEL', `cannot alert: there is no rule ${condition}`);
    this.#collect(); // what is due by now comes before what happens now
    const message = prepared.template.render(row);
    if (kind === 'resolved') {
      prepared.resolved++;
      this.#resolve(prepared, message);
    } else {
      prepared.matched++;
      prepared.lastMatchMs = this.#wallNow();
      if (this.#fire(prepared, message)) prepared.fired++;
    }
    this.#arm();
  }

  /** No further calls; what is queued is sent if it can be within the grace, the rest is dropped and counted. */
  async stop(graceMs: number): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    clearTimeout(this.#timer);
    const { promise: grace, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceMs);
    await Promise.race([grace, Promise.all(this.#instances.map((instance) => instance.drain()))]);
    clearTimeout(timer);
    await Promise.all(this.#instances.map((instance) => instance.stop()));
    await this.#http.close();
  }

  #prepare(rule: Rule, options: AlertsOptions, context: InstanceContext): void {
    const { stream, nodeName, deploymentId } = options;
    const alert = { name: rule.name, stream, nodeName, deploymentId, reason: triggerReason(rule) };
    const targets = rule.targets.map((target, index) => {
      const instance = new Instance(rule, target, index + 1, alert, context);
      return this.#instances.push(instance) - 1;
    });
    const template = new Template(rule.message);
    this.#prepared.push({
      ...{ rule: rule.name, template, targets, matched: 0, fired: 0, resolved: 0 },
      lastMatchMs: Number.NaN,
    });
  }

  #fire(prepared: Prepared, message: string): boolean {
    let fired = false;
    for (const index of prepared.targets) {
      const instance = this.#instance(index);
      if (this.#windows.fire(index, message, this.#now())) {
        instance.notify({ status: 'firing', message });
        fired = true;
      } else {
        instance.suppressed++;
      }
    }
    return fired;
  }

  #resolve(prepared: Prepared, message: string): void {
    for (const index of prepared.targets) {
      this.#windows.resolve(index);
      this.#instance(index).notify({ status: 'resolved', message });
    }
  }

  /** Calls again where it is time. */
  #collect(): void {
    const nowMs = this.#now();
    if (this.#windows.nextDueMs > nowMs) return;
    for (const call of this.#windows.collect(nowMs)) {
      const instance = this.#instance(call.instance);
      const message = call.kind === 'closing' ? closingMessage(instance.window.times) : call.message;
      instance.notify({ status: 'firing', message });
    }
  }

  /** One timer for all windows; it does not keep the process alive. */
  #arm(): void {
    const dueMs = this.#windows.nextDueMs;
    if (dueMs === this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = dueMs;
    if (dueMs === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.min(Math.max(Math.ceil(dueMs - this.#now()), 0), MAX_TIMER_MS);
    this.#timer = setTimeout(() => {
      this.#timerDueMs = Number.POSITIVE_INFINITY;
      this.#collect();
      this.#arm();
    }, waitMs);
    this.#timer.unref();
  }

  #instance(index: number): Instance {
    const instance = this.#instances[index];
    if (instance === undefined)
      throw new TetrashipError('KERNEL', `cannot alert: there is no target ${index}`);
    return instance;
  }
}

function conditionOf({ kind, expression, repeats }: Rule): Condition {
  return kind === 'column' ? { expression, repeats } : { expression };
}
