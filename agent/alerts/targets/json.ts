/** The JSON body of a webhook, as rules/notification-schema.json describes it. */

import type { Rule } from '../../../rules/ruleset.ts';
import { groupValues } from '../groups.ts';
import type { AlertIdentity, Notification } from '../notification.ts';
import { resolvedText } from './text.ts';

/** Raised when a key changes its meaning or goes; new keys may come without. */
const BODY_VERSION = 1;

export function jsonBody(rule: Rule, alert: AlertIdentity): (notification: Notification) => string {
  const { severity, labels, annotations } = rule;
  const about = {
    ...(severity !== undefined && { severity }),
    labels,
    annotations,
    node: alert.nodeName,
    deployment: alert.deploymentId,
  };
  return (notification) => {
    const { status, message, kind, atMs, event } = notification;
    const text = JSON.stringify({
      version: BODY_VERSION,
      status,
      call: status === 'resolved' ? 'resolved' : (kind ?? 'first'),
      name: alert.name,
      stream: alert.stream,
      message,
      reason: status === 'resolved' ? resolvedText(alert) : alert.reason,
      time: new Date(atMs).toISOString(),
      ...about,
      ...(notification.group !== undefined && { group: groupOf(rule, notification.group) }),
    });
    // The row goes in as it stands: parsing it would change the digits of large numbers.
    return event === undefined ? text : `${text.slice(0, -1)},"event":${event}}`;
  };
}

function groupOf({ groupBy }: Rule, group: string): Record<string, string | null> {
  const values = groupValues(group);
  return Object.fromEntries(groupBy.map((column, index) => [column, values[index] ?? null]));
}
