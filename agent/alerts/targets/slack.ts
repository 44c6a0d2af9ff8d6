/** Slack's incoming webhook: the same text in JSON. */

import type { SlackTarget } from '../../../rules/ruleset.ts';
import type { AlertIdentity, Recipient } from '../notification.ts';
import { addressOf } from './address.ts';
import { alertText } from './text.ts';

export function slack(target: SlackTarget, alert: AlertIdentity): Recipient {
  const { url, headers } = addressOf(target.endpoint);
  return {
    url,
    headers: { 'content-type': 'application/json', ...headers },
    skipTlsCheck: false,
    body: (notification) => JSON.stringify({ text: alertText(alert, notification) }),
  };
}
