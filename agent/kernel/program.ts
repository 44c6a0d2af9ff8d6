/**
 * Conditions and filters as the program that the kernel runs (layout in layout-program.ts).
 *
 * Equal leaves are one predicate, and the predicates of a column are arranged for one pass over its value. An
 * expression becomes a chain of decision nodes, each a predicate and where to go on when it is true or false: no
 * stack, and `not` costs nothing. Only conditions whose triggers are true (program-leaves.ts) are looked at.
 */

import type { Expression } from '../../rules/ast.ts';
import { TetrashipError } from '../errors.ts';
import * as P from './layout-program.ts';
import { escapeName } from './names.ts';
import { writeColumn } from './program-columns.ts';
import { type Column, Leaves, type Node, type Predicate } from './program-leaves.ts';
import { type Item, RegexPlaces } from './program-regexes.ts';
import { ProgramWriter } from './program-writer.ts';
import type { BuiltRegexes } from './regex-build.ts';
import { MAX_CONDITIONS, MAX_PROGRAM_COLUMNS, MAX_PROGRAM_NAME_BYTES } from './regions.ts';
import type { Condition, Filters } from './types.ts';

export interface Program {
  readonly bytes: Uint8Array;
  /** Expressions that only the host can search; the kernel asks for them by index. */
  readonly hostRegexes: readonly string[];
}

/** Where the value of an added column stands in kernel memory, quotes included. */
export type AddedValues = ReadonlyMap<string, { readonly address: number; readonly length: number }>;

export interface CompileOptions {
  readonly filters: Filters;
  readonly added: AddedValues;
  /** Bytes that the program may take. */
  readonly capacity: number;
  /** Of all expressions in conditions and filters. */
  readonly regexes: BuiltRegexes;
}

/**
 * @throws TetrashipError RULES when there are more conditions, columns or text than the kernel has room for, or an
 * expression that it cannot hold and that may not go to the host.
 */
export function compileProgram(conditions: readonly Condition[], options: CompileOptions): Program {
  const { filters, added } = options;
  if (conditions.length > MAX_CONDITIONS) {
    throw new TetrashipError(
      'RULES',
      `cannot load ${conditions.length} rules: at most ${MAX_CONDITIONS} are supported`,
    );
  }
  const items = itemsOf(conditions, filters);
  const leaves = new Leaves();
  for (const name of added.keys()) leaves.column(name);
  const nodes = items.map(({ expression, repeats, report }, number) => {
    // A state with one column is looked at when its leaf is true and while it fires (D_COLUMN); others always.
    const everyValue = report === 'both' || (repeats !== undefined && !isLeaf(expression));
    return leaves.take(expression, number, everyValue);
  });
  const columns = [...leaves.columns.values()];
  if (columns.length > MAX_PROGRAM_COLUMNS) {
    throw new TetrashipError(
      'RULES',
      `cannot load the rules: they name ${columns.length} columns, and at most ${MAX_PROGRAM_COLUMNS} are supported`,
    );
  }
  const nameBytes = columns.reduce((sum, { name }) => sum + Buffer.byteLength(escapeName(name)), 0);
  if (nameBytes > MAX_PROGRAM_NAME_BYTES) {
    throw new TetrashipError(
      'RULES',
      `cannot load the rules: the names of their columns take ${nameBytes} bytes, and at most ${MAX_PROGRAM_NAME_BYTES} are supported`,
    );
  }

  const writer = new ProgramWriter(options.capacity);
  const header = writeHeader(writer, columns, items, conditions.length, filters, added);
  const regexes = new RegexPlaces(writer, options.regexes, items);
  for (const column of columns) {
    for (const predicate of column.predicates) writePredicate(writer, predicate, regexes);
    writeColumn(writer, column, regexes, added.get(column.name));
  }
  nodes.forEach((node, number) => {
    const place = header.conditions + number * P.CONDITION_SIZE;
    const { repeats = 0, report } = items[number] ?? {};
    writer.u32(place + P.D_CODE, writeNode(writer, node, P.NODE_TRUE, P.NODE_FALSE));
    writer.u32(place + P.D_REPEATS, repeats);
    writer.u32(place + P.D_REPORT_BOTH, report === 'both' ? 1 : 0);
    writer.u32(place + P.D_COLUMN, repeats > 0 && 'op' in node ? node.column.place : 0);
  });
  return { bytes: writer.result(), hostRegexes: regexes.ofHost };
}

