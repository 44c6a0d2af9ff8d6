/** Slack's incoming webhook: the same text in JSON, and below it what the rule says of itself beyond the format. */

import type { Rule, SlackTarget } from '../../../rules/ruleset.ts';
import { groupValues } from '../groups.ts';
import type { AlertIdentity, Notification, Recipient } from '../notification.ts';
import { Contact } from './contact.ts';
import { alertText } from './text.ts';

export function slack(target: SlackTarget, rule: Rule, alert: AlertIdentity): Recipient {
  const { skipTlsCheck, tls, timeoutMs } = target;
  const contact = new Contact(target, 'application/json');
  const about = aboutRule(rule);
  return {
    ...{ method: 'POST', skipTlsCheck, tls, timeoutMs },
    address: () => contact.address(),
    body: (notification) =>
      JSON.stringify({
        text: [alertText(alert, notification), ...aboutGroup(rule, notification), ...about].join('\n'),
      }),
  };
}

function aboutRule({ severity, labels, annotations }: Rule): string[] {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return [
    ...(severity === undefined ? [] : [`Severity: ${severity}`]),
    ...Object.entries(annotations).map(([name, value]) => `${name}: ${value}`),
    ...(pairs.length === 0 ? [] : [`Labels: ${pairs.join(', ')}`]),
  ];
}

function aboutGroup({ groupBy }: Rule, { group }: Notification): string[] {
  if (group === undefined) return [];
  const values = groupValues(group);
  return [`Group: ${groupBy.map((column, index) => `${column}=${values[index] ?? ''}`).join(', ')}`];
}
