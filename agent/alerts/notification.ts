/** What the stages of alerting hand to each other. */

import type { TlsFiles } from '../../rules/ruleset.ts';

export interface Notification {
  readonly status: 'firing' | 'resolved';
  /** Rendered, or the closing message, or a summary. */
  readonly message: string;
  /** Epoch milliseconds of the decision. */
  readonly atMs: number;
  /** What kind of call it is, beside a first firing and a resolve. */
  readonly kind?: 'repeat' | 'closing' | 'summary' | undefined;
  /** JSON list of the values of the rule's `groupBy`, `null` for an absent column; only with `groupBy`. */
  readonly group?: string | undefined;
  /** The row as JSON text; only with `includeEvent`, and not of a row that is too long. */
  readonly event?: string | undefined;
}

/** Where and how, at this moment. */
export interface Address {
  readonly origin: string;
  readonly path: string;
  /** In lower case, but for the rule's own. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A target of one rule, ready to be called: everything that is the same for every notification is decided. */
export interface Recipient {
  readonly method: 'POST' | 'PUT';
  readonly skipTlsCheck: boolean;
  readonly tls: TlsFiles;
  /** For one request; `undefined`: the usual one. */
  readonly timeoutMs: number | undefined;
  /** Cheap: secrets are read again only when they changed. @throws {Error} when one cannot be read */
  address(): Address;
  /** The request's body. @param nowMs epoch milliseconds of the sending, not of the event */
  body(notification: Notification, nowMs: number): string;
}

/** What every target says of the alert and of who sends it. */
export interface AlertIdentity {
  readonly name: string;
  readonly stream: string;
  readonly reason: string;
  readonly nodeName: string;
  readonly deploymentId: string;
}
