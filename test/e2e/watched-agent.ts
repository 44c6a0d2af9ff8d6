/** An agent that runs between the doubles with one rule in force, for tests that look at it from outside. */

import { appendFileSync, writeFileSync } from 'node:fs';
import { createReceiver, createWebhook, type Receiver, type Webhook } from '../receiver/index.ts';
import { AgentProcess, Workplace } from './agent.ts';

const PATIENCE_MS = 30_000;

export interface WatchedOptions {
  /** Fires on each start of a program with this in its path. */
  readonly rule: { readonly name: string; readonly binary: string; readonly message?: string };
  /** Lines that are in the log when the agent starts; at least one event. */
  readonly log: string;
  /** Path of the target. */
  readonly hook?: string;
  readonly settings?: Readonly<Record<string, string>>;
}

export class WatchedAgent implements AsyncDisposable {
  readonly place: Workplace;
  readonly receiver: Receiver;
  readonly webhook: Webhook;
  /** What the agent was given. */
  readonly settings: Readonly<Record<string, string>>;
  readonly agent: AgentProcess;

  private constructor(options: WatchedOptions, receiver: Receiver, webhook: Webhook) {
    const { rule, log, hook = '', settings } = options;
    this.place = new Workplace();
    this.receiver = receiver;
    this.webhook = webhook;
    this.settings = {
      PARSEABLE_URL: receiver.url,
      TETRAGON_LOG: this.place.join('tetragon.log'),
      TETRASHIP_RULES: this.place.join('rules.json'),
      ...settings,
    };
    const alert = {
      ...{ name: rule.name, message: rule.message ?? 'm' },
      rule: { type: 'composite', config: `process_exec_process_binary =% "${rule.binary}"` },
      targets: [{ type: 'webhook', endpoint: webhook.url + hook }],
    };
    writeFileSync(this.place.join('rules.json'), JSON.stringify({ version: 'v1', alerts: [alert] }));
    this.append(log);
    this.agent = new AgentProcess(this.place, this.settings);
  }

  /** Resolves once the agent has delivered what is in its log. */
  static async start(options: WatchedOptions): Promise<WatchedAgent> {
    const receiver = await createReceiver({ store: 'keys' });
    const watched = new WatchedAgent(options, receiver, await createWebhook({ keep: 10 }));
    await watched.url();
    await receiver.waitForRows(1, PATIENCE_MS);
    return watched;
  }

  url(): Promise<string> {
    return this.agent.url();
  }

  append(lines: string): void {
    appendFileSync(this.place.join('tetragon.log'), lines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]();
    await this.receiver.stop();
    await this.webhook.stop();
    this.place[Symbol.dispose]();
  }
}
