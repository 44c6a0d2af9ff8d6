/** The stages as the status page sees them. Read when somebody asks, and not otherwise. */

import type { Stages } from './pipeline-views.ts';
import type { StageFacts } from './status/facts.ts';

export function stageFacts(stages: Stages): StageFacts {
  const { config, delivery, alerts, checkpoint } = stages;
  const kernel = stages.kernel();
  const intake = stages.intake();
  const { rules, targets } = alerts.stats;
  return {
    reader: stages.feeder()?.state ?? 'stopped',
    files: intake?.files() ?? [],
    logs: config.logs,
    unreadable: intake?.unreadableReason ?? '',
    watchFault: intake?.watchFault ?? '',
    openRows: kernel?.slotRows ?? 0,
    openBytes: kernel?.slotLength ?? 0,
    outboxBodies: delivery.stats.outboxBodies,
    isFull: delivery.full,
    spoolTrouble: delivery.spoolTrouble,
    spoolIsFull: delivery.spool?.full ?? false,
    server: {
      state: delivery.state,
      sinceMs: delivery.sinceMs,
      reason: delivery.reason,
      urls: config.urls,
      stream: config.stream,
      encoding: delivery.encoding,
    },
    checkpointIsFailing: checkpoint.stats.failing,
    rules,
    targets,
  };
}
