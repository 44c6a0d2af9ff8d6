/** Rules as the agent uses them: what a document says, checked, with defaults filled in and one spelling for each thing. */

import type { Expression } from './ast.ts';

export interface RuleSet {
  /** In the order of the documents; those that are not `enabled` are in it too. */
  readonly rules: readonly Rule[];
}

export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical';

export interface Rule extends RuleExtension {
  /** Unique among all rules; one line. */
  readonly name: string;
  /** The document's own, if any; not used. */
  readonly id: string | undefined;
  /** Template: `{column}` becomes the event's value. */
  readonly message: string;
  /** The rule's own or, where it has none, the default ones of all documents. */
  readonly targets: readonly Target[];
  /** The file it comes from, for people. */
  readonly source: string;
  /** In normal form; a single leaf when `kind` is `column`. */
  readonly expression: Expression;
  /** `composite`: an event, it fires on every match. `column`: a state, it fires and resolves. */
  readonly kind: 'composite' | 'column';
  /** Matches that make a `column` rule without `window` fire; 1 for `composite`. */
  readonly repeats: number;
}

/** What stands under `tetraship` in an alert: nothing of it is needed, and the document is v1 without it. */
export interface RuleExtension {
  /** A rule that is not enabled is checked and not evaluated. */
  readonly enabled: boolean;
  readonly severity: Severity | undefined;
  /** Names fit for Prometheus and Alertmanager; none that the agent sets itself. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Columns; empty for one state of the whole rule. */
  readonly groupBy: readonly string[];
  /** `threshold` matches within `ms` of event time fire; `undefined`: no such window. */
  readonly window: { readonly ms: number; readonly threshold: number } | undefined;
  /** Since a firing; 0 for none. */
  readonly cooldownMs: number;
  readonly includeEvent: boolean;
  /** Notifications of one target; `Infinity` for no limit. */
  readonly maxPerMinute: number;
}

export interface Repeat {
  readonly intervalMs: number;
  /** Calls in all, the first one included; `Infinity` goes on until the alert resolves. */
  readonly times: number;
}

/** PEM files by their absolute paths. */
export interface TlsFiles {
  readonly ca: string | undefined;
  /** With `key`, or neither. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/**
 * What all targets have. `endpoint`, the values of `headers`, `username` and `password` may hold `${file:/path}` and
 * `${env:NAME}`, which stand for the text found there at the time of each request.
 */
export interface TargetCommon {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly skipTlsCheck: boolean;
  readonly tls: TlsFiles;
  /** For one request; `undefined`: the agent's own. */
  readonly timeoutMs: number | undefined;
  readonly repeat: Repeat;
}

export interface WebhookTarget extends TargetCommon {
  readonly type: 'webhook';
  readonly method: 'POST' | 'PUT';
  /** `text` is v1's; `json` is described by notification-schema.json. */
  readonly format: 'text' | 'json';
}

export interface SlackTarget extends TargetCommon {
  readonly type: 'slack';
}

export interface AlertmanagerTarget extends TargetCommon {
  readonly type: 'alertmanager';
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
}

export type Target = WebhookTarget | SlackTarget | AlertmanagerTarget;
