/** One column's predicates, arranged for the pass over its value (assembly/columns.ts). */

import * as P from './layout-program.ts';
import { escapeName } from './names.ts';
import type { Column, Predicate } from './program-leaves.ts';
import { type Literal, writeSearch } from './program-literals.ts';
import type { RegexPlaces } from './program-regexes.ts';
import type { ProgramWriter } from './program-writer.ts';

export function writeColumn(
  writer: ProgramWriter,
  column: Column,
  regexes: RegexPlaces,
  added: { readonly address: number; readonly length: number } | undefined,
): void {
  const { place } = column;
  const name = Buffer.from(escapeName(column.name));
  writer.u32(place + P.L_TEXT, writer.bytes(name));
  writer.u32(place + P.L_TEXT_LENGTH, name.length);
  writer.u32(place + P.L_ALWAYS, writer.list([...column.always]));
  writer.u32(place + P.L_ALWAYS_COUNT, column.always.size);
  writer.u32(place + P.L_ADDED, added?.address ?? 0);
  writer.u32(place + P.L_ADDED_LENGTH, added?.length ?? 0);

  const sought = column.predicates.filter(({ triggers }) => triggers.size > 0);
  const withOp = (...ops: number[]): Predicate[] => sought.filter(({ op }) => ops.includes(op));
  writer.u32(
    place + P.L_EXACT,
    writeExact(
      writer,
      withOp(P.OP_EXACT).filter(({ fold }) => !fold),
    ),
  );
  writer.u32(
    place + P.L_EXACT_FOLDED,
    writeExact(
      writer,
      withOp(P.OP_EXACT).filter(({ fold }) => fold),
    ),
  );
  const texts = withOp(P.OP_CONTAINS, P.OP_REGEX);
  writeTexts(writer, column, texts, regexes);
  writeCache(writer, column, texts);
  writeThresholds(writer, place + P.L_EQUALS, withOp(P.OP_EQUAL), P.OP_EQUAL, (a, b) => a - b);
  writeThresholds(
    writer,
    place + P.L_GREATER,
    withOp(P.OP_GREATER, P.OP_GREATER_EQUAL),
    P.OP_GREATER_EQUAL,
    (a, b) => a - b,
  );
  writeThresholds(
    writer,
    place + P.L_LESS,
    withOp(P.OP_LESS, P.OP_LESS_EQUAL),
    P.OP_LESS_EQUAL,
    (a, b) => b - a,
  );
}

/** Place of the table, or 0 when there is nothing to find. */
function writeExact(writer: ProgramWriter, predicates: readonly Predicate[]): number {
  if (predicates.length === 0) return 0;
  const slots = 2 ** Math.ceil(Math.log2(predicates.length * 2));
  const place = writer.reserve(P.EXACT_SLOTS + slots * 8);
  let lengths = 0n;
  const hashes = new Uint32Array(slots);
  const places = new Uint32Array(slots);
  for (const predicate of predicates) {
    const bytes = Buffer.from(predicate.text);
    lengths |= 1n << BigInt(Math.min(bytes.length, 63));
    const hash = hashBytes(bytes);
    let slot = hash & (slots - 1);
    while (places[slot] !== 0) slot = (slot + 1) & (slots - 1);
    hashes[slot] = hash;
    places[slot] = predicate.place;
  }
  writer.u64(place + P.EXACT_LENGTHS, lengths);
  writer.u32(place + P.EXACT_MASK, slots - 1);
  for (let slot = 0; slot < slots; slot++) {
    writer.u32(place + P.EXACT_SLOTS + slot * 8, hashes[slot] ?? 0);
    writer.u32(place + P.EXACT_SLOTS + slot * 8 + 4, places[slot] ?? 0);
  }
  return place;
}

/** Fewer texts are sought faster than a value is looked up. */
const WORTH_A_CACHE = 5;

function writeCache(writer: ProgramWriter, { place }: Column, sought: readonly Predicate[]): void {
  if (sought.length < WORTH_A_CACHE || sought.length > P.CACHE_MOST_PREDICATES) return;
  writer.u32(place + P.L_SOUGHT, writer.list(sought.map((predicate) => predicate.place)));
  writer.u32(place + P.L_SOUGHT_COUNT, sought.length);
  writer.u32(place + P.L_CACHE, writer.reserve(P.CACHE_ENTRIES * P.CACHE_ENTRY_SIZE));
}

/** `contains` and regexes: what they need is sought together, and an expression without a literal is tried always. */
function writeTexts(
  writer: ProgramWriter,
  { place }: Column,
  predicates: readonly Predicate[],
  regexes: RegexPlaces,
): void {
  const literals = new Map<string, Literal>();
  const always: number[] = [];
  const seek = (bytes: Uint8Array, fold: boolean, predicate: Predicate): void => {
    const key = `${fold} ${Buffer.from(bytes).toString('latin1')}`;
    const literal = literals.get(key) ?? { bytes, fold, predicates: [], place: 0 };
    literals.set(key, literal);
    literal.predicates.push(predicate.place);
  };
  for (const predicate of predicates) {
    if (predicate.op === P.OP_CONTAINS) {
      seek(Buffer.from(predicate.text), predicate.fold, predicate);
      continue;
    }
    const needed = regexes.neededBy(predicate);
    if (needed === undefined) always.push(predicate.place);
    else for (const { bytes, fold } of needed) seek(bytes, fold, predicate);
  }
  writer.u32(place + P.L_LITERALS, literals.size > 0 ? writeSearch(writer, [...literals.values()]) : 0);
  writer.u32(place + P.L_REGEXES, writer.list(always));
  writer.u32(place + P.L_REGEX_COUNT, always.length);
}

/** Address and count of numeric predicates in an order in which the true ones come first. */
function writeThresholds(
  writer: ProgramWriter,
  at: number,
  predicates: readonly Predicate[],
  inclusive: number,
  order: (a: number, b: number) => number,
): void {
  // Of two at one number the inclusive one is true more often.
  const sorted = [...predicates].sort(
    (a, b) => order(a.number, b.number) || Number(b.op === inclusive) - Number(a.op === inclusive),
  );
  const table = writer.reserve(sorted.length * P.THRESHOLD_SIZE);
  sorted.forEach((predicate, i) => {
    const threshold = table + i * P.THRESHOLD_SIZE;
    writer.f64(threshold + P.H_NUMBER, predicate.number);
    writer.u32(threshold + P.H_PREDICATE, predicate.place);
    writer.u32(threshold + P.H_INCLUSIVE, predicate.op === inclusive ? 1 : 0);
  });
  writer.u32(at, table);
  writer.u32(at + 4, sorted.length);
}

const MASK = (1n << 64n) - 1n;

/** `hashBytes` of assembly/scan.ts with seed 0: the table holds texts of the rules only, so nobody chooses them. */
function hashBytes(bytes: Uint8Array): number {
  const padded = Buffer.alloc(Math.ceil(bytes.length / 8) * 8);
  padded.set(bytes);
  let hash = (BigInt(bytes.length) * 0x9e3779b97f4a7c15n) & MASK;
  for (let at = 0; at < padded.length; at += 8) {
    hash = ((hash ^ padded.readBigUInt64LE(at)) * 0xff51afd7ed558ccdn) & MASK;
    hash ^= hash >> 32n;
  }
  return Number(((hash * 0xc4ceb9fe1a85ec53n) & MASK) >> 32n);
}
