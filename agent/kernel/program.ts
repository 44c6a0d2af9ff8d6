/**
 * Conditions and filters as the program that the kernel runs (layout in layout.ts).
 *
 * Equal leaves are one predicate; predicates are grouped by column. An expression becomes a chain of decision
 * nodes, each a predicate and where to go on when it is true or false: no stack, and `not` costs nothing.
 * A condition that is false while all its predicates are false is looked at only when one of them is true.
 */

import type { Expression, NumericOperator, StringOperator } from '../../rules/ast.ts';
import { TetrashipError } from '../errors.ts';
import * as L from './layout.ts';
import { escapeName } from './names.ts';
import { MAX_CONDITIONS } from './regions.ts';
import type { Condition, Filters } from './types.ts';

const NUMERIC: Readonly<Record<NumericOperator, number>> = {
  equalTo: L.OP_EQUAL,
  notEqualTo: L.OP_NOT_EQUAL,
  greaterThan: L.OP_GREATER,
  greaterThanEquals: L.OP_GREATER_EQUAL,
  lessThan: L.OP_LESS,
  lessThanEquals: L.OP_LESS_EQUAL,
};

const STRING: Readonly<Record<StringOperator, number>> = {
  exact: L.OP_EXACT,
  notExact: L.OP_NOT_EXACT,
  contains: L.OP_CONTAINS,
  notContains: L.OP_NOT_CONTAINS,
  regex: L.OP_REGEX,
};

export interface Program {
  readonly bytes: Uint8Array;
  /** Expressions of the regex predicates; the kernel asks for them by index. */
  readonly regexes: readonly string[];
}

/** Where the value of an added column stands in kernel memory, quotes included. */
export type AddedValues = ReadonlyMap<string, { readonly address: number; readonly length: number }>;

interface Predicate {
  readonly column: Column;
  readonly op: number;
  readonly fold: boolean;
  readonly text: Uint8Array;
  readonly number: number;
  readonly regex: number;
  readonly conditions: number[];
  index: number;
}

interface Column {
  readonly name: string;
  readonly predicates: Predicate[];
  readonly always: Set<number>;
}

/** @throws TetrashipError RULES when there are more conditions, or more text, than the kernel has room for. */
export function compileProgram(
  conditions: readonly Condition[],
  filters: Filters,
  added: AddedValues,
  capacity: number,
): Program {
  if (conditions.length > MAX_CONDITIONS) {
    throw new TetrashipError(
      'RULES',
      `cannot load ${conditions.length} rules: at most ${MAX_CONDITIONS} are supported`,
    );
  }
  const columns = new Map<string, Column>();
  const predicates = new Map<string, Predicate>();
  const regexes: string[] = [];
  for (const name of added.keys()) columns.set(name, { name, predicates: [], always: new Set() });

  const predicateOf = (leaf: Leaf): Predicate => {
    const key = JSON.stringify([leaf.column, leaf.op, leaf.fold, leaf.text, leaf.number]);
    const known = predicates.get(key);
    if (known) return known;
    const column = columns.get(leaf.column) ?? { name: leaf.column, predicates: [], always: new Set() };
    columns.set(leaf.column, column);
    const predicate: Predicate = {
      column,
      op: leaf.op,
      fold: leaf.fold,
      text: Buffer.from(leaf.fold ? lowerAscii(leaf.text) : leaf.text),
      number: leaf.number,
      regex: leaf.op === L.OP_REGEX ? regexes.push(leaf.text) - 1 : 0,
      conditions: [],
      index: 0,
    };
    column.predicates.push(predicate);
    predicates.set(key, predicate);
    return predicate;
  };

  const all = [...conditions];
  let include: number = L.NONE;
  let exclude: number = L.NONE;
  if (filters.include) include = all.push({ expression: filters.include }) - 1;
  if (filters.exclude) exclude = all.push({ expression: filters.exclude }) - 1;

  const used = all.map(({ expression, repeats, report }, number) => {
    const leaves = leavesOf(expression).map(predicateOf);
    const always = repeats !== undefined || report === 'both' || valueWhenAllFalse(expression);
    for (const predicate of new Set(leaves)) {
      if (always) predicate.column.always.add(number);
      else predicate.conditions.push(number);
    }
    return leaves;
  });

  let index = 0;
  for (const column of columns.values()) for (const predicate of column.predicates) predicate.index = index++;

  const writer = new Writer(capacity);
  const header = writer.reserve(L.PROGRAM_HEADER);
  writer.u32(header + L.G_COLUMN_COUNT, columns.size);
  writer.u32(header + L.G_CONDITION_COUNT, conditions.length);
  writer.u32(header + L.G_INCLUDE, include);
  writer.u32(header + L.G_EXCLUDE, exclude);
  writer.u32(header + L.G_PREDICATE_COUNT, index);
  writer.u32(header + L.G_ADDED_COUNT, added.size);

  const columnTable = writer.reserve(columns.size * L.COLUMN_SIZE);
  const predicateTable = writer.reserve(index * L.PREDICATE_SIZE);
  const conditionTable = writer.reserve(all.length * L.CONDITION_SIZE);
  const words = Math.ceil(all.length / 64);
  writer.u32(header + L.G_COLUMNS, columnTable);
  writer.u32(header + L.G_PREDICATES, predicateTable);
  writer.u32(header + L.G_CONDITIONS, conditionTable);
  writer.u32(header + L.G_STAMPS, writer.reserve(index * 8));
  writer.u32(header + L.G_CANDIDATES, writer.reserve(words * 8));
  writer.u32(header + L.G_CANDIDATE_WORDS, words);

  let at = columnTable;
  for (const column of columns.values()) {
    const name = Buffer.from(escapeName(column.name));
    writer.u32(at + L.L_TEXT, writer.bytes(name));
    writer.u32(at + L.L_TEXT_LENGTH, name.length);
    writer.u32(at + L.L_PREDICATES, column.predicates[0]?.index ?? 0);
    writer.u32(at + L.L_PREDICATE_COUNT, column.predicates.length);
    writer.u32(at + L.L_ALWAYS, writer.list([...column.always]));
    writer.u32(at + L.L_ALWAYS_COUNT, column.always.size);
    const value = added.get(column.name);
    writer.u32(at + L.L_ADDED, value?.address ?? 0);
    writer.u32(at + L.L_ADDED_LENGTH, value?.length ?? 0);
    at += L.COLUMN_SIZE;
    for (const predicate of column.predicates) {
      const place = predicateTable + predicate.index * L.PREDICATE_SIZE;
      writer.u32(place + L.Q_OP, predicate.op);
      writer.u32(place + L.Q_FOLD, predicate.fold ? 1 : 0);
      writer.u32(place + L.Q_TEXT, writer.bytes(predicate.text));
      writer.u32(place + L.Q_TEXT_LENGTH, predicate.text.length);
      writer.f64(place + L.Q_NUMBER, predicate.number);
      writer.u32(place + L.Q_CONDITIONS, writer.list(predicate.conditions));
      writer.u32(place + L.Q_CONDITION_COUNT, predicate.conditions.length);
      writer.u32(place + L.Q_REGEX, predicate.regex);
    }
  }

  all.forEach(({ expression, repeats = 0, report }, number) => {
    let leaf = used[number]?.length ?? 0;
    // From the last leaf to the first: a node's ways on are known when it is written.
    const write = (node: Expression, onTrue: number, onFalse: number): number => {
      if ('and' in node) return node.and.reduceRight((next, child) => write(child, next, onFalse), onTrue);
      if ('or' in node) return node.or.reduceRight((next, child) => write(child, onTrue, next), onFalse);
      if ('not' in node) return write(node.not, onFalse, onTrue);
      return writer.list([used[number]?.[--leaf]?.index ?? 0, onTrue, onFalse]);
    };
    const place = conditionTable + number * L.CONDITION_SIZE;
    writer.u32(place + L.D_CODE, write(expression, L.NODE_TRUE, L.NODE_FALSE));
    writer.u32(place + L.D_REPEATS, repeats);
    writer.u32(place + L.D_REPORT_BOTH, report === 'both' ? 1 : 0);
  });
  return { bytes: writer.result(), regexes };
}

