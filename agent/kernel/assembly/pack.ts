/**
 * A body of rows to a zstd frame (RFC 8878), first half: where it repeats itself.
 *
 * A general compressor looks for repeats at every byte. The flattener has just written the rows, and left a hint for
 * each column: where it stands, which name. What follows a name is most often what followed it the last time, so one
 * comparison there finds most of what a search would; two further looks, at the start of a value and where it leaves
 * its predecessor, find the rest. Three looks a column in place of a hundred, and a better ratio than zstd's level 1.
 *
 *     hints ─► candidates ─► sequences (literals, match, offset) and their statistics ─► zstd.ts
 *
 * Nothing here has to be right to be safe: every match is compared before it is used.
 */

import * as L from '../layout';
import * as M from './memory';
import { common, commonBefore } from './same';
import { copy16 } from './scan';

/** Shorter matches cost about as much as they save. */
const SHORTEST_NAME_MATCH: usize = 6;
const SHORTEST_VALUE_MATCH: usize = 6;
const SHORTEST_MIDDLE_MATCH: usize = 7;
/** A sequence is cut into pieces of this: the format's own limit is 64 KiB and 3. */
const LONGEST_PIECE: usize = 32768;
/** Below the format's 128 KiB, so that a block that grows by being packed is still legal. */
const BLOCK_BYTES: usize = 120 * 1024;

let anchor: usize = 0; // behind the last match: literals begin here
let block: usize = 0; // start of the open block's content
let repeat1: u32 = 1;
let repeat2: u32 = 4;
let repeat3: u32 = 8;
let full: bool = false;

export let sequencesEnd: usize = 0;
export let literalsEnd: usize = 0;
export let blocksEnd: usize = 0;
let blockSequences: usize = 0;
let blockLiterals: usize = 0;

/** Finds the repeats of the body; false when they do not fit into the lists: it must be compressed by other means. */
export function findRepeats(body: usize, length: usize, hint: usize, hintsEnd: usize): bool {
  memory.fill(M.PACK + L.K_CLEARED, 0, L.K_CLEARED_BYTES);
  const end = body + length;
  anchor = body;
  block = body;
  repeat1 = 1;
  repeat2 = 4;
  repeat3 = 8;
  full = false;
  sequencesEnd = M.SEQUENCES;
  literalsEnd = M.LITERALS;
  blocksEnd = M.BLOCKS;
  blockSequences = M.SEQUENCES;
  blockLiterals = M.LITERALS;

  while (hint < hintsEnd) {
    const column: usize = load<u32>(hint);
    const about = load<u32>(hint, 4);
    hint += 8;
    const next: usize = hint < hintsEnd ? <usize>load<u32>(hint) : end;
    if (anchor >= next) continue; // a match covers all of it
    takeColumn(body, end, column, next, about);
    if (full) return false;
  }
  leaveLiterals(end);
  countLiterals();
  return !full;
}

/** @param about length of `,"name":` and, in the upper half, its number */
@inline
function takeColumn(body: usize, end: usize, column: usize, next: usize, about: u32): void {
  const quote = column + 1; // the comma of a row's first column is a brace
  const value = column + (about & 0xffff);
  if (value >= next) return; // taken back: what a dropped column left may lie behind the body
  const place = M.PACK + L.K_NAMES + ((about >> 16 & L.K_NAMES_MASK) << 2);
  const last: usize = load<u32>(place);
  if (last >= quote) return; // taken back too: another column stands there now
  store<u32>(place, <u32>quote);
  if (anchor <= quote && last) {
    const same = common(quote, last, end);
    if (same >= SHORTEST_NAME_MATCH) take(body, quote, last, same);
  }
  if (anchor >= next) return;

  // The value by its first eight bytes, whatever name it had.
  const word = load<u64>(value);
  const known = M.PACK + L.K_VALUES + <usize>((word * 0x9e3779b97f4a7c15) >> L.K_VALUES_SHIFT << 2);
  let other: usize = load<u32>(known);
  if (other && other < value && load<u64>(other) == word) {
    const same = common(value, other, end);
    if (anchor <= value) {
      if (same >= SHORTEST_VALUE_MATCH) take(body, value, other, same);
    } else if (value + same >= anchor + SHORTEST_VALUE_MATCH) {
      const skipped = anchor - value;
      take(body, anchor, other + skipped, same - skipped);
    }
  } else {
    store<u32>(known, <u32>value);
  }
  if (anchor + 8 > next || anchor <= value + 1) return;

  // It began like another and goes on differently: perhaps like a third.
  const from = anchor;
  const middle = load<u64>(from) << 16;
  const seen = M.PACK + L.K_MIDDLES + <usize>((middle * 0x9e3779b97f4a7c15) >> L.K_VALUES_SHIFT << 2);
  other = load<u32>(seen);
  if (other && other < from && load<u64>(other) << 16 == middle) {
    // The first of its kind stays: the latest would be where this one's predecessor left its own.
    const same = common(from, other, end);
    if (same >= SHORTEST_MIDDLE_MATCH) take(body, from, other, same);
  } else {
    store<u32>(seen, <u32>from);
  }
}

/** Takes a match, with what is the same before it. */
function take(body: usize, at: usize, from: usize, length: usize): void {
  const before = commonBefore(at, from, min<usize>(at - anchor, from - body));
  at -= before;
  from -= before;
  length += before;
  leaveLiterals(at, length);
  const offset = <u32>(at - from);
  while (length > LONGEST_PIECE) {
    const piece = length - LONGEST_PIECE < SHORTEST_NAME_MATCH ? LONGEST_PIECE - SHORTEST_NAME_MATCH : LONGEST_PIECE;
    makeRoom(at + piece);
    put(<u32>(at - anchor), <u32>piece, offset);
    at += piece;
    anchor = at;
    length -= piece;
  }
  makeRoom(at + length);
  put(<u32>(at - anchor), <u32>length, offset);
  anchor = at + length;
}

