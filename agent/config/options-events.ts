/** Settings of what is read, and what becomes of an event. */

import { KiB, MiB } from '../limits.ts';
import { optional, withDefault } from './option.ts';
import { choice, integer, type Kind, list, listOrNone, pairs, path, size, text } from './values.ts';

/** The server's limit is 1,000 and refuses everything beyond it; `overflow` and its four own columns need room. */
const MAX_COLUMN_BUDGET = 995;
/** Each is written into every row. */
const MAX_ADDED_COLUMNS = 32;
/** Names and patterns in one list; each is compared once per new column, so more only makes mistakes likely. */
const MAX_NAMES = 256;
/** Kernel memory is fixed at start and grows with the line limit. */
const MAX_LINE_BYTES = 8 * MiB;

const columnName = text('a column name of at most 256 characters', /^[^\p{Cc}]{1,256}$/u, 'cluster');
const addedName = text(
  "a column name of at most 256 characters, not one of the server's own (p_timestamp, p_user_agent, p_src_ip, p_format)",
  /^(?!p_(?:timestamp|user_agent|src_ip|format)$)[^\p{Cc}]{1,256}$/u,
  'cluster',
);
const columnPattern = text(
  'a column name, or the beginning of one and `*`',
  /^[^\p{Cc}*]{1,256}\*?$/u,
  'process_exec_parent_*',
);
const expression = text(
  'an expression of the rule language',
  /\S/,
  'process_exec_process_binary =% "/usr/bin/"',
);
const logPath = path('a path', '/var/log/tetragon/tetragon.log');
const logSource: Kind<string> = {
  accepts: 'a path or glob of an active log file, or `-` for standard input',
  example: '/var/log/tetragon/tetragon.log',
  parse: (value) => (value === '-' ? value : logPath.parse(value)),
};

/** The log. */
export const LOG_OPTIONS = {
  logs: withDefault({
    name: 'TETRAGON_LOG',
    group: 'Log',
    kind: list(logSource, 64, 'paths or globs of active log files, or `-` alone for standard input'),
    fallback:
      '/var/run/cilium/tetragon/tetragon.log,/var/log/tetragon/tetragon.log,/var/run/cilium/tetragon.log',
    help: "Tetragon's log; whichever exists or appears later is followed, with its backups.",
  }),
  readFrom: withDefault({
    name: 'TETRASHIP_READ_FROM',
    group: 'Log',
    kind: choice('beginning', 'end'),
    fallback: 'beginning',
    help: 'Where the very first start begins: with the oldest backup, or at the end of the active file.',
  }),
  maxLineBytes: withDefault({
    name: 'TETRASHIP_MAX_LINE',
    group: 'Log',
    kind: size(KiB, MAX_LINE_BYTES, '1MiB'),
    fallback: '1MiB',
    help: 'A longer line is no event but goes to the dead letters, cut to its first 64KiB.',
  }),
};

/** From an event to a row. */
export const EVENT_OPTIONS = {
  addColumns: optional({
    name: 'TETRASHIP_ADD_COLUMNS',
    group: 'Flattening',
    kind: pairs(
      addedName,
      text('any text', /^[^\p{Cc}]{0,1024}$/u, ''),
      MAX_ADDED_COLUMNS,
      'cluster=production',
    ),
    help: 'Columns added to every row.',
  }),
  eventIdColumn: optional({
    name: 'TETRASHIP_EVENT_ID_COLUMN',
    group: 'Flattening',
    kind: addedName,
    help: 'Column for an id that is the same whenever the same event is sent again.',
  }),
  arrays: withDefault({
    name: 'TETRASHIP_ARRAYS',
    group: 'Flattening',
    kind: choice('merge', 'json'),
    fallback: 'merge',
    help: "Arrays of objects: flattened under the array's own name, or kept as one column of JSON text.",
  }),
  jsonColumns: withDefault({
    name: 'TETRASHIP_JSON_COLUMNS',
    group: 'Flattening',
    kind: listOrNone(columnName, MAX_NAMES, 'keys or column names'),
    fallback:
      'pod_labels,pod_annotations,node_labels,ancestors,kernel_stack_trace,user_stack_trace,environment_variables',
    help: 'Objects and arrays kept as one column of JSON text, because their keys are data.',
  }),
  maxColumns: withDefault({
    name: 'TETRASHIP_MAX_COLUMNS',
    group: 'Flattening',
    kind: integer(1, MAX_COLUMN_BUDGET, '900'),
    fallback: '900',
    help: 'Columns that the dataset may have; values under further names go into the column `overflow`.',
  }),
  include: optional({
    name: 'TETRASHIP_INCLUDE',
    group: 'Filters',
    kind: expression,
    help: 'Ship only events that match; rules still see every event.',
  }),
  exclude: optional({
    name: 'TETRASHIP_EXCLUDE',
    group: 'Filters',
    kind: expression,
    help: 'Do not ship events that match; rules still see every event.',
  }),
  dropColumns: optional({
    name: 'TETRASHIP_DROP_COLUMNS',
    group: 'Filters',
    kind: list(columnPattern, MAX_NAMES, 'column names, or beginnings of them and `*`'),
    help: 'Columns that are not sent; rules still see them.',
  }),
  redactColumns: optional({
    name: 'TETRASHIP_REDACT_COLUMNS',
    group: 'Filters',
    kind: list(columnPattern, MAX_NAMES, 'column names, or beginnings of them and `*`'),
    help: 'Columns that are sent as `[redacted]`; rules still see their values.',
  }),
};
