/** A plain HTTP target: the text as the format has it, or JSON as notification-schema.json describes it. */

import type { Rule, WebhookTarget } from '../../../rules/ruleset.ts';
import type { AlertIdentity, Recipient } from '../notification.ts';
import { Contact } from './contact.ts';
import { jsonBody } from './json.ts';
import { alertText } from './text.ts';

export function webhook(target: WebhookTarget, rule: Rule, alert: AlertIdentity): Recipient {
  const { method, skipTlsCheck, tls, timeoutMs, format } = target;
  const contact = new Contact(target, format === 'json' ? 'application/json' : 'text/plain; charset=utf-8');
  return {
    ...{ method, skipTlsCheck, tls, timeoutMs },
    address: () => contact.address(),
    body: format === 'json' ? jsonBody(rule, alert) : (notification) => alertText(alert, notification),
  };
}
