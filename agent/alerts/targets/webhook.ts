/** A plain HTTP target: POST with the text as it is, and the rule's own headers. */

import type { WebhookTarget } from '../../../rules/ruleset.ts';
import type { AlertIdentity, Recipient } from '../notification.ts';
import { addressOf } from './address.ts';
import { alertText } from './text.ts';

export function webhook(target: WebhookTarget, alert: AlertIdentity): Recipient {
  const { url, headers } = addressOf(target.endpoint);
  // The rule's own spelling and value win over ours.
  const own = new Set(Object.keys(target.headers).map((name) => name.toLowerCase()));
  const defaults = { 'content-type': 'text/plain; charset=utf-8', ...headers };
  const missing = Object.entries(defaults).filter(([name]) => !own.has(name));
  return {
    url,
    headers: { ...Object.fromEntries(missing), ...target.headers },
    skipTlsCheck: target.skipTlsCheck,
    body: (notification) => alertText(alert, notification),
  };
}
