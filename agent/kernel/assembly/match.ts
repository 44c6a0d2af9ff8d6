/**
 * The conditions of the rules and filters on one flattened event.
 *
 * flatten.ts has noted where the values of watched columns stand. The pass over each of them (columns.ts) makes
 * candidates of the conditions that can be true because of it, and only candidates are evaluated, over decision
 * nodes that need no stack. A state that fires is a candidate whenever its column is there, until it resolves. The
 * layout of the program is in layout-program.ts.
 */

import * as L from '../layout';
import * as P from '../layout-program';
import { testColumn } from './columns';
import * as M from './memory';
import { internName } from './names';
import { isTrue } from './predicates';

let columns: usize = 0;
let addedCount: u32 = 0;
let conditions: usize = 0;
let candidates: usize = 0;
let candidateWords: u32 = 0;
/** One bit for each word of candidates that is not zero. */
let summary: usize = 0;
export let conditionCount: u32 = 0;
let include: u32 = <u32>P.NONE;
let exclude: u32 = <u32>P.NONE;
export let active: bool = false;

@inline
function at(offset: usize): usize {
  return M.PROGRAM + load<u32>(M.PROGRAM + offset);
}

/** Binds the program's columns to their names. */
export function bindProgram(): void {
  conditions = at(P.G_CONDITIONS);
  candidates = at(P.G_CANDIDATES);
  candidateWords = load<u32>(M.PROGRAM, P.G_CANDIDATE_WORDS);
  summary = candidates + (candidateWords << 3);
  conditionCount = load<u32>(M.PROGRAM, P.G_CONDITION_COUNT);
  include = load<u32>(M.PROGRAM, P.G_INCLUDE);
  exclude = load<u32>(M.PROGRAM, P.G_EXCLUDE);
  columns = at(P.G_COLUMNS);
  addedCount = load<u32>(M.PROGRAM, P.G_ADDED_COUNT);
  const count = load<u32>(M.PROGRAM, P.G_COLUMN_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    const column = columns + i * P.COLUMN_SIZE;
    const name = internName(M.PROGRAM + load<u32>(column, P.L_TEXT), load<u32>(column, P.L_TEXT_LENGTH));
    store<u32>(name, load<u32>(name, L.N_FLAGS) | L.FLAG_WATCHED, L.N_FLAGS);
    store<u32>(name, <u32>column, L.N_COLUMN);
  }
  active = conditionCount > 0 || include != <u32>P.NONE || exclude != <u32>P.NONE;
}

@inline
export function watch(name: usize, kind: u32, start: usize, end: usize): void {
  const watched = M.watchedEnd;
  store<u32>(watched, <u32>name);
  store<u32>(watched, kind, 4);
  store<u32>(watched, <u32>start, 8);
  store<u32>(watched, <u32>end, 12);
  M.setWatchedEnd(watched + L.WATCHED_SIZE);
}

/** Looks at the value of every watched column and marks the candidates. */
export function testWatched(): void {
  M.setDecodedEnd(M.DECODED);
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
    const column = columns + i * P.COLUMN_SIZE;
    const value: usize = load<u32>(column, P.L_ADDED);
    testColumn(column, L.KIND_STRING, value, value + load<u32>(column, P.L_ADDED_LENGTH));
  }
}

export function markAll(list: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) mark(load<u32>(list + (i << 2)));
}

@inline
function mark(condition: u32): void {
  const word = condition >> 6;
  const place = candidates + (word << 3);
  store<u64>(place, load<u64>(place) | (<u64>1 << (condition & 63)));
  const bits = summary + ((word >> 6) << 3);
  store<u64>(bits, load<u64>(bits) | (<u64>1 << (word & 63)));
}

/** All that fire on a column: any value of it may resolve them. */
export function markFiring(first: u32): void {
  for (let offset = first; offset; ) {
    const condition = M.PROGRAM + offset;
    mark(<u32>((condition - conditions) / P.CONDITION_SIZE));
    offset = load<u32>(condition, P.D_NEXT);
  }
}

/** Whether the event is shipped; the filters are the last candidates. */
export function passesFilters(): bool {
  if (include != <u32>P.NONE && !(isCandidate(include) && holds(include))) return false;
  return exclude == <u32>P.NONE || !(isCandidate(exclude) && holds(exclude));
}

