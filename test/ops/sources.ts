/** Counters that look like a running agent's, for the tests of what reads them. */

import type { MetricSources } from '../../agent/ops/metric.ts';

export function fakeSources(changes: Partial<MetricSources> = {}): MetricSources {
  return {
    readBytes: () => 1000,
    events: () => 100,
    blankLines: () => 1,
    filteredEvents: () => 2,
    rejectedEvents: () =>
      new Map([
        ['too_long', 3],
        ['invalid_json', 4],
      ]),
    rowsDelivered: () => 90,
    deliveredBytes: () => 900,
    sentBytes: () => 100,
    wireBytes: () => 120,
    rowsLost: () => 0,
    requests: () => Object.entries({ 200: 5, ECONNREFUSED: 1 }),
    requestDurations: () => ({ bounds: [0.1, 1, 2.5], counts: [3, 2, 0, 1], sum: 7.25 }),
    retries: () => 1,
    lagBytes: () => 10,
    lagSeconds: () => 0.5,
    lastAckSeconds: () => 1_700_000_000.25,
    outboxBytes: () => 0,
    outboxLimitBytes: () => 8_388_608,
    spoolBytes: () => 1024,
    spoolLimitBytes: () => 1_073_741_824,
    spoolRecords: () => 3,
    spoolDamagedRecords: () => 0,
    columns: () => 120,
    columnsLimit: () => 900,
    overflowEvents: () => 0,
    typeChanges: () => 0,
    deadLetters: () => [['refused', 1]],
    deadLetterBytes: () => 200,
    deadLettersRemoved: () => 0,
    deadLettersFailed: () => 0,
    openFiles: () => 1,
    rotations: () => 3,
    truncations: () => 0,
    readErrors: () => [],
    lostFiles: () => 0,
    lostBytes: () => 0,
    checkpointWrites: () => 7,
    checkpointErrors: () => 0,
    alertsMatched: () => [['wget_command', 2]],
    alertNotifications: () => [[['wget_command', 'webhook', 'sent'], 2]],
    alertQueueBytes: () => 0,
    ...changes,
  };
}
