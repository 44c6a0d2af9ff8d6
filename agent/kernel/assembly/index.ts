/** The module's surface: lines in, rows in the open slot out, with rejects and matches beside them. */

import * as L from '../layout';
import { classify } from './classify';
import { writeEventId } from './event-id';
import { flattenLine } from './flatten';
import { keysAreFull, resetKeys } from './keys';
import {
  active,
  bindProgram,
  conditionCount,
  passesFilters,
  report,
  testAdded,
  testWatched,
  watch,
} from './match';
export { restoreState } from './match';
import * as M from './memory';
import {
  copyName,
  findName,
  forceAdmit,
  initNames,
  internName,
  isFree,
  poolsAreFull,
  resetNames,
  suffixedName,
  undoAdmissions,
  unwatchNames,
} from './names';
import { findRepeats } from './pack';
import { CLOSE_ARRAY, CLOSE_OBJECT, COMMA, lineEnd, OPEN_ARRAY, OPEN_OBJECT, QUOTE, skipSpace } from './scan';
import { writeFrame } from './zstd';

const NEWLINE: u32 = 0x0a;
const OVERFLOW_NAME: u64 = 0x776f6c667265766f; // `overflow`

// The open slot.
let slot: usize = 0;
let slotOut: usize = 0;
let slotTarget: usize = 0;
let slotTable: usize = 0;
let slotRows: u32 = 0;
/** Hints of the rows in the slot, and where further ones are no longer kept. */
let slotHints: usize = 0;
let slotHintsFull: usize = 0;

// Of the call under way.
let fileOffset: f64 = 0;
/** Where a newline was put that the file does not have, or 0. */
let addedNewline: usize = 0;
let rejects: u32 = 0;
let matches: u32 = 0;
let matchRows: usize = 0;

/** Reads the parameters; once, before anything else. */
export function init(): void {
  M.loadParameters();
  initNames();
  resetKeys();
  store<u64>(L.OVERFLOW_TEXT, OVERFLOW_NAME);
  const name = internName(L.OVERFLOW_TEXT, 8);
  store<u32>(name, load<u32>(name, L.N_FLAGS) | L.FLAG_EXEMPT, L.N_FLAGS);
  publish();
}

/** Sets flags of the name whose escaped text the host has put at the start of the input buffer. */
export function flagName(length: u32, flags: u32): void {
  const name = internName(M.INPUT, length);
  store<u32>(name, load<u32>(name, L.N_FLAGS) | flags, L.N_FLAGS);
}

/** Counts the name in the input buffer into the budget, full or not: it is in the dataset already. */
export function admitName(length: u32): void {
  const name = internName(M.INPUT, length);
  if (!(load<u32>(name, L.N_FLAGS) & (L.FLAG_ADMITTED | L.FLAG_EXEMPT))) forceAdmit(name);
  publish();
}

/** While frozen, no new name is brought into the budget. */
export function setFrozen(value: i32): void {
  M.setFrozen(value != 0);
}

/** Takes the program that the host has written at P_PROGRAM into force. */
export function setProgram(): void {
  unwatchNames();
  resetCaches(); // cached edges lead to names, and so do the counts of the old program
  bindProgram();
}

export function openSlot(base: usize, table: usize, hints: usize, hintsFull: usize, targetBytes: u32): void {
  slot = base;
  slotTable = table;
  slotHints = hints;
  slotHintsFull = hintsFull;
  slotTarget = base + targetBytes;
  slotRows = 0;
  store<u8>(base, OPEN_ARRAY);
  slotOut = base + 1;
  store<u32>(L.R_SLOT_ROWS, 0);
  store<u32>(L.R_SLOT_LENGTH, 1);
}

/** Ends the body; returns its length. */
export function sealSlot(): u32 {
  store<u32>(L.R_SLOT_HINTS, <u32>slotHints);
  store<u8>(slotOut, CLOSE_ARRAY);
  return <u32>(slotOut + 1 - slot);
}

/**
 * Takes the complete lines among the `length` bytes at P_INPUT, which stand at `offset` in their file; with
 * `final` an unterminated last piece is a line too. Returns a STATUS, the rest is at RESULTS.
 */