const isLeaf = (expression: Expression): boolean => 'numeric' in expression || 'string' in expression;

function itemsOf(conditions: readonly Condition[], { include, exclude }: Filters): Item[] {
  const items: Item[] = conditions.map((condition, i) => ({
    ...condition,
    where: condition.name === undefined ? `rule number ${i + 1}` : `rule ${JSON.stringify(condition.name)}`,
    mayAskHost: condition.repeats === undefined && condition.report !== 'both',
  }));
  if (include) items.push({ expression: include, where: 'TETRASHIP_INCLUDE', mayAskHost: false });
  if (exclude) items.push({ expression: exclude, where: 'TETRASHIP_EXCLUDE', mayAskHost: false });
  return items;
}

function writeHeader(
  writer: ProgramWriter,
  columns: readonly Column[],
  items: readonly Item[],
  conditionCount: number,
  filters: Filters,
  added: AddedValues,
): { conditions: number } {
  const header = writer.reserve(P.PROGRAM_HEADER);
  const columnTable = writer.reserve(columns.length * P.COLUMN_SIZE);
  columns.forEach((column, i) => {
    column.place = columnTable + i * P.COLUMN_SIZE;
    for (const predicate of column.predicates) predicate.place = writer.reserve(P.PREDICATE_SIZE);
  });
  const conditions = writer.reserve(items.length * P.CONDITION_SIZE);
  const words = Math.ceil(items.length / 64);
  const candidates = writer.reserve((words + Math.ceil(words / 64)) * 8);
  const filterNumber = (filter: Expression | undefined, number: number): number => (filter ? number : P.NONE);
  writer.u32(header + P.G_COLUMNS, columnTable);
  writer.u32(header + P.G_COLUMN_COUNT, columns.length);
  writer.u32(header + P.G_CONDITIONS, conditions);
  writer.u32(header + P.G_CONDITION_COUNT, conditionCount);
  writer.u32(header + P.G_INCLUDE, filterNumber(filters.include, conditionCount));
  writer.u32(header + P.G_EXCLUDE, filterNumber(filters.exclude, items.length - 1));
  writer.u32(header + P.G_CANDIDATES, candidates);
  writer.u32(header + P.G_CANDIDATE_WORDS, words);
  writer.u32(header + P.G_ADDED_COUNT, added.size);
  return { conditions };
}

function writePredicate(writer: ProgramWriter, predicate: Predicate, regexes: RegexPlaces): void {
  const { place, op, text } = predicate;
  const bytes = Buffer.from(op === P.OP_REGEX ? '' : text);
  const triggered = [...predicate.triggers];
  writer.f64(place + P.Q_NUMBER, predicate.number);
  writer.u32(place + P.Q_OP, op);
  writer.u32(place + P.Q_FOLD, predicate.fold ? 1 : 0);
  writer.u32(place + P.Q_TEXT, writer.bytes(bytes));
  writer.u32(place + P.Q_TEXT_LENGTH, bytes.length);
  writer.u32(place + P.Q_COLUMN, predicate.column.place);
  writer.u32(place + P.Q_SOUGHT, triggered.length > 0 ? 1 : 0);
  writer.u32(place + P.Q_CONDITIONS, writer.list(triggered));
  writer.u32(place + P.Q_CONDITION_COUNT, triggered.length);
  if (op === P.OP_REGEX) regexes.write(predicate);
}

/** From the last leaf to the first: a node's ways on are known when it is written. */
function writeNode(writer: ProgramWriter, node: Node, onTrue: number, onFalse: number): number {
  if ('op' in node) return writer.list([node.place, onTrue, onFalse]);
  if ('not' in node) return writeNode(writer, node.not, onFalse, onTrue);
  if ('and' in node) {
    return node.and.reduceRight((next, child) => writeNode(writer, child, next, onFalse), onTrue);
  }
  return node.or.reduceRight((next, child) => writeNode(writer, child, onTrue, next), onFalse);
}