/** Copies the literals before `at`; a run too long for the open block ends it, as often as it takes. */
function leaveLiterals(at: usize, upcoming: usize = 0): void {
  let start = anchor;
  if (literalsEnd + (at - start) + 64 > M.LITERALS_END) {
    full = true;
    return;
  }
  while (at - block > BLOCK_BYTES - LONGEST_PIECE && at - start > LONGEST_PIECE) {
    const room = BLOCK_BYTES - (start - block);
    const piece = at - start < room ? at - start : room;
    copyLiterals(start, piece);
    start += piece;
    anchor = start;
    closeBlock(start);
    if (full) return;
  }
  // The block ends before these literals, not between them and their match.
  if (at + (upcoming < LONGEST_PIECE ? upcoming : LONGEST_PIECE) - block > BLOCK_BYTES) closeBlock(anchor);
  copyLiterals(start, at - start);
  if (!upcoming) {
    anchor = at;
    closeBlock(at);
  }
}

@inline
function copyLiterals(from: usize, length: usize): void {
  if (length) copy16(literalsEnd, from, length);
  literalsEnd += length;
}

/** Ends the open block when its content would grow too long; only between matches of one run. */
@inline
function makeRoom(end: usize): void {
  if (end - block > BLOCK_BYTES && anchor > block) closeBlock(anchor);
}

function closeBlock(end: usize): void {
  if (end == block) return;
  if (blocksEnd + L.BLOCK_SIZE > M.BLOCKS_END) {
    full = true;
    return;
  }
  store<u32>(blocksEnd, <u32>block, L.B_CONTENT);
  store<u32>(blocksEnd, <u32>(end - block), L.B_CONTENT_LENGTH);
  store<u32>(blocksEnd, <u32>blockSequences, L.B_SEQUENCES);
  store<u32>(blocksEnd, <u32>sequencesEnd, L.B_SEQUENCES_END);
  store<u32>(blocksEnd, <u32>blockLiterals, L.B_LITERALS);
  store<u32>(blocksEnd, <u32>literalsEnd, L.B_LITERALS_END);
  blocksEnd += L.BLOCK_SIZE;
  block = end;
  blockSequences = sequencesEnd;
  blockLiterals = literalsEnd;
}

@inline
function highBit(value: u32): u32 {
  return 31 - clz(value);
}

@inline
function bump(table: usize, code: u32): void {
  const place = M.PACK + table + (code << 2);
  store<u32>(place, load<u32>(place) + 1);
}

/** One sequence, its codes and their counts. */
function put(literals: u32, match: u32, offset: u32): void {
  if (sequencesEnd >= M.SEQUENCES_END) {
    full = true;
    return;
  }
  const base = offsetBase(offset, literals != 0);
  const matchBase = match - 3;
  const literalCode: u32 = literals < 64 ? load<u8>(M.PACK + L.K_LITERAL_CODES + literals) : highBit(literals) + 19;
  const matchCode: u32 = matchBase < 128 ? load<u8>(M.PACK + L.K_MATCH_CODES + matchBase) : highBit(matchBase) + 36;
  const offsetCode = highBit(base);
  store<u32>(sequencesEnd, literals, L.Z_LITERALS);
  store<u32>(sequencesEnd, matchBase, L.Z_MATCH);
  store<u32>(sequencesEnd, base, L.Z_OFFSET);
  store<u32>(sequencesEnd, literalCode | (matchCode << 8) | (offsetCode << 16), L.Z_CODES);
  sequencesEnd += L.SEQUENCE_SIZE;
  bump(L.K_LITERAL_LENGTHS, literalCode);
  bump(L.K_MATCH_LENGTHS, matchCode);
  bump(L.K_OFFSETS, offsetCode);
}

/** The offset as the format says it: one of the last three by its number, another as itself and 3. */
function offsetBase(offset: u32, afterLiterals: bool): u32 {
  if (afterLiterals) {
    if (offset == repeat1) return 1;
    if (offset == repeat2) {
      repeat2 = repeat1;
      repeat1 = offset;
      return 2;
    }
    if (offset == repeat3) {
      rotate(offset);
      return 3;
    }
  } else {
    if (offset == repeat2) {
      repeat2 = repeat1;
      repeat1 = offset;
      return 1;
    }
    if (offset == repeat3) {
      rotate(offset);
      return 2;
    }
    if (offset == repeat1 - 1) {
      rotate(offset);
      return 3;
    }
  }
  rotate(offset);
  return offset + 3;
}

@inline
function rotate(offset: u32): void {
  repeat3 = repeat2;
  repeat2 = repeat1;
  repeat1 = offset;
}

/** In two tables by turns: the same byte twice in a row would wait for its own count. */
function countLiterals(): void {
  const even = M.PACK + L.K_BYTES;
  const odd = M.PACK + L.K_BYTES_ODD;
  let p = M.LITERALS;
  for (const end = literalsEnd - 1; p < end; p += 2) {
    const two: u32 = load<u16>(p);
    const first = even + ((two & 0xff) << 2);
    store<u32>(first, load<u32>(first) + 1);
    const second = odd + (two >> 8 << 2);
    store<u32>(second, load<u32>(second) + 1);
  }
  if (p < literalsEnd) bump(L.K_BYTES, load<u8>(p));
}
