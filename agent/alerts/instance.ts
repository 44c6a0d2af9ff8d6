/** One target of one rule, with all that is decided once: how it is called, how often, and its queue. */

import type { Rule, Target } from '../../rules/ruleset.ts';
import { messageOf } from '../errors.ts';
import type { Due } from './due-queue.ts';
import type { AlertIdentity, Notification, Recipient } from './notification.ts';
import { Notifier, type NotifierOptions, type Queued } from './notifier.ts';
import type { Outcome } from './outcome.ts';
import { RateLimit, summaryMessage } from './rate-limit.ts';
import type { TargetStats } from './stats.ts';
import { alertmanager } from './targets/alertmanager.ts';
import { slack } from './targets/slack.ts';
import { webhook } from './targets/webhook.ts';
import type { WindowSpec } from './window.ts';

/** What all instances share. */
export interface InstanceContext extends Omit<NotifierOptions, 'send' | 'fields'> {
  readonly send: (recipient: Recipient, body: string, signal: AbortSignal) => Promise<Outcome>;
  /** Epoch milliseconds. */
  readonly wallNow: () => number;
  /** There is a sum to tell at `limit.sumDueMs`. */
  readonly onLimited: (instance: Instance) => void;
}

export class Instance implements Due {
  /** When its sum is told; kept by the queue of those that have one. */
  dueMs = 0;
  heapIndex = -1;
  readonly window: WindowSpec;
  readonly limit: RateLimit;
  /** Type and number in its rule, from 1: `webhook-1`. */
  readonly label: string;
  /** Whether its windows are those of groups. */
  readonly isGrouped: boolean;
  /** Whether it takes the event's row. */
  readonly wantsEvent: boolean;
  /** Firings inside an open window. */
  suppressed: number;
  /** Held back by `maxPerMinute`. */
  limited: number;
  readonly name: { readonly rule: string; readonly target: string };
  readonly #rule: Rule;
  readonly #context: InstanceContext;
  readonly #recipient: Recipient;
  readonly #notifier: Notifier;
  /** Scheme, host and port for people: the path may be a secret. */
  #origin: string;

  /** @param number of the target in its rule, from 1 */
  constructor(rule: Rule, target: Target, number: number, alert: AlertIdentity, context: InstanceContext) {
    const recipient = recipientOf(rule, target, alert);
    this.window = { mode: modeOf(rule, target), ...target.repeat };
    this.limit = new RateLimit(rule.maxPerMinute);
    this.label = `${target.type}-${number}`;
    this.isGrouped = rule.groupBy.length > 0;
    this.wantsEvent = rule.includeEvent && target.type === 'webhook' && target.format === 'json';
    this.suppressed = 0;
    this.limited = 0;
    this.name = { rule: rule.name, target: this.label };
    this.#rule = rule;
    this.#context = context;
    this.#recipient = recipient;
    this.#origin = originOf(recipient);
    this.#notifier = new Notifier({
      ...context,
      send: (notification, signal) => this.#send(notification, signal),
      fields: { ...this.name, origin: this.#origin },
    });
  }

  get stats(): TargetStats {
    const {
      sent,
      failed,
      dropped,
      retries,
      queueCount: queued,
      queueBytes,
      trouble,
      broken,
    } = this.#notifier;
    const { suppressed, limited } = this;
    return {
      ...this.name,
      ...{ sent, failed, dropped, suppressed, limited, retries, queued, queueBytes },
      ...{ origin: this.#origin, trouble, broken },
    };
  }

  get queue(): readonly Queued[] {
    return this.#notifier.queue;
  }

  /** Why the address cannot be made now (a secret is missing); `undefined` when all is well. */
  get fault(): string | undefined {
    try {
      this.#recipient.address();
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  /** A firing or repeat: false when the limit held it back. Resolves always go. */
  notify(notification: Notification): boolean {
    if (notification.status === 'firing' && !this.limit.take(this.#context.now())) {
      this.limited++;
      this.#context.onLimited(this);
      return false;
    }
    this.#notifier.add(notification);
    return true;
  }

  /** The minute is over in which something was held back. */
  tellSum(): void {
    const sum = this.limit.takeSum();
    if (sum === 0) return;
    const message = summaryMessage(sum, this.#rule.maxPerMinute);
    this.#notifier.add({ status: 'firing', kind: 'summary', message, atMs: this.#context.wallNow() });
  }

  /** After a restart. @param addedMs of the monotonic clock, which may have begun later */
  restore(notification: Notification, addedMs: number): void {
    this.#notifier.add(notification, addedMs);
  }

  /** What was held back before a restart, or by a predecessor, is told in the next sum. */
  restoreSum(suppressed: number): void {
    if (suppressed === 0) return;
    this.limit.suppressed += suppressed;
    this.#context.onLimited(this);
  }

  handOver(successor: Instance): void {
    this.#notifier.handOver(successor.#notifier);
    successor.restoreSum(this.limit.takeSum());
  }

  /** When the queue is empty, however long that takes. */
  drained(): Promise<void> {
    return this.#notifier.finished;
  }

  drain(): Promise<void> {
    return this.#notifier.drain();
  }

  stop(): Promise<void> {
    return this.#notifier.stop();
  }

  /** Never rejects: a notification that cannot be put into words must not end the agent. */
  async #send(notification: Notification, signal: AbortSignal): Promise<Outcome> {
    try {
      const body = this.#recipient.body(notification, this.#context.wallNow());
      if (this.#origin === '') this.#origin = originOf(this.#recipient);
      return await this.#context.send(this.#recipient, body, signal);
    } catch (error) {
      return { kind: 'refused', cause: `a fault of tetraship: ${messageOf(error)}` };
    }
  }
}

function originOf(recipient: Recipient): string {
  try {
    return recipient.address().origin;
  } catch {
    return ''; // a secret cannot be read yet
  }
}

function recipientOf(rule: Rule, target: Target, alert: AlertIdentity): Recipient {
  switch (target.type) {
    case 'webhook':
      return webhook(target, rule, alert);
    case 'slack':
      return slack(target, rule, alert);
    case 'alertmanager':
      return alertmanager(target, rule, alert);
  }
}

function modeOf(rule: Rule, target: Target): WindowSpec['mode'] {
  if (rule.kind === 'column') return 'state';
  return target.type === 'alertmanager' ? 'pulse' : 'event';
}
