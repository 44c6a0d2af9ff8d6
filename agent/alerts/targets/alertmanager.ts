/**
 * Prometheus Alertmanager, API v2: one alert in each POST, and at a resolve the end of the one that fires.
 *
 * Labels are who and what: the alert's identity, the same at every call, so that Alertmanager sees one alert. What
 * differs from event to event stands in the annotations. The format's own label `status` breaks that: an alert with
 * `status="resolved"` is another one than the alert with `status="firing"`, which would go on until Alertmanager's
 * resolve time-out. So a resolve names both: first the alert as the format has it, then the firing one with its end.
 */

import { print } from '../../../rules/print.ts';
import type { AlertmanagerTarget, Rule } from '../../../rules/ruleset.ts';
import { groupValues } from '../groups.ts';
import type { AlertIdentity, Notification, Recipient } from '../notification.ts';
import { Contact } from './contact.ts';
import { resolvedText } from './text.ts';

const DEPLOYMENT_MODE = 'agent';

/** Alertmanager ends an alert that says no end of its own after this long (its default `resolve_timeout`). */
const RESOLVE_TIMEOUT_MS = 5 * 60_000;
/** How long a firing alert outlives the next post that is due. */
const MARGIN_MS = 60_000;

export function alertmanager(target: AlertmanagerTarget, rule: Rule, alert: AlertIdentity): Recipient {
  const { skipTlsCheck, tls, timeoutMs } = target;
  const contact = new Contact(target, 'application/json', target.credentials);
  const labels = {
    alertname: alert.name,
    stream: alert.stream,
    deployment_instance: alert.nodeName,
    deployment_id: alert.deploymentId,
    deployment_mode: DEPLOYMENT_MODE,
    ...ruleLabels(rule),
    ...rule.labels,
    ...(rule.severity !== undefined && { severity: rule.severity }),
  };
  return {
    ...{ method: 'POST', skipTlsCheck, tls, timeoutMs },
    address: () => contact.address(),
    body: (notification, nowMs) => {
      const { status, message } = notification;
      const all = { ...groupLabels(rule, notification), ...labels };
      const reason = status === 'resolved' ? resolvedText(alert) : alert.reason;
      const annotations = { ...rule.annotations, message, reason };
      if (status === 'resolved') {
        const endsAt = rfc3339(nowMs);
        return JSON.stringify([
          { labels: { ...all, status }, annotations, endsAt },
          { labels: { ...all, status: 'firing' }, annotations, endsAt },
        ]);
      }
      const endMs = endOf(rule, target, nowMs);
      const end = endMs === undefined ? {} : { endsAt: rfc3339(endMs) };
      return JSON.stringify([{ labels: { ...all, status }, annotations, ...end }]);
    },
  };
}

/** When a firing alert ends unless the next post comes; `undefined` leaves it to Alertmanager. */
function endOf(rule: Rule, target: AlertmanagerTarget, nowMs: number): number | undefined {
  const { intervalMs } = target.repeat;
  // A composite rule is an event: its alert ends by itself unless the next post prolongs it.
  if (rule.kind === 'composite') return nowMs + intervalMs;
  return intervalMs + MARGIN_MS > RESOLVE_TIMEOUT_MS ? nowMs + intervalMs + MARGIN_MS : undefined;
}

/** The rule as its document says it, flattened: `rule_type`, `rule_config`, or `rule_config_column` and so on. */
function ruleLabels({ kind, expression, repeats }: Rule): Record<string, string> {
  if (kind === 'composite') return { rule_type: kind, rule_config: print(expression) };
  const leaf = 'numeric' in expression ? expression.numeric : 'string' in expression ? expression.string : {};
  const labels: Record<string, string> = { rule_type: kind };
  for (const [key, value] of Object.entries({ ...leaf, repeats }))
    labels[`rule_config_${key}`] = String(value);
  return labels;
}

/** Each column under its own name, as far as that is a label's; never over what the agent says. */
function groupLabels({ groupBy }: Rule, { group }: Notification): Record<string, string> {
  if (group === undefined) return {};
  const values = groupValues(group);
  return Object.fromEntries(groupBy.map((column, index) => [labelName(column), values[index] ?? '']));
}

function labelName(column: string): string {
  return column.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');
}

function rfc3339(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
