/** Flattening for the oracle: the columns of one event, before the budget decides where each stands. */

import { compactText, encodeString, type Json } from './reference-json.ts';
import type { FlattenOptions } from './types.ts';

/** Names that the server gives itself. */
export const SERVER_COLUMNS: readonly string[] = ['p_timestamp', 'p_user_agent', 'p_src_ip', 'p_format'];

/** All names decoded. */
export interface Column {
  /** As the row carries it. */
  readonly name: string;
  /** Before an index or `__2` made it unique. */
  readonly plainName: string;
  /** A scalar as JSON text. */
  readonly value: string;
}

/** A whole column name as it is written: the server would rewrite a leading `@` itself. */
export function columnName(name: string): string {
  return name.replace(/^@/, '_');
}

/** The element of an array of objects in which a name stands. */
interface Place {
  readonly array: string;
  readonly index: number;
}

/** The first of `base__2`, `base__3`, … that `isFree`. */
export function firstNumbered(base: string, isFree: (name: string) => boolean): string {
  for (let k = 2; ; k++) {
    const name = `${base}__${k}`;
    if (isFree(name)) return name;
  }
}

function isEmpty(value: Json): boolean {
  return (
    (value.kind === 'object' && value.members.length === 0) ||
    (value.kind === 'array' && value.items.length === 0)
  );
}

/** The columns of an event in order of appearance; their names differ from each other and from the reserved ones. */
export function columnsOf(event: Json, options: FlattenOptions): Column[] {
  const reserved = new Set([...SERVER_COLUMNS, ...options.addColumns.map(([name]) => name)]);
  const jsonColumns = new Set(options.jsonColumns);
  const taken = new Set<string>();
  const columns: Column[] = [];

  const isFree = (name: string): boolean => !taken.has(name) && !reserved.has(name);

  function uniqueName(plainName: string, place: Place | undefined): string {
    if (isFree(plainName)) return plainName;
    if (reserved.has(plainName) || place === undefined) return firstNumbered(plainName, isFree);
    const rest = plainName.slice(place.array.length + '_'.length);
    const indexed = `${place.array}_${place.index}_${rest}`;
    return isFree(indexed) ? indexed : firstNumbered(indexed, isFree);
  }

  function addColumn(plainName: string, value: string, place: Place | undefined): void {
    const name = uniqueName(plainName, place);
    taken.add(name);
    columns.push({ name, plainName, value });
  }

  function addMembers(object: Json, prefix: string, place: Place | undefined): void {
    if (object.kind !== 'object') return;
    for (const { key, value } of object.members) addValue(value, key, prefix + key, place);
  }

  function addValue(value: Json, key: string, name: string, place: Place | undefined): void {
    if (value.kind === 'scalar') {
      addColumn(name, value.text, place);
    } else if (isEmpty(value)) {
      return;
    } else if (jsonColumns.has(key) || jsonColumns.has(name)) {
      addColumn(name, encodeString(compactText(value)), place);
    } else if (value.kind === 'object') {
      addMembers(value, `${name}_`, place);
    } else if (options.arrays === 'merge' && value.items.every(({ kind }) => kind === 'object')) {
      value.items.forEach((item, index) => {
        addMembers(item, `${name}_`, { array: name, index });
      });
    } else {
      addColumn(name, encodeString(compactText(value)), place);
    }
  }

  if (event.kind === 'object') {
    for (const { key, value } of event.members) addValue(value, key, columnName(key), undefined);
  }
  return columns;
}
