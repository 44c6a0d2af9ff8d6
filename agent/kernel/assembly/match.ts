/**
 * The conditions of the rules and filters on one flattened event.
 *
 * flatten.ts has noted where the values of watched columns stand. Each predicate of those columns is tested
 * once; a true one makes the conditions that it can decide candidates, and only candidates are evaluated,
 * over decision nodes that need no stack. The layout of the program is in layout.ts.
 */

import * as L from '../layout';
import { decodeInto } from './keys';
import * as M from './memory';
import { internName } from './names';
import { BACKSLASH, sameBytes } from './scan';
import { jsonText } from './text';

/** RE2 search by the host: for predicates that have no automaton here. */
@external("host", "matchRegex")
declare function matchRegex(regex: u32, text: usize, length: usize): i32;

/** The double nearest to a number's text, by the host: for numbers beyond the exact range of the fast way. */
@external("host", "parseNumber")
declare function parseNumber(text: usize, length: usize): f64;

let columns: usize = 0;
let addedCount: u32 = 0;
let predicates: usize = 0;
let stamps: usize = 0;
let conditions: usize = 0;
let candidates: usize = 0;
let candidateWords: u32 = 0;
export let conditionCount: u32 = 0;
let include: u32 = <u32>L.NONE;
let exclude: u32 = <u32>L.NONE;
export let active: bool = false;

@inline
function at(offset: usize): usize {
  return M.PROGRAM + load<u32>(M.PROGRAM + offset);
}

/** Binds the program's columns to their names. */
export function bindProgram(): void {
  predicates = at(L.G_PREDICATES);
  stamps = at(L.G_STAMPS);
  conditions = at(L.G_CONDITIONS);
  candidates = at(L.G_CANDIDATES);
  candidateWords = load<u32>(M.PROGRAM, L.G_CANDIDATE_WORDS);
  conditionCount = load<u32>(M.PROGRAM, L.G_CONDITION_COUNT);
  include = load<u32>(M.PROGRAM, L.G_INCLUDE);
  exclude = load<u32>(M.PROGRAM, L.G_EXCLUDE);
  columns = at(L.G_COLUMNS);
  addedCount = load<u32>(M.PROGRAM, L.G_ADDED_COUNT);
  const count = load<u32>(M.PROGRAM, L.G_COLUMN_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    const column = columns + i * L.COLUMN_SIZE;
    const name = internName(M.PROGRAM + load<u32>(column, L.L_TEXT), load<u32>(column, L.L_TEXT_LENGTH));
    store<u32>(name, load<u32>(name, L.N_FLAGS) | L.FLAG_WATCHED, L.N_FLAGS);
    store<u32>(name, <u32>column, L.N_COLUMN);
  }
  active = conditionCount > 0 || include != <u32>L.NONE || exclude != <u32>L.NONE;
}

export function watch(name: usize, kind: u32, start: usize, end: usize): void {
  const watched = M.watchedEnd;
  store<u32>(watched, <u32>name);
  store<u32>(watched, kind, 4);
  store<u32>(watched, <u32>start, 8);
  store<u32>(watched, <u32>end, 12);
  M.setWatchedEnd(watched + L.WATCHED_SIZE);
}

/** Tests the predicates of every watched column and marks the candidates. */
export function testWatched(): void {
  for (let watched = M.WATCHED; watched < M.watchedEnd; watched += L.WATCHED_SIZE) {
    const name: usize = load<u32>(watched);
    testColumn(
      load<u32>(name, L.N_COLUMN),
      load<u32>(watched, 4),
      load<u32>(watched, 8),
      load<u32>(watched, 12),
    );
  }
}

/** The added columns stand in every row. */
export function testAdded(): void {
  for (let i: u32 = 0; i < addedCount; i++) {
    const column = columns + i * L.COLUMN_SIZE;
    const value: usize = load<u32>(column, L.L_ADDED);
    testColumn(column, L.KIND_STRING, value, value + load<u32>(column, L.L_ADDED_LENGTH));
  }
}

