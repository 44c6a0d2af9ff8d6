/** One target of one rule, with all that is decided once: how it is called, how often, and its queue. */

import type { Rule, Target } from '../../rules/ruleset.ts';
import type { AlertIdentity, Notification, Recipient } from './notification.ts';
import { Notifier, type NotifierOptions } from './notifier.ts';
import type { Outcome } from './outcome.ts';
import type { TargetStats } from './stats.ts';
import { alertmanager } from './targets/alertmanager.ts';
import { slack } from './targets/slack.ts';
import { webhook } from './targets/webhook.ts';
import type { WindowSpec } from './window.ts';

/** What all instances share. */
export interface InstanceContext extends Omit<NotifierOptions, 'send' | 'fields'> {
  readonly post: (recipient: Recipient, body: string, signal: AbortSignal) => Promise<Outcome>;
  /** Epoch milliseconds. */
  readonly wallNow: () => number;
}

export class Instance {
  readonly window: WindowSpec;
  suppressed: number;
  readonly #name: { readonly rule: string; readonly target: string };
  readonly #origin: string;
  readonly #notifier: Notifier;

  /** @param number of the target in its rule, from 1 */
  constructor(rule: Rule, target: Target, number: number, alert: AlertIdentity, context: InstanceContext) {
    const recipient = recipientOf(rule, target, alert);
    this.window = { mode: modeOf(rule, target), ...target.repeat };
    this.suppressed = 0;
    this.#name = { rule: rule.name, target: `${target.type}-${number}` };
    // The path may be a secret (Slack's is): only the origin is told.
    this.#origin = new URL(recipient.url).origin;
    this.#notifier = new Notifier({
      ...context,
      send: (notification, signal) =>
        context.post(recipient, recipient.body(notification, context.wallNow()), signal),
      fields: { ...this.#name, origin: this.#origin },
    });
  }

  get stats(): TargetStats {
    const { sent, failed, dropped, retries, queueCount: queued, queueBytes, trouble } = this.#notifier;
    return {
      ...this.#name,
      ...{ sent, failed, dropped, suppressed: this.suppressed, retries, queued, queueBytes },
      ...{ origin: this.#origin, trouble },
    };
  }

  notify(notification: Notification): void {
    this.#notifier.add(notification);
  }

  drain(): Promise<void> {
    return this.#notifier.drain();
  }

  stop(): Promise<void> {
    return this.#notifier.stop();
  }
}

function recipientOf(rule: Rule, target: Target, alert: AlertIdentity): Recipient {
  switch (target.type) {
    case 'webhook':
      return webhook(target, alert);
    case 'slack':
      return slack(target, alert);
    case 'alertmanager':
      return alertmanager(target, rule, alert);
  }
}

function modeOf(rule: Rule, target: Target): WindowSpec['mode'] {
  if (rule.kind === 'column') return 'state';
  return target.type === 'alertmanager' ? 'pulse' : 'event';
}
