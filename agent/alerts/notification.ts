/** What the stages of alerting hand to each other. */

export interface Notification {
  readonly status: 'firing' | 'resolved';
  /** Rendered, or the closing message. */
  readonly message: string;
}

/** A target of one rule, ready to be called: everything that is the same for every notification is decided. */
export interface Recipient {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly skipTlsCheck: boolean;
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