export function process(length: u32, offset: f64, final: i32): i32 {
  memory.fill(L.RESULTS, 0, L.R_COUNTERS_END - L.RESULTS);
  fileOffset = offset;
  addedNewline = 0;
  rejects = 0;
  matches = 0;
  matchRows = M.MATCH_ROWS;
  const end = M.INPUT + length;
  let stop: usize;
  if (final && length && load<u8>(end - 1) != NEWLINE) {
    store<u8>(end, NEWLINE);
    addedNewline = end;
    stop = end + 1;
  } else {
    stop = behindLastNewline(end);
  }

  let status: i32 = L.STATUS_MORE;
  let p = M.INPUT;
  while (p < stop) {
    if (slotOut >= slotTarget || slotRows >= M.MAX_ROWS) {
      status = L.STATUS_SLOT_FULL;
      break;
    }
    if (
      rejects == M.REJECTS_MAX ||
      matches + conditionCount > M.MATCHES_MAX ||
      matchRows + M.MAX_ROW + 16 > M.MATCH_ROWS_END
    ) {
      status = L.STATUS_DRAIN;
      break;
    }
    p = takeLine(p);
  }
  // One byte more may be the CR of a line end that is still to come.
  if (p == stop && p < end && <u32>(end - p) > M.MAX_LINE + 1) status = L.STATUS_TOO_LONG;

  store<u32>(L.R_CONSUMED, min<u32>(<u32>(p - M.INPUT), length));
  store<u32>(L.R_REJECTS, rejects);
  store<u32>(L.R_MATCHES, matches);
  store<u32>(L.R_SLOT_LENGTH, <u32>(slotOut - slot));
  store<u32>(L.R_SLOT_ROWS, slotRows);
  publish();
  return status;
}

/** The place behind the last newline before `end`, or the start of the input. */
function behindLastNewline(end: usize): usize {
  let p = end;
  while (p > M.INPUT) {
    const from = p - 16; // below the input lies the kernel's own memory: readable, and masked off
    let mask: u32 = i8x16.bitmask(i8x16.eq(v128.load(from), i8x16.splat(<i8>NEWLINE)));
    if (from < M.INPUT) mask &= 0xffff << <u32>(M.INPUT - from);
    if (mask) return from + 32 - clz(mask);
    p = from;
  }
  return M.INPUT;
}

/** Takes the line at p and returns the start of the next one. */
function takeLine(start: usize): usize {
  if (poolsAreFull() || keysAreFull()) resetCaches();
  M.setEvent(M.event + 1);
  M.setWatchedEnd(M.WATCHED);
  M.setTypesEnd(M.TYPE_CHANGES);
  M.setOverflowEnd(M.OVERFLOW);
  M.setKeyEnd(M.KEY_ARENA);
  // What a line leaves that is not taken is written over; so are those of rows that only a hostile log brings.
  M.setHintsEnd(slotHints);
  const admittedBefore = M.admitted;

  const row = slotRows ? slotOut + 1 : slotOut;
  let end = flattenLine(start, row, row + M.MAX_ROW);
  if (end) {
    end = skipSpace(end);
    if (load<u8>(end) != NEWLINE) end = 0;
  }
  if (!end) {
    end = lineEnd(start);
    undoAdmissions(admittedBefore);
    const blank = skipSpace(start) == end;
    if (lineLength(start, end) > M.MAX_LINE) reject(L.REJECT_TOO_LONG, start, end);
    else if (!blank) reject(classify(start, end), start, end);
    else if (end != addedNewline) count(L.R_BLANKS); // white space at the end of a file is no line
    return end + 1;
  }
  if (lineLength(start, end) > M.MAX_LINE) {
    undoAdmissions(admittedBefore);
    reject(L.REJECT_TOO_LONG, start, end);
    return end + 1;
  }
  if (M.EVENT_ID) {
    writeEventId(start, lineLength(start, end), fileOffset + <f64>(start - M.INPUT), M.EVENT_ID);
  }
  const out = finishRow(row, M.outEnd);
  if (!out) {
    undoAdmissions(admittedBefore);
    reject(L.REJECT_ROW_TOO_LARGE, start, end);
    return end + 1;
  }

  count(L.R_EVENTS);
  if (active && !evaluate(start, end, row, out)) {
    undoAdmissions(admittedBefore);
    count(L.R_FILTERED);
    return end + 1;
  }
  if (M.overflowEnd != M.OVERFLOW) count(L.R_OVERFLOWED);
  applyTypes();
  const entry = slotTable + slotRows * L.ROW_ENTRY_SIZE;
  store<f64>(entry, fileOffset + <f64>(start - M.INPUT));
  store<u32>(entry, <u32>(out - slot), 8);
  store<u32>(entry, wholeLength(start, end), 12);
  if (slotRows) store<u8>(slotOut, COMMA);
  slotRows++;
  slotOut = out;
  if (M.hintsEnd <= slotHintsFull) slotHints = M.hintsEnd;
  return end + 1;
}

