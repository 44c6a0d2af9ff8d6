/** Alerting as the metrics page sees it. */

import type { Alerting } from './alerts/alerting.ts';
import type { AlertStats, RuleStats, TargetStats } from './alerts/stats.ts';
import type { MetricSources, Samples } from './ops/metric.ts';

/** One scrape asks a dozen times: the numbers of ten thousand rules are collected once. */
const FRESH_MS = 100;

export type AlertSources = Pick<
  MetricSources,
  | 'rules'
  | 'rulesReloads'
  | 'rulesReloadSuccess'
  | 'rulesReloadSuccessSeconds'
  | 'alertsBlocked'
  | 'alertsMatched'
  | 'alertsFired'
  | 'alertMatchesHeldBack'
  | 'alertGroups'
  | 'alertGroupsEvicted'
  | 'alertWindows'
  | 'alertWindowsEvicted'
  | 'alertNotifications'
  | 'alertRetries'
  | 'alertTargetFailing'
  | 'alertQueued'
  | 'alertQueueBytes'
  | 'alertOrphans'
  | 'alertStateErrors'
>;

export function alertSources(alerts: Alerting): AlertSources {
  let stats: AlertStats | undefined;
  let atMs = 0;
  const fresh = (): AlertStats => {
    const nowMs = performance.now();
    if (stats === undefined || nowMs - atMs > FRESH_MS) [stats, atMs] = [alerts.stats, nowMs];
    return stats;
  };
  const ofRules = (number: (rule: RuleStats) => number): Samples =>
    fresh().rules.map((rule) => [rule.rule, number(rule)]);
  const ofTargets = (number: (target: TargetStats) => number): Samples =>
    fresh().targets.map((target) => [[target.rule, target.target], number(target)]);
  return {
    rules: () => fresh().rules.length,
    rulesReloads: () => [
      ['success', alerts.reload.succeeded],
      ['failure', alerts.reload.failed],
    ],
    rulesReloadSuccess: () => (alerts.reload.success ? 1 : 0),
    rulesReloadSuccessSeconds: () => alerts.reload.lastSuccessMs / 1000,
    alertsBlocked: () => (alerts.isBlocked ? 1 : 0),
    alertsMatched: () => ofRules(({ matched }) => matched),
    alertsFired: () => ofRules(({ fired }) => fired),
    alertMatchesHeldBack: () =>
      fresh().rules.flatMap(({ rule, cooled, late }) => [
        [[rule, 'cooldown'], cooled],
        [[rule, 'too_late'], late],
      ]),
    alertGroups: () => ofRules(({ groups }) => groups),
    alertGroupsEvicted: () => ofRules(({ groupsEvicted }) => groupsEvicted),
    alertWindows: () => fresh().windows,
    alertWindowsEvicted: () => fresh().windowsEvicted,
    alertNotifications: () => fresh().targets.flatMap(notifications),
    alertRetries: () => ofTargets(({ retries }) => retries),
    alertTargetFailing: () => ofTargets(({ broken }) => (broken ? 1 : 0)),
    alertQueued: () => ofTargets(({ queued }) => queued),
    alertQueueBytes: () => fresh().queueBytes,
    alertOrphans: () => fresh().orphans,
    alertStateErrors: () => alerts.stateStats.errors,
  };
}

function notifications({ rule, target, ...counts }: TargetStats): [string[], number][] {
  return (['sent', 'failed', 'dropped', 'suppressed', 'limited'] as const).map((result) => [
    [rule, target, result],
    counts[result],
  ]);
}
