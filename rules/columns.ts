/** Which columns Tetragon's events can have; the list is columns.json, written by `make columns`. */

import { nearest } from '../agent/nearest.ts';
import list from './columns.json' with { type: 'json' };

export type ColumnType = 'string' | 'number' | 'boolean';

/** Behind it stand keys that are data, once TETRASHIP_JSON_COLUMNS no longer keeps them as one text. */
const OPEN =
  /_(?:pod_labels|pod_annotations|environment_variables|ancestors|kernel_stack_trace|user_stack_trace)_|^node_labels_/;
/** Each event is of one kind, and its columns begin with it. */
const EVENT =
  /^(process_(?:exec|exit|kprobe|tracepoint|loader|uprobe|throttle|lsm|usdt)|rate_limit_info|test)_/;
/** An index or a counter in a name: the same column a second time. */
const NUMBERS = /_+\d+(?=_|$)/g;
/** What the agent itself adds. */
const OWN: ReadonlyMap<string, ColumnType> = new Map([['overflow', 'string']]);

const LETTERS_PER_SLIP = 8;

/** Of several columns that may be meant, these come first; the last one is the beginning of all. */
const FIRST = ['process_exec_process_', 'process_exec_', 'process_exit_process_', ''];

let columns: ReadonlyMap<string, ColumnType> | undefined;

function allColumns(): ReadonlyMap<string, ColumnType> {
  columns ??= new Map([...OWN, ...list.groups.flatMap(expanded)]);
  return columns;
}

function expanded(group: (typeof list.groups)[number]): [string, ColumnType][] {
  return Object.entries(group.columns).flatMap(([name, type]) =>
    isType(type) ? group.prefixes.map((prefix): [string, ColumnType] => [`${prefix}${name}`, type]) : [],
  );
}

function isType(type: string): type is ColumnType {
  return type === 'string' || type === 'number' || type === 'boolean';
}

/** The type of a column that events can have; `any` where it depends on the data, `undefined` when there is none. */
export function typeOfColumn(name: string): ColumnType | 'any' | undefined {
  const known = allColumns();
  return known.get(name) ?? known.get(name.replace(NUMBERS, '')) ?? (OPEN.test(name) ? 'any' : undefined);
}

/** The kind of event that alone has the column: `process_exec`, …; `undefined` when several do. */
export function eventOf(column: string): string | undefined {
  return EVENT.exec(column)?.[1];
}

/** The column that was probably meant: written as a path, with words left out, or spelt nearly so. */
export function nearestColumn(name: string): string | undefined {
  const known = allColumns();
  const plain = name.replaceAll('.', '_').toLowerCase();
  if (known.has(plain)) return plain;
  const words = plain.split('_');
  const [fuller] = [...known.keys()].filter((column) => leavesOut(words, column.split('_'))).sort(byUse);
  return fuller ?? nearest(plain, known.keys(), Math.floor(plain.length / LETTERS_PER_SLIP));
}

/** Whether the words stand in the column's in this order, the last one at its end. */
function leavesOut(words: readonly string[], column: readonly string[]): boolean {
  if (words.at(-1) !== column.at(-1)) return false;
  let at = 0;
  for (const word of column) if (word === words[at]) at++;
  return at === words.length;
}

/** Shorter names are less special; of those the process of an exec is what most rules are about. */
function byUse(a: string, b: string): number {
  return a.split('_').length - b.split('_').length || rank(a) - rank(b) || (a < b ? -1 : 1);
}

function rank(column: string): number {
  return FIRST.findIndex((beginning) => column.startsWith(beginning));
}
