/**
 * Prometheus Alertmanager, API v2: one alert in each POST.
 *
 * Labels are who and what: the alert's identity, the same at every call, so that Alertmanager sees one alert. What
 * differs from event to event stands in the annotations.
 */

import { print } from '../../../rules/print.ts';
import type { AlertmanagerTarget, Rule } from '../../../rules/ruleset.ts';
import type { AlertIdentity, Recipient } from '../notification.ts';
import { addressOf, basic } from './address.ts';
import { resolvedText } from './text.ts';

const DEPLOYMENT_MODE = 'agent';

export function alertmanager(target: AlertmanagerTarget, rule: Rule, alert: AlertIdentity): Recipient {
  const { url, headers } = addressOf(target.endpoint);
  const { credentials } = target;
  const login = credentials === undefined ? {} : basic(credentials.username, credentials.password);
  const labels = {
    alertname: alert.name,
    stream: alert.stream,
    deployment_instance: alert.nodeName,
    deployment_id: alert.deploymentId,
    deployment_mode: DEPLOYMENT_MODE,
    ...ruleLabels(rule),
  };
  return {
    url,
    headers: { 'content-type': 'application/json', ...headers, ...login },
    skipTlsCheck: target.skipTlsCheck,
    body: ({ status, message }, nowMs) => {
      const reason = status === 'resolved' ? resolvedText(alert) : alert.reason;
      const common = { labels: { ...labels, status }, annotations: { message, reason } };
      if (status === 'resolved') return JSON.stringify([{ ...common, endsAt: rfc3339(nowMs) }]);
      // A composite rule is an event: its alert ends by itself unless the next post prolongs it.
      if (rule.kind === 'column') return JSON.stringify([common]);
      return JSON.stringify([{ ...common, endsAt: rfc3339(nowMs + target.repeat.intervalMs) }]);
    },
  };
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

function rfc3339(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
