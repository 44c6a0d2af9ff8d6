/**
 * One pass over the value of a watched column: all predicates of all rules on it, found together. Equal texts and
 * numbers by a table, parts of texts by one search, thresholds in their order: what is not true costs nothing.
 */

import * as L from '../layout';
import * as P from '../layout-program';
import { copyLower } from './compare';
import { decodeInto } from './keys';
import { searchLiterals } from './literals';
import { markAll, markFiring } from './match';
import * as M from './memory';
import { numberValue } from './number';
import { becomesTrue, tryRegex, wakes } from './predicates';
import { BACKSLASH, hashBytes, sameBytes } from './scan';
import { jsonText } from './text';

/** Of the literals being sought: the value in which one is found. */
let valueStart: usize = 0;
let valueEnd: usize = 0;

/** `start` and `end` enclose the value as it stands in the line, quotes included; see layout.ts for the kinds. */
export function testColumn(column: usize, kind: u32, start: usize, end: usize): void {
  store<u64>(column, M.event, P.L_EVENT);
  markAll(M.PROGRAM + load<u32>(column, P.L_ALWAYS), load<u32>(column, P.L_ALWAYS_COUNT));
  if (load<u32>(column, P.L_FIRING)) markFiring(load<u32>(column, P.L_FIRING));
  if (kind == L.KIND_NUMBER) {
    store<u32>(column, L.KIND_NUMBER, P.L_KIND);
    const number = numberValue(start, end - start);
    store<f64>(column, number, P.L_NUMBER);
    testNumber(column, number);
    return;
  }
  if (kind == L.KIND_BOOLEAN) {
    store<u32>(column, L.KIND_BOOLEAN, P.L_KIND);
    return;
  }
  if (kind == L.KIND_TEXT) {
    jsonText(start, M.SCRATCH, 0); // validated before: it cannot fail now
    start = M.SCRATCH;
    end = M.outEnd;
  }
  start++;
  end--;
  if (kind != L.KIND_PLAIN && (kind == L.KIND_TEXT || holdsBackslash(start, end))) {
    const decoded = M.decodedEnd;
    end = decodeInto(start, end, decoded, false);
    start = decoded;
    M.setDecodedEnd(end);
  }
  store<u32>(column, L.KIND_STRING, P.L_KIND);
  store<u32>(column, <u32>start, P.L_START);
  store<u32>(column, <u32>end, P.L_END);
  testText(column, start, end);
}

function testText(column: usize, start: usize, end: usize): void {
  const exact: usize = load<u32>(column, P.L_EXACT);
  if (exact) findExact(M.PROGRAM + exact, start, end - start, false);
  const folded: usize = load<u32>(column, P.L_EXACT_FOLDED);
  if (folded) findExact(M.PROGRAM + folded, start, end - start, true);
  const cache: usize = load<u32>(column, P.L_CACHE);
  if (!cache || end - start > <usize>P.CACHE_MOST_TEXT) {
    search(column, start, end);
    return;
  }
  const length = end - start;
  const hash = hashBytes(start, length, M.SEED);
  const entry = M.PROGRAM + cache + (hash & (P.CACHE_ENTRIES - 1)) * P.CACHE_ENTRY_SIZE;
  const sought = M.PROGRAM + load<u32>(column, P.L_SOUGHT);
  const count = load<u32>(column, P.L_SOUGHT_COUNT);
  if (load<u32>(entry) == <u32>length + 1 && sameBytes(start, entry + P.CACHE_TEXT, length)) {
    for (let word: u32 = 0; word << 6 < count; word++) {
      for (let bits = load<u64>(entry + (word << 3), P.CACHE_FOUND); bits; bits &= bits - 1) {
        becomesTrue(M.PROGRAM + load<u32>(sought + (((word << 6) + <u32>ctz(bits)) << 2)));
      }
    }
    return;
  }
  search(column, start, end);
  store<u32>(entry, <u32>length + 1);
  memory.copy(entry + P.CACHE_TEXT, start, length);
  for (let word: u32 = 0; word << 6 < count; word++) {
    let bits: u64 = 0;
    const last = min<u32>(count - (word << 6), 64);
    for (let i: u32 = 0; i < last; i++) {
      const predicate = M.PROGRAM + load<u32>(sought + (((word << 6) + i) << 2));
      bits |= <u64>(load<u64>(predicate, P.Q_TRUE) == M.event) << i;
    }
    store<u64>(entry + (word << 3), bits, P.CACHE_FOUND);
  }
}

