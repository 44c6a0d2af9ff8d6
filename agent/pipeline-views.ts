/** The stages as the metrics page and the readiness probe see them. Read when somebody asks, and not otherwise. */

import type { Alerting } from './alerts/alerting.ts';
import type { Config } from './config.ts';
import type { Dataset } from './delivery/dataset.ts';
import type { DeadLetters } from './delivery/deadletter.ts';
import type { Delivery } from './delivery/delivery.ts';
import type { DeadLetter } from './delivery/letter-format.ts';
import { DURATION_BOUNDS_S } from './delivery/stats.ts';
import type { Feeder, RejectedLine } from './feeder.ts';
import type { Checkpoint } from './intake/checkpoint.ts';
import type { LogIntake } from './intake/intake.ts';
import type { Kernel } from './kernel/kernel.ts';
import { REJECT_MESSAGES } from './kernel/types.ts';
import type { MetricSources } from './ops/metric.ts';
import type { ReadinessFacts } from './ops/readiness.ts';
import { alertSources } from './pipeline-alert-views.ts';

export interface Stages {
  readonly config: Config;
  readonly delivery: Delivery;
  readonly deadLetters: DeadLetters;
  readonly alerts: Alerting;
  readonly checkpoint: Checkpoint;
  /** These exist from the start on. */
  readonly kernel: () => Kernel | undefined;
  readonly feeder: () => Feeder | undefined;
  readonly intake: () => LogIntake | undefined;
  /** Bytes consumed and not yet settled. */
  readonly unsettledBytes: () => number;
}

export function metricSources(stages: Stages): MetricSources {
  const { config, delivery, deadLetters, alerts, checkpoint, kernel, feeder, intake } = stages;
  const sent = delivery.stats;
  const lagBytes = (): number => (intake()?.lagBytes() ?? 0) + stages.unsettledBytes();
  return {
    readBytes: () => feeder()?.stats.readBytes ?? 0,
    events: () => feeder()?.stats.events ?? 0,
    blankLines: () => feeder()?.stats.blankLines ?? 0,
    filteredEvents: () => feeder()?.stats.filteredEvents ?? 0,
    rejectedEvents: () => feeder()?.stats.rejected ?? [],
    overflowEvents: () => feeder()?.stats.overflowEvents ?? 0,
    typeChanges: () => feeder()?.stats.typeChanges ?? 0,
    columns: () => kernel()?.nameCount ?? 0,
    columnsLimit: () => config.maxColumns,

    rowsDelivered: () => sent.rowsDelivered,
    deliveredBytes: () => sent.deliveredBytes,
    sentBytes: () => sent.sentBytes,
    wireBytes: () => sent.wireBytes,
    rowsLost: () => Object.entries(sent.lost),
    requests: () => sent.requests,
    requestDurations: () => ({
      bounds: DURATION_BOUNDS_S,
      counts: sent.durationCounts,
      sum: sent.durationSumS,
    }),
    retries: () => sent.retries,
    lastAckSeconds: () => sent.lastAckMs / 1000,
    outboxBytes: () => sent.outboxBytes,
    outboxLimitBytes: () => config.outboxBytes,
    spoolBytes: () => delivery.spool?.usedBytes ?? 0,
    spoolLimitBytes: () => config.spoolBytes,
    spoolRecords: () => delivery.spool?.stats.writtenRecords ?? 0,
    spoolDamagedRecords: () => delivery.spool?.stats.damagedRecords ?? 0,
    spoolDiskErrors: () => delivery.spool?.health.diskErrors ?? 0,
    deadLetters: () => deadLetters.stats.byReason,
    deadLettersRemoved: () => deadLetters.stats.removed,
    deadLettersFailed: () => deadLetters.stats.failed,
    deadLetterBytes: () => deadLetters.usedBytes,

    lagBytes,
    // How old the newest delivered event is, as long as there is something left to deliver; while batches wait
    // on disk, some of them are always in the outbox.
    lagSeconds: () => {
      if (lagBytes() === 0 && sent.outboxBytes === 0) return 0;
      const newest = sent.lastAckedEventMs;
      return Number.isNaN(newest) ? process.uptime() : Math.max(0, (Date.now() - newest) / 1000);
    },
    openFiles: () => intake()?.stats.openFiles ?? 0,
    rotations: () => intake()?.stats.rotations ?? 0,
    truncations: () => intake()?.stats.truncations ?? 0,
    readErrors: () => intake()?.stats.readErrors ?? [],
    lostFiles: () => intake()?.stats.lostFiles ?? 0,
    lostBytes: () => intake()?.stats.lostBytes ?? 0,
    checkpointWrites: () => checkpoint.stats.writes,
    checkpointErrors: () => checkpoint.stats.errors,

    ...alertSources(alerts),
  };
}

/** A line that is no event, as it is kept. */
export function deadLetterOf({ reason, file, offsetBytes, lengthBytes, line }: RejectedLine): DeadLetter {
  return {
    ...{ reason, file: file.path, offset: offsetBytes, length: lengthBytes, line },
    status: null,
    message: REJECT_MESSAGES[reason],
  };
}

/** What /readyz judges by. */
export function readinessFacts(stages: Stages, dataset: Dataset): ReadinessFacts {
  const { delivery, deadLetters, alerts, checkpoint } = stages;
  const intake = stages.intake();
  const { state, reason, stats, spoolTrouble, full } = delivery;
  const watchFault = intake?.watchFault;
  const degraded: string[] = [];
  if (state === 'waiting' || state === 'held') degraded.push(`rows cannot be sent: ${reason}`);
  if (spoolTrouble !== '') degraded.push(spoolTrouble);
  if (deadLetters.trouble !== '')
    degraded.push(
      `dead letters cannot be written, and the checkpoint waits for them: ${deadLetters.trouble}`,
    );
  if (full) degraded.push('outbox and spool are full: reading waits');
  if (checkpoint.stats.failing)
    degraded.push('the checkpoint cannot be written: a restart would send rows again');
  if (watchFault !== undefined) degraded.push(watchFault);
  if (!alerts.reload.success)
    degraded.push('the rules on disk cannot be used, and the old ones are in force: the log says why');
  return { credentials: credentials(), logFolderReadable: intake?.readable ?? true, degraded };

  function credentials(): ReadinessFacts['credentials'] {
    if (state === 'refused') return 'refused';
    return state === 'sending' && stats.rowsDelivered > 0 ? 'accepted' : dataset.acceptance;
  }
}
