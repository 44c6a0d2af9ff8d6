/**
 * The oracle of the tests: what the kernel must give for a byte stream, in plain, slow code written from the
 * rules of `docs/flattening.md` and from nothing else. Never in production.
 *
 * It holds the whole stream, decodes every line and keeps every name in ordinary collections, so that each rule
 * stands once and can be read against the manual.
 */

import type { Expression } from '../../rules/ast.ts';
import { MAX_ROW_BYTES, TOO_LONG_PREFIX_BYTES } from '../limits.ts';
import { MAX_DEPTH } from './layout.ts';
import { Budget, OVERFLOW } from './reference-budget.ts';
import { eventId } from './reference-event-id.ts';
import { findFault, JsonFault } from './reference-fault.ts';
import { type Column, columnName, columnsOf, firstNumbered } from './reference-flatten.ts';
import { encodeString, parseJson } from './reference-json.ts';
import { matches, RunningCondition, type SeenRow } from './reference-match.ts';
import type { Condition, Filters, FlattenOptions, RejectReason, RunResult } from './types.ts';

export interface ReferenceExtra {
  readonly conditions?: readonly Condition[];
  readonly filters?: Filters;
  /** Names that the dataset has already, decoded. */
  readonly names?: readonly string[];
  /** No name is admitted: the dataset is full on the server's side. */
  readonly frozen?: boolean;
  /** What follows the last newline is a line. */
  readonly final?: boolean;
  /** Of the file that the stream is. */
  readonly firstLineHash?: string;
}

const REDACTED = encodeString('[redacted]');
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Decoded text is compared and written again: nothing may be replaced or swallowed on the way. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** `pattern` is a whole name or, with `*` at its end, the beginning of one. */
function isListed({ name, plainName }: Column, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*')
      ? name.startsWith(pattern.slice(0, -1)) || plainName.startsWith(pattern.slice(0, -1))
      : name === pattern || plainName === pattern,
  );
}

interface Row {
  readonly bytes: Uint8Array;
  /** The event's own columns that stand in the row, as sent. */
  readonly sent: readonly { readonly name: string; readonly value: string }[];
  readonly seen: SeenRow;
}

const member = ({ name, value }: { name: string; value: string }): string => `${encodeString(name)}:${value}`;

function buildRow(
  columns: readonly Column[],
  options: FlattenOptions,
  lastColumns: FlattenOptions['addColumns'],
  budget: Budget,
): Row {
  const seen = new Map(columns.map(({ name, value }) => [name, value]));
  const shown = columns
    .filter((column) => !isListed(column, options.dropColumns))
    .map((column) => ({
      name: column.name,
      value: isListed(column, options.redactColumns) ? REDACTED : column.value,
    }));
  const admitted = budget.admissible(shown.map(({ name }) => name));
  const sent = shown.filter(({ name }) => admitted.has(name));
  const overflowed = shown.filter(({ name }) => !admitted.has(name));
  const added = lastColumns.map(([name, value]) => ({ name, value: encodeString(value) }));
  const synthesized = [];
  if (overflowed.length > 0) {
    const isFree = (name: string): boolean =>
      !seen.has(name) && !added.some((column) => column.name === name);
    synthesized.push({
      name: isFree(OVERFLOW) ? OVERFLOW : firstNumbered(OVERFLOW, isFree),
      value: encodeString(`{${overflowed.map(member).join(',')}}`),
    });
  }
  for (const { name, value } of [...synthesized, ...added]) seen.set(name, value);
  const text = `{${[...sent, ...synthesized, ...added].map(member).join(',')}}`;
  return { bytes: encoder.encode(text), sent, seen };
}

interface Line {
  readonly bytes: Uint8Array;
  readonly offset: number;
  /** With its line end. */
  readonly length: number;
  readonly isTerminated: boolean;
}

function splitLines(bytes: Uint8Array): Line[] {
  const lines: Line[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, offset);
    const isTerminated = newline >= 0;
    const next = isTerminated ? newline + 1 : bytes.length;
    let end = isTerminated ? newline : next;
    if (isTerminated && end > offset && bytes[end - 1] === RETURN) end--;
    lines.push({ bytes: bytes.slice(offset, end), offset, length: next - offset, isTerminated });
    offset = next;
  }
  return lines;
}

const isBlank = (line: Uint8Array): boolean =>
  line.every((byte) => byte === 0x20 || byte === 0x09 || byte === RETURN);

/** Why a line is no event, or the columns it gives. */
function readLine(line: Uint8Array, options: FlattenOptions): RejectReason | Column[] {
  const found = findFault(line);
  if (found instanceof JsonFault) return found.reason;
  if (found.depth > MAX_DEPTH) return 'too_deep';
  const json = parseJson(decoder.decode(line));
  return json.kind === 'object' ? columnsOf(json, options) : 'not_object';
}

const holds = (filter: Expression | undefined, row: SeenRow, without: boolean): boolean =>
  filter === undefined ? without : matches(filter, row);

/** A whole byte stream at once; see `RunResult` for shapes and units. */
export function referenceRun(
  bytes: Uint8Array,
  given: FlattenOptions,
  extra: ReferenceExtra = {},
): RunResult {
  const { node, column: idColumn } = given.eventId ?? {};
  const idOf = (offset: number, line: Uint8Array): string =>
    node === undefined ? '' : eventId(node, extra.firstLineHash ?? '', offset, line);
  const last: FlattenOptions['addColumns'] = [
    ...given.addColumns,
    ...(idColumn === undefined ? [] : ([[idColumn, '']] as const)),
  ];
  const addColumns = last.map(([name, value]) => [columnName(name), value] as const);
  const options = { ...given, addColumns };
  const rows: RunResult['rows'][number][] = [];
  const rejects: RunResult['rejects'][number][] = [];
  const reported: RunResult['matches'][number][] = [];
  const conditions = (extra.conditions ?? []).map((condition) => new RunningCondition(condition));
  const budget = new Budget(options, extra);
  let blankLines = 0;
  let filteredEvents = 0;

  for (const line of splitLines(bytes)) {
    const { offset, length } = line;
    if (!line.isTerminated && extra.final !== true) continue;
    if (line.bytes.length > options.maxLineBytes) {
      rejects.push({ reason: 'too_long', offset, length, head: line.bytes.slice(0, TOO_LONG_PREFIX_BYTES) });
      continue;
    }
    if (isBlank(line.bytes)) {
      if (line.isTerminated) blankLines++;
      continue;
    }
    const columns = readLine(line.bytes, options);
    if (typeof columns === 'string') {
      rejects.push({ reason: columns, offset, length, head: line.bytes });
      continue;
    }
    const lastColumns = addColumns.map(([name, value], i) =>
      i < given.addColumns.length ? ([name, value] as const) : ([name, idOf(offset, line.bytes)] as const),
    );
    const row = buildRow(columns, options, lastColumns, budget);
    if (row.bytes.length > MAX_ROW_BYTES) {
      rejects.push({ reason: 'row_too_large', offset, length, head: line.bytes });
      continue;
    }
    conditions.forEach((running, condition) => {
      const kind = running.next(row.seen);
      if (kind !== undefined) reported.push({ condition, kind, offset, row: row.bytes });
    });
    if (holds(extra.filters?.include, row.seen, true) && !holds(extra.filters?.exclude, row.seen, false)) {
      for (const { name, value } of row.sent) budget.commit(name, value);
      rows.push({ bytes: row.bytes, offset, length });
    } else {
      filteredEvents++;
    }
  }
  const { names, typeChanges } = budget;
  return { rows, rejects, matches: reported, blankLines, filteredEvents, names, typeChanges };
}