/** Parts of the text and expressions: what takes looking at its bytes. */
function search(column: usize, start: usize, end: usize): void {
  const literals: usize = load<u32>(column, P.L_LITERALS);
  if (literals) {
    valueStart = start;
    valueEnd = end;
    searchLiterals(M.PROGRAM + literals, start, end);
  }
  const regexes = M.PROGRAM + load<u32>(column, P.L_REGEXES);
  const count = load<u32>(column, P.L_REGEX_COUNT);
  for (let i: u32 = 0; i < count; i++) tryRegex(M.PROGRAM + load<u32>(regexes + (i << 2)), start, end);
}

/** The predicate whose text the value is. */
function findExact(table: usize, text: usize, length: usize, fold: bool): void {
  if (!((load<u64>(table, P.EXACT_LENGTHS) >> min<usize>(length, 63)) & 1)) return;
  if (fold) {
    copyLower(text, length, M.SCRATCH);
    text = M.SCRATCH;
  }
  const hash = hashBytes(text, length, 0);
  const mask = load<u32>(table, P.EXACT_MASK);
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const place = table + P.EXACT_SLOTS + (slot << 3);
    const offset: usize = load<u32>(place, 4);
    if (!offset) return;
    if (load<u32>(place) != hash) continue;
    const predicate = M.PROGRAM + offset;
    if (load<u32>(predicate, P.Q_TEXT_LENGTH) != <u32>length) continue;
    if (memory.compare(text, M.PROGRAM + load<u32>(predicate, P.Q_TEXT), length) != 0) continue;
    becomesTrue(predicate);
    return;
  }
}

/** A literal stands in the value: `contains` is true, and a regex that needs it may be. */
export function literalFound(literal: usize): void {
  store<u64>(literal, M.event, P.V_EVENT);
  const list = M.PROGRAM + load<u32>(literal, P.V_PREDICATES);
  const count = load<u32>(literal, P.V_PREDICATE_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    const predicate = M.PROGRAM + load<u32>(list + (i << 2));
    if (load<u32>(predicate, P.Q_OP) == P.OP_REGEX) tryRegex(predicate, valueStart, valueEnd);
    else becomesTrue(predicate);
  }
}

function testNumber(column: usize, value: f64): void {
  findEqual(M.PROGRAM + load<u32>(column, P.L_EQUALS), load<u32>(column, P.L_EQUALS_COUNT), value);
  let threshold = M.PROGRAM + load<u32>(column, P.L_GREATER);
  let end = threshold + load<u32>(column, P.L_GREATER_COUNT) * P.THRESHOLD_SIZE;
  for (; threshold < end; threshold += P.THRESHOLD_SIZE) {
    const wanted = load<f64>(threshold);
    if (wanted > value || (wanted == value && !load<u32>(threshold, P.H_INCLUSIVE))) break;
    wakes(M.PROGRAM + load<u32>(threshold, P.H_PREDICATE));
  }
  threshold = M.PROGRAM + load<u32>(column, P.L_LESS);
  end = threshold + load<u32>(column, P.L_LESS_COUNT) * P.THRESHOLD_SIZE;
  for (; threshold < end; threshold += P.THRESHOLD_SIZE) {
    const wanted = load<f64>(threshold);
    if (wanted < value || (wanted == value && !load<u32>(threshold, P.H_INCLUSIVE))) break;
    wakes(M.PROGRAM + load<u32>(threshold, P.H_PREDICATE));
  }
}

/** By halving: each number stands once. */
function findEqual(list: usize, count: u32, value: f64): void {
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<f64>(list + middle * P.THRESHOLD_SIZE) < value) low = middle + 1;
    else high = middle;
  }
  const threshold = list + low * P.THRESHOLD_SIZE;
  if (low < count && load<f64>(threshold) == value) wakes(M.PROGRAM + load<u32>(threshold, P.H_PREDICATE));
}

function holdsBackslash(p: usize, end: usize): bool {
  for (; p < end; p += 16) {
    const mask: u32 = i8x16.bitmask(i8x16.eq(v128.load(p), i8x16.splat(<i8>BACKSLASH)));
    if (mask) return p + ctz(mask) < end;
  }
  return false;
}
