/**
 * The one table of metrics: name, type, labels, meaning, and what an operator does about it. The exposition and
 * the tables of docs/operations.md come from it.
 */

import type { Metric } from './metric.ts';
import { ALERT_METRICS } from './metric-table-alerts.ts';

export const METRICS: readonly Metric[] = [
  {
    name: 'tetraship_read_bytes_total',
    type: 'counter',
    help: 'Bytes read from the log, uncompressed.',
    action:
      "Stands still while Tetragon's `tetragon_events_exported_bytes_total` grows: see `tetraship_read_errors_total` and `tetraship_outbox_bytes`.",
    read: (sources) => sources.readBytes(),
  },
  {
    name: 'tetraship_events_total',
    type: 'counter',
    help: 'Lines that were good events, shipped or filtered.',
    action: 'Compare with `tetragon_events_exported_total`.',
    read: (sources) => sources.events(),
  },
  {
    name: 'tetraship_blank_lines_total',
    type: 'counter',
    help: 'Lines of white space only, skipped.',
    action: 'None; other writers than Tetragon leave them.',
    read: (sources) => sources.blankLines(),
  },
  {
    name: 'tetraship_filtered_events_total',
    type: 'counter',
    help: 'Events kept back by TETRASHIP_INCLUDE or TETRASHIP_EXCLUDE.',
    action: 'More than expected: check the two expressions.',
    read: (sources) => sources.filteredEvents(),
  },
  {
    name: 'tetraship_rejected_events_total',
    type: 'counter',
    labels: ['reason'],
    help: 'Lines that are no events, by reason; each is in the dead letters.',
    action:
      'Any increase: read the newest file in `deadletters`. `too_long`: raise `TETRASHIP_MAX_LINE`. `invalid_json` once after a crash of Tetragon is a torn line.',
    read: (sources) => sources.rejectedEvents(),
  },
  {
    name: 'tetraship_rows_delivered_total',
    type: 'counter',
    help: 'Rows that the server has acknowledged.',
    action:
      'Stands still while `tetraship_events_total` grows: the server is away or refuses; see `tetraship_requests_total`.',
    read: (sources) => sources.rowsDelivered(),
  },
  {
    name: 'tetraship_delivered_bytes_total',
    type: 'counter',
    help: 'Bytes of acknowledged rows, before compression.',
    action: 'Divided by `tetraship_sent_bytes_total`: the compression ratio.',
    read: (sources) => sources.deliveredBytes(),
  },
  {
    name: 'tetraship_sent_bytes_total',
    type: 'counter',
    help: 'The same bytes as they were sent, after compression.',
    action: 'None; see the line above.',
    read: (sources) => sources.sentBytes(),
  },
  {
    name: 'tetraship_wire_bytes_total',
    type: 'counter',
    help: 'Bytes of request bodies in all tries, also of those that failed.',
    action:
      'Grows faster than `tetraship_sent_bytes_total`: requests are repeated; see `tetraship_retries_total`.',
    read: (sources) => sources.wireBytes(),
  },
  {
    name: 'tetraship_rows_lost_total',
    type: 'counter',
    labels: ['reason'],
    help: 'Rows given up, neither delivered nor in the dead letters.',
    action:
      'Any increase is a loss: the log names file and range. `dropped`: outbox or spool was full with `TETRASHIP_WHEN_FULL=drop_oldest`. `damaged`: the disk of the spool. `unsendable`: a bug, please report it.',
    read: (sources) => sources.rowsLost(),
  },
  {
    name: 'tetraship_requests_total',
    type: 'counter',
    labels: ['code'],
    help: 'Requests to the server by status code, or by error when there was no answer.',
    action:
      '`401`, `403`: fix the credentials; sending waits. `413`: lower `TETRASHIP_BATCH_BYTES`. `5xx` and errors: look at the server; nothing is lost while the log can be read.',
    read: (sources) => sources.requests(),
  },
  {
    name: 'tetraship_request_duration_seconds',
    type: 'histogram',
    help: 'Time from sending a request to its answer.',
    action:
      'Rising: the server or the way to it is slow; a higher `TETRASHIP_CONCURRENCY` helps against distance only.',
    read: (sources) => sources.requestDurations(),
  },
  {
    name: 'tetraship_retries_total',
    type: 'counter',
    help: 'Requests that repeat one that failed in passing.',
    action: 'A steady increase: the reason is in `tetraship_requests_total` and in the log.',
    read: (sources) => sources.retries(),
  },
  {
    name: 'tetraship_lag_bytes',
    type: 'gauge',
    help: 'Bytes of the log that are neither acknowledged nor safe in the spool.',
    action:
      "Near the log's whole size (files x size): Tetragon will delete what is not read. Restore the server, or raise Tetragon's `exportFileMaxSizeMB` and backups.",
    read: (sources) => sources.lagBytes(),
  },
  {
    name: 'tetraship_lag_seconds',
    type: 'gauge',
    help: 'Age of the newest acknowledged event while others wait, in the log, in memory or in the spool; 0 when none waits.',
    action: 'Above a minute: the same as `tetraship_lag_bytes`.',
    read: (sources) => sources.lagSeconds(),
  },
  {
    name: 'tetraship_last_ack_timestamp_seconds',
    type: 'gauge',
    help: 'Unix time of the last acknowledgement; absent before the first.',
    action: 'Old while events come in: alert on it.',
    read: (sources) => sources.lastAckSeconds(),
  },
  {
    name: 'tetraship_outbox_bytes',
    type: 'gauge',
    help: 'Memory taken by batches that wait for the server.',
    action: 'At the limit: reading has stopped; see `tetraship_lag_bytes`.',
    read: (sources) => sources.outboxBytes(),
  },
  {
    name: 'tetraship_outbox_limit_bytes',
    type: 'gauge',
    help: 'Bound of tetraship_outbox_bytes.',
    action: 'None.',
    read: (sources) => sources.outboxLimitBytes(),
  },
  {
    name: 'tetraship_spool_bytes',
    type: 'gauge',
    help: 'Disk taken by batches that wait for the server.',
    action:
      'Grows while the server is away. At the limit: reading has stopped, or the oldest batches are given up.',
    read: (sources) => sources.spoolBytes(),
  },
  {
    name: 'tetraship_spool_limit_bytes',
    type: 'gauge',
    help: 'Bound of tetraship_spool_bytes.',
    action: 'None.',
    read: (sources) => sources.spoolLimitBytes(),
  },
  {
    name: 'tetraship_spool_records_total',
    type: 'counter',
    help: 'Batches written to the spool.',
    action: 'None: it says how often memory alone was not enough.',
    read: (sources) => sources.spoolRecords(),
  },
  {
    name: 'tetraship_spool_damaged_records_total',
    type: 'counter',
    help: 'Batches in the spool that could not be read back, by a torn write or a flipped bit.',
    action: 'Check the disk of the state folder; the log names what was lost.',
    read: (sources) => sources.spoolDamagedRecords(),
  },
  {
    name: 'tetraship_spool_disk_errors_total',
    type: 'counter',
    help: 'Failed calls to the disk of the spool.',
    action:
      'Any increase: the disk is full, read-only or broken; `/readyz` says which. Sending goes on from memory, and while the server is away reading waits.',
    read: (sources) => sources.spoolDiskErrors(),
  },
  {
    name: 'tetraship_columns',
    type: 'gauge',
    help: 'Column names that count against the budget of the dataset.',
    action:
      'Near the limit: names that are data are becoming columns. Add their parent to `TETRASHIP_JSON_COLUMNS`, or drop them.',
    read: (sources) => sources.columns(),
  },
  {
    name: 'tetraship_columns_limit',
    type: 'gauge',
    help: 'Bound of tetraship_columns.',
    action: 'None.',
    read: (sources) => sources.columnsLimit(),
  },
  {
    name: 'tetraship_overflow_events_total',
    type: 'counter',
    help: 'Events of which some values went into the column `overflow`, because the column budget is used up.',
    action: 'Any increase: the same as `tetraship_columns`; no value is lost.',
    read: (sources) => sources.overflowEvents(),
  },
  {
    name: 'tetraship_type_changes_total',
    type: 'counter',
    help: 'Values whose JSON type differs from the last one under the same column.',
    action: 'Any increase: the server splits such a column in two; the log names the column.',
    read: (sources) => sources.typeChanges(),
  },
  {
    name: 'tetraship_dead_letters_total',
    type: 'counter',
    labels: ['reason'],
    help: 'Lines and rows put into the dead letters, by reason.',
    action:
      'Any increase: read the newest file in `deadletters`; each entry names file, offset and the answer of the server.',
    read: (sources) => sources.deadLetters(),
  },
  {
    name: 'tetraship_dead_letter_bytes',
    type: 'gauge',
    help: 'Size of the dead letters on disk.',
    action: 'Near `TETRASHIP_DEADLETTER_BYTES`: the oldest go next. Save them elsewhere.',
    read: (sources) => sources.deadLetterBytes(),
  },
  {
    name: 'tetraship_dead_letters_removed_total',
    type: 'counter',
    help: 'Dead letters removed to stay under TETRASHIP_DEADLETTER_BYTES, the oldest first.',
    action: 'Any increase is a loss: save the files elsewhere, and find out why so much is refused.',
    read: (sources) => sources.deadLettersRemoved(),
  },
  {
    name: 'tetraship_dead_letters_failed_total',
    type: 'counter',
    help: 'Dead letters that could not be written.',
    action: 'Any increase is a loss: the disk is full or read-only.',
    read: (sources) => sources.deadLettersFailed(),
  },
  {
    name: 'tetraship_open_files',
    type: 'gauge',
    help: 'Log files held open, the active one and rotated ones not yet done.',
    action: 'Grows: rotation is faster than delivery.',
    read: (sources) => sources.openFiles(),
  },
  {
    name: 'tetraship_rotations_total',
    type: 'counter',
    help: 'Times that an active log was replaced by a new file.',
    action: 'Several per second: raise the file size in Tetragon.',
    read: (sources) => sources.rotations(),
  },
  {
    name: 'tetraship_truncations_total',
    type: 'counter',
    help: 'Times that a log shrank in place.',
    action:
      'Tetragon never does that: look for another program that rotates the file by copying and truncating; bytes can be lost.',
    read: (sources) => sources.truncations(),
  },
  {
    name: 'tetraship_read_errors_total',
    type: 'counter',
    labels: ['code'],
    help: 'Failed attempts to open or read a log, by error code.',
    action:
      '`EACCES`: the agent needs root or CAP_DAC_READ_SEARCH. `EMFILE`: raise the limit on open files. `EIO`: the disk.',
    read: (sources) => sources.readErrors(),
  },
  {
    name: 'tetraship_lost_files_total',
    type: 'counter',
    help: 'Log files that vanished before they were read to the end.',
    action:
      'Any increase is a loss: the agent was away or blocked for longer than the backups reach back. The log names file and range.',
    read: (sources) => sources.lostFiles(),
  },
  {
    name: 'tetraship_lost_bytes_total',
    type: 'counter',
    help: 'Bytes known to be lost in such files.',
    action: 'The same.',
    read: (sources) => sources.lostBytes(),
  },
  {
    name: 'tetraship_checkpoint_writes_total',
    type: 'counter',
    help: 'Checkpoints written.',
    action: 'Stands still while rows are delivered: see the next one.',
    read: (sources) => sources.checkpointWrites(),
  },
  {
    name: 'tetraship_checkpoint_errors_total',
    type: 'counter',
    help: 'Checkpoints that could not be written.',
    action: 'Any increase: disk full or read-only; delivery goes on, but after a restart more is sent twice.',
    read: (sources) => sources.checkpointErrors(),
  },
  ...ALERT_METRICS,
];