function testColumn(column: usize, kind: u32, start: usize, end: usize): void {
  markAll(M.PROGRAM + load<u32>(column, L.L_ALWAYS), load<u32>(column, L.L_ALWAYS_COUNT));
  let number: f64 = 0;
  if (kind == L.KIND_NUMBER) {
    number = numberValue(start, end - start);
  } else if (kind == L.KIND_STRING) {
    start++;
    end--;
    if (holdsBackslash(start, end)) {
      end = decodeInto(start, end, M.DECODED, false);
      start = M.DECODED;
    }
  } else if (kind == L.KIND_TEXT) {
    jsonText(start, M.SCRATCH, 0); // validated before: it cannot fail now
    end = decodeInto(M.SCRATCH + 1, M.outEnd - 1, M.DECODED, false);
    start = M.DECODED;
  } else return;

  const isNumber = kind == L.KIND_NUMBER;
  let index = load<u32>(column, L.L_PREDICATES);
  const last = index + load<u32>(column, L.L_PREDICATE_COUNT);
  for (; index < last; index++) {
    const predicate = predicates + index * L.PREDICATE_SIZE;
    const op = load<u32>(predicate, L.Q_OP);
    if (op >= <u32>L.OP_EQUAL != isNumber) continue;
    const holds = isNumber
      ? compareNumber(op, number, load<f64>(predicate, L.Q_NUMBER))
      : compareText(op, predicate, start, end - start);
    if (!holds) continue;
    store<u64>(stamps + (index << 3), M.event);
    markAll(M.PROGRAM + load<u32>(predicate, L.Q_CONDITIONS), load<u32>(predicate, L.Q_CONDITION_COUNT));
  }
}

function markAll(list: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const condition = load<u32>(list + (i << 2));
    const word = candidates + ((condition >> 6) << 3);
    store<u64>(word, load<u64>(word) | (<u64>1 << (condition & 63)));
  }
}

/** Whether the event is shipped; the filters are the last candidates. */
export function passesFilters(): bool {
  if (include != <u32>L.NONE && !(isCandidate(include) && holds(include))) return false;
  return exclude == <u32>L.NONE || !(isCandidate(exclude) && holds(exclude));
}

@inline
function isCandidate(condition: u32): bool {
  return ((load<u64>(candidates + ((condition >> 6) << 3)) >> (condition & 63)) & 1) != 0;
}

function holds(condition: u32): bool {
  let node = load<u32>(conditions + condition * L.CONDITION_SIZE, L.D_CODE);
  while (node < <u32>L.NODE_TRUE) {
    const place = M.PROGRAM + node;
    const isTrue = load<u64>(stamps + (load<u32>(place) << 3)) == M.event;
    node = isTrue ? load<u32>(place, 4) : load<u32>(place, 8);
  }
  return node == <u32>L.NODE_TRUE;
}

/** Evaluates the candidates in order, clears them, and appends what is to be reported; returns the new count. */
export function report(matches: u32, lineStart: u32, lineLength: u32): u32 {
  for (let i: u32 = 0; i < candidateWords; i++) {
    const place = candidates + (i << 3);
    let word = load<u64>(place);
    if (!word) continue;
    store<u64>(place, 0);
    for (; word; word &= word - 1) {
      const condition = (i << 6) + <u32>ctz(word);
      if (condition >= conditionCount) continue; // a filter
      const kind = transition(conditions + condition * L.CONDITION_SIZE, holds(condition));
      if (kind < 0) continue;
      const match = M.MATCHES + matches++ * L.MATCH_SIZE;
      store<u32>(match, condition);
      store<u32>(match, kind, 4);
      store<u32>(match, lineStart, 8);
      store<u32>(match, lineLength, 12);
    }
  }
  return matches;
}

/** What a state rule has to say of an event that has its column; -1 for nothing. */
function transition(condition: usize, holds: bool): i32 {
  const repeats = load<u32>(condition, L.D_REPEATS);
  if (!repeats) {
    if (holds) return L.MATCH_EVENT;
    return load<u32>(condition, L.D_REPORT_BOTH) ? L.MATCH_NONE : -1;
  }
  const firing = load<u32>(condition, L.D_FIRING) != 0;
  if (holds == firing) return -1;
  if (firing) {
    store<u32>(condition, 0, L.D_FIRING);
    store<u32>(condition, 0, L.D_COUNT);
    return L.MATCH_RESOLVED;
  }
  const count = load<u32>(condition, L.D_COUNT) + 1;
  store<u32>(condition, count, L.D_COUNT);
  if (count < repeats) return -1;
  store<u32>(condition, 1, L.D_FIRING);
  return L.MATCH_FIRING;
}

function compareNumber(op: u32, value: f64, wanted: f64): bool {
  switch (op) {
    case L.OP_EQUAL:
      return value == wanted;
    case L.OP_NOT_EQUAL:
      return value != wanted;
    case L.OP_GREATER:
      return value > wanted;
    case L.OP_GREATER_EQUAL:
      return value >= wanted;
    case L.OP_LESS:
      return value < wanted;
    default:
      return value <= wanted;
  }
}