@inline
function isCandidate(condition: u32): bool {
  return ((load<u64>(candidates + ((condition >> 6) << 3)) >> (condition & 63)) & 1) != 0;
}

function holds(condition: u32): bool {
  let node = load<u32>(conditions + condition * P.CONDITION_SIZE, P.D_CODE);
  while (node < <u32>P.NODE_TRUE) {
    const place = M.PROGRAM + node;
    node = isTrue(M.PROGRAM + load<u32>(place)) ? load<u32>(place, 4) : load<u32>(place, 8);
  }
  return node == <u32>P.NODE_TRUE;
}

/** Evaluates the candidates in order, clears them, and appends what is to be reported; returns the new count. */
export function report(matches: u32, lineStart: u32, lineLength: u32): u32 {
  const summaryWords = (candidateWords + 63) >> 6;
  for (let s: u32 = 0; s < summaryWords; s++) {
    let words = load<u64>(summary + (s << 3));
    if (!words) continue;
    store<u64>(summary + (s << 3), 0);
    for (; words; words &= words - 1) {
      const index = (s << 6) + <u32>ctz(words);
      const place = candidates + (index << 3);
      let word = load<u64>(place);
      store<u64>(place, 0);
      for (; word; word &= word - 1) {
        const condition = (index << 6) + <u32>ctz(word);
        if (condition >= conditionCount) continue; // a filter
        const kind = transition(conditions + condition * P.CONDITION_SIZE, holds(condition));
        if (kind < 0) continue;
        const match = M.MATCHES + matches++ * L.MATCH_SIZE;
        store<u32>(match, condition);
        store<u32>(match, kind, 4);
        store<u32>(match, lineStart, 8);
        store<u32>(match, lineLength, 12);
      }
    }
  }
  return matches;
}

/** What a condition has to say of an event that made it a candidate; -1 for nothing. */
function transition(condition: usize, holds: bool): i32 {
  const repeats = load<u32>(condition, P.D_REPEATS);
  if (!repeats) {
    if (holds) return L.MATCH_EVENT;
    return load<u32>(condition, P.D_REPORT_BOTH) ? L.MATCH_NONE : -1;
  }
  const firing = load<u32>(condition, P.D_FIRING) != 0;
  if (holds == firing) return -1;
  if (firing) {
    setState(condition, 0, false);
    return L.MATCH_RESOLVED;
  }
  const count = load<u32>(condition, P.D_COUNT) + 1;
  setState(condition, count, count >= repeats);
  return count < repeats ? -1 : L.MATCH_FIRING;
}

/** Keeps the list of those that fire on the condition's column. */
function setState(condition: usize, count: u32, firing: bool): void {
  const fired = load<u32>(condition, P.D_FIRING) != 0;
  store<u32>(condition, count, P.D_COUNT);
  store<u32>(condition, <u32>firing, P.D_FIRING);
  const offset: usize = load<u32>(condition, P.D_COLUMN);
  if (firing == fired || !offset) return;
  const column = M.PROGRAM + offset;
  if (firing) {
    const next: usize = load<u32>(column, P.L_FIRING);
    store<u32>(condition, <u32>next, P.D_NEXT);
    store<u32>(condition, 0, P.D_PREVIOUS);
    if (next) store<u32>(M.PROGRAM + next, <u32>(condition - M.PROGRAM), P.D_PREVIOUS);
    store<u32>(column, <u32>(condition - M.PROGRAM), P.L_FIRING);
    return;
  }
  const next: usize = load<u32>(condition, P.D_NEXT);
  const previous: usize = load<u32>(condition, P.D_PREVIOUS);
  if (next) store<u32>(M.PROGRAM + next, <u32>previous, P.D_PREVIOUS);
  if (previous) store<u32>(M.PROGRAM + previous, <u32>next, P.D_NEXT);
  else store<u32>(column, <u32>next, P.L_FIRING);
}

/** What the host remembered of a condition. */
export function restoreState(condition: u32, count: u32, firing: i32): void {
  setState(conditions + condition * P.CONDITION_SIZE, count, firing != 0);
}
