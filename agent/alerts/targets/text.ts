/** The words of a notification, the same for webhook and Slack; the space at the end is the format's. */

import type { AlertIdentity, Notification } from '../notification.ts';

export function alertText(alert: AlertIdentity, notification: Notification): string {
  if (notification.status === 'resolved') return resolvedText(alert);
  return `${alert.name} triggered on ${alert.stream}\nMessage: ${notification.message}\nFailing Condition: ${alert.reason}`;
}

export function resolvedText(alert: AlertIdentity): string {
  return `${alert.name} on ${alert.stream} is now resolved `;
}
