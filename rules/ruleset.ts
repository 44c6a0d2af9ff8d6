/** Rules as the agent uses them: what a document says, checked, with defaults filled in and one spelling for each thing. */

import type { Expression } from './ast.ts';

export interface RuleSet {
  /** A rule's index is the number by which the kernel reports it. */
  readonly rules: readonly Rule[];
}

export interface Rule {
  /** Unique among all rules; one line. */
  readonly name: string;
  /** The document's own, if any; not used. */
  readonly id: string | undefined;
  /** Template: `{column}` becomes the event's value. */
  readonly message: string;
  readonly targets: readonly Target[];
  /** The file it comes from, for people. */
  readonly source: string;
  /** In normal form; a single leaf when `kind` is `column`. */
  readonly expression: Expression;
  /** `composite`: an event, it fires on every match. `column`: a state, it fires and resolves. */
  readonly kind: 'composite' | 'column';
  /** Matches that make a `column` rule fire; 1 for `composite`. */
  readonly repeats: number;
}

export interface Repeat {
  readonly intervalMs: number;
  /** Calls in all, the first one included; `Infinity` goes on until the alert resolves. */
  readonly times: number;
}

export interface WebhookTarget {
  readonly type: 'webhook';
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly skipTlsCheck: boolean;
  readonly repeat: Repeat;
}

export interface SlackTarget {
  readonly type: 'slack';
  readonly endpoint: string;
  readonly repeat: Repeat;
}

export interface AlertmanagerTarget {
  readonly type: 'alertmanager';
  readonly endpoint: string;
  readonly skipTlsCheck: boolean;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  readonly repeat: Repeat;
}

export type Target = WebhookTarget | SlackTarget | AlertmanagerTarget;