/** Length without the line end. A CR is part of one only before a newline that the file really has. */
@inline
function lineLength(start: usize, end: usize): u32 {
  const carriageReturn = end > start && end != addedNewline && load<u8>(end - 1) == 0x0d;
  return <u32>(end - start) - <u32>carriageReturn;
}

/** Length with the line end, as far as the file has one. */
@inline
function wholeLength(start: usize, end: usize): u32 {
  return <u32>(end - start) + (end == addedNewline ? 0 : 1);
}

/** Overflow, added columns and braces; returns the row's end, or 0 when the row is too large. */
function finishRow(row: usize, out: usize): usize {
  const overflowBytes = M.overflowEnd - M.OVERFLOW;
  if (out - row + overflowBytes + M.SUFFIX_LENGTH > M.MAX_ROW) return 0;
  if (overflowBytes) {
    let name = findName(L.OVERFLOW_TEXT, 8);
    if (!isFree(name)) name = suffixedName(name);
    store<u64>(name, M.event, L.N_STAMP);
    const value = copyName(name, out);
    store<u16>(value, 0x7b22); // `"{`
    memory.copy(value + 2, M.OVERFLOW + 1, overflowBytes - 1);
    out = value + 1 + overflowBytes;
    store<u16>(out, 0x227d); // `}"`
    out += 2;
    if (load<u32>(name, L.N_FLAGS) & L.FLAG_WATCHED) watch(name, L.KIND_STRING, value, out);
  }
  memory.copy(out, M.SUFFIX, M.SUFFIX_LENGTH);
  out += M.SUFFIX_LENGTH;
  if (out == row) out++;
  store<u8>(row, OPEN_OBJECT); // in place of the first column's comma
  store<u8>(out, CLOSE_OBJECT);
  return <u32>(out + 1 - row) > M.MAX_ROW ? 0 : out + 1;
}

/** Rules and filters on a finished row; false when a filter holds it back. */
function evaluate(start: usize, end: usize, row: usize, out: usize): bool {
  testWatched();
  testAdded();
  const ships = passesFilters();
  const before = matches;
  matches = report(matches, <u32>(start - M.INPUT), wholeLength(start, end));
  if (matches > before) {
    const length = out - row;
    memory.copy(matchRows, row, length);
    for (let i = before; i < matches; i++) {
      const match = M.MATCHES + i * L.MATCH_SIZE;
      store<u32>(match, <u32>matchRows, 16);
      store<u32>(match, <u32>length, 20);
    }
    matchRows += (length + 15) & ~15;
  }
  return ships;
}

function applyTypes(): void {
  for (let change = M.TYPE_CHANGES; change < M.typesEnd; change += 8) {
    const name: usize = load<u32>(change);
    if (load<u32>(name, L.N_TYPE)) count(L.R_TYPE_CHANGES);
    store<u32>(name, load<u32>(change, 4), L.N_TYPE);
  }
}

function reject(reason: u32, start: usize, end: usize): void {
  const entry = M.REJECTS + rejects++ * L.REJECT_SIZE;
  store<u32>(entry, reason);
  store<u32>(entry, <u32>(start - M.INPUT), 4);
  store<u32>(entry, wholeLength(start, end), 8);
  store<u32>(entry, lineLength(start, end), 12);
}

@inline
function count(address: usize): void {
  store<u32>(address, load<u32>(address) + 1);
}

function resetCaches(): void {
  resetNames();
  resetKeys();
  count(L.R_CACHE_RESETS);
}

function publish(): void {
  store<u32>(L.R_ADMITTED, M.admitted);
  store<u32>(L.R_ADMITTED_BYTES, M.admittedBytes);
}

/** The two halves of a zstd frame of a sealed body; between them the host makes codes of what was counted. */
export function countRepeats(body: usize, length: u32, hints: usize, hintsEnd: usize): i32 {
  return findRepeats(body, length, hints, hintsEnd) ? 1 : 0;
}

/** Length of the frame at P_FRAME; 0: the body must be compressed by other means. */
export function packFrame(length: u32): u32 {
  return writeFrame(length);
}