function compareText(op: u32, predicate: usize, text: usize, length: usize): bool {
  if (op == L.OP_REGEX) return matchRegex(load<u32>(predicate, L.Q_REGEX), text, length) != 0;
  const wanted: usize = M.PROGRAM + load<u32>(predicate, L.Q_TEXT);
  const wantedLength: usize = load<u32>(predicate, L.Q_TEXT_LENGTH);
  const fold = load<u32>(predicate, L.Q_FOLD) != 0;
  switch (op) {
    case L.OP_EXACT:
      return length == wantedLength && same(text, wanted, length, fold);
    case L.OP_NOT_EXACT:
      return length != wantedLength || !same(text, wanted, length, fold);
    case L.OP_CONTAINS:
      return contains(text, length, wanted, wantedLength, fold);
    default:
      return !contains(text, length, wanted, wantedLength, fold);
  }
}

/** With `fold` the wanted text is in lower case already. */
function same(text: usize, wanted: usize, length: usize, fold: bool): bool {
  if (!fold) return sameBytes(text, wanted, length);
  for (let i: usize = 0; i < length; i++) {
    if (lower(load<u8>(text + i)) != load<u8>(wanted + i)) return false;
  }
  return true;
}

@inline
function lower(c: u32): u32 {
  return c - 0x41 < 26 ? c | 0x20 : c;
}

function contains(text: usize, length: usize, wanted: usize, wantedLength: usize, fold: bool): bool {
  if (wantedLength == 0) return true;
  if (wantedLength > length) return false;
  const first = load<u8>(wanted);
  const last = load<u8>(wanted + wantedLength - 1);
  const firsts = i8x16.splat(first);
  const lasts = i8x16.splat(last);
  const end = text + length - wantedLength;
  // First and last byte in sixteen places at once; only where both fit are the bytes between compared.
  for (let p = text; p <= end; p += 16) {
    let a = v128.load(p);
    let b = v128.load(p + wantedLength - 1);
    if (fold) {
      a = lower16(a);
      b = lower16(b);
    }
    let mask: u32 = i8x16.bitmask(v128.and(i8x16.eq(a, firsts), i8x16.eq(b, lasts)));
    for (; mask; mask &= mask - 1) {
      const place = p + ctz(mask);
      if (place > end) return false;
      if (same(place, wanted, wantedLength, fold)) return true;
    }
  }
  return false;
}

@inline
function lower16(v: v128): v128 {
  const upper = i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x41)), i8x16.splat(26));
  return v128.or(v, v128.and(upper, i8x16.splat(0x20)));
}

function holdsBackslash(p: usize, end: usize): bool {
  for (; p < end; p += 16) {
    const mask: u32 = i8x16.bitmask(i8x16.eq(v128.load(p), i8x16.splat(<i8>BACKSLASH)));
    if (mask) return p + ctz(mask) < end;
  }
  return false;
}

/** Digits and power of ten up to which a product or quotient of two doubles is exact (Clinger 1990). */
const EXACT_DIGITS: u32 = 15;
const EXACT_POWER: i32 = 22;

function numberValue(p: usize, length: usize): f64 {
  const start = p;
  const end = p + length;
  const negative = load<u8>(p) == 0x2d;
  if (negative) p++;
  let mantissa: u64 = 0;
  let digits: u32 = 0;
  let power: i32 = 0;
  let fraction = false;
  for (; p < end; p++) {
    const c: u32 = load<u8>(p);
    if (c == 0x2e) {
      fraction = true;
      continue;
    }
    const digit = c - 0x30;
    if (digit > 9) break;
    mantissa = mantissa * 10 + digit;
    if (mantissa) digits++;
    if (fraction) power--;
    if (digits > EXACT_DIGITS) return parseNumber(start, length);
  }
  if (p < end) {
    p++;
    const sign: u32 = load<u8>(p);
    if (sign == 0x2b || sign == 0x2d) p++;
    let exponent: i32 = 0;
    for (; p < end; p++) {
      exponent = exponent * 10 + <i32>(load<u8>(p) - 0x30);
      if (exponent > 400) return parseNumber(start, length);
    }
    power += sign == 0x2d ? -exponent : exponent;
  }
  if (power > EXACT_POWER || power < -EXACT_POWER) return parseNumber(start, length);
  let scale: f64 = 1;
  for (let i = power < 0 ? -power : power; i > 0; i--) scale *= 10;
  const value = power < 0 ? <f64>mantissa / scale : <f64>mantissa * scale;
  return negative ? -value : value;
}