interface Leaf {
  readonly column: string;
  readonly op: number;
  readonly fold: boolean;
  readonly text: string;
  readonly number: number;
}

/** Leaves in order of appearance. */
function leavesOf(expression: Expression): Leaf[] {
  if ('and' in expression) return expression.and.flatMap(leavesOf);
  if ('or' in expression) return expression.or.flatMap(leavesOf);
  if ('not' in expression) return leavesOf(expression.not);
  if ('numeric' in expression) {
    const { column, operator, value } = expression.numeric;
    return [{ column, op: NUMERIC[operator], fold: false, text: '', number: value }];
  }
  const { column, operator, value, ignoreCase } = expression.string;
  return [
    {
      column,
      op: STRING[operator],
      fold: ignoreCase === true && operator !== 'regex',
      text: value,
      number: 0,
    },
  ];
}

function valueWhenAllFalse(expression: Expression): boolean {
  if ('and' in expression) return expression.and.every(valueWhenAllFalse);
  if ('or' in expression) return expression.or.some(valueWhenAllFalse);
  return 'not' in expression && !valueWhenAllFalse(expression.not);
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Grows as it is written; offsets are from the program's start, tables are aligned to eight bytes. */
class Writer {
  #buffer = Buffer.alloc(4096);
  #length = 0;
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  reserve(bytes: number): number {
    const at = Math.ceil(this.#length / 8) * 8;
    this.#length = at + bytes;
    // Texts are read sixteen bytes at a time.
    if (this.#length + 64 > this.#capacity) {
      throw new TetrashipError(
        'RULES',
        `cannot load the rules: together they take more than ${this.#capacity} bytes`,
      );
    }
    if (this.#length > this.#buffer.length) {
      const grown = Buffer.alloc(Math.max(this.#length, this.#buffer.length * 2));
      this.#buffer.copy(grown);
      this.#buffer = grown;
    }
    return at;
  }

  u32(at: number, value: number): void {
    this.#buffer.writeUInt32LE(value, at);
  }

  f64(at: number, value: number): void {
    this.#buffer.writeDoubleLE(value, at);
  }

  bytes(source: Uint8Array): number {
    const at = this.reserve(source.length);
    this.#buffer.set(source, at);
    return at;
  }

  list(values: readonly number[]): number {
    const at = this.reserve(values.length * 4);
    values.forEach((value, i) => {
      this.u32(at + i * 4, value);
    });
    return at;
  }

  result(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }
}
