/**
 * JSON text as it was last time. Lists of capabilities and pod labels are the same in most events of one place in
 * the tree: an edge keeps the last two texts seen there with what they became, and equal bytes are copied instead of
 * read. A text is a whole container, so equal bytes end where it ends.
 *
 * Invariant: as with keys, it only saves work. Where texts always differ, an edge stops trying.
 */

import * as L from '../layout';
import * as M from './memory';
import { copy16 } from './scan';
import { jsonText } from './text';

/** Of E_MEMO: nothing is gained here. */
const NEVER: u32 = 1;
/** Misses more than hits before an edge stops trying. */
const PATIENCE: i32 = 64;
/** Such texts may stand in one another and in others without ever being too deep. */
const SHALLOW: i32 = 20;

let memosEnd: usize = 0;

export function resetMemos(): void {
  memosEnd = M.MEMOS;
}

/** As `jsonText`, for the value of an edge with `depth` containers open around it. */
export function rememberedText(edge: usize, p: usize, out: usize, depth: i32): usize {
  let memo: usize = load<u32>(edge, L.E_MEMO);
  if (memo == NEVER || depth > SHALLOW) return jsonText(p, out, depth);
  if (memo == 0) {
    memo = memosEnd;
    if (memo + 2 * L.MEMO_SIZE > M.MEMOS_END) return jsonText(p, out, depth);
    memosEnd += 2 * L.MEMO_SIZE;
    store<u32>(edge, <u32>memo, L.E_MEMO);
    store<u32>(memo, 0, L.MEMO_LENGTH);
    store<u32>(memo + L.MEMO_SIZE, 0, L.MEMO_LENGTH);
    store<i32>(memo, 0, L.MEMO_SCORE);
    store<u32>(memo, 0, L.MEMO_LAST);
  }
  const last: usize = load<u32>(memo, L.MEMO_LAST);
  const end = copyIfSame(memo + last, p, out);
  if (end) {
    score(memo, 1);
    return end;
  }
  const other = last ^ L.MEMO_SIZE;
  const otherEnd = copyIfSame(memo + other, p, out);
  store<u32>(memo, <u32>other, L.MEMO_LAST);
  if (otherEnd) {
    score(memo, 1);
    return otherEnd;
  }
  if (score(memo, -1) < -PATIENCE) store<u32>(edge, NEVER, L.E_MEMO);
  const behind = jsonText(p, out, depth);
  if (behind) keep(memo + other, p, behind - p, out, M.outEnd - out);
  return behind;
}

function score(memo: usize, change: i32): i32 {
  const value = min<i32>(load<i32>(memo, L.MEMO_SCORE) + change, PATIENCE);
  store<i32>(memo, value, L.MEMO_SCORE);
  return value;
}

@inline
function copyIfSame(memo: usize, p: usize, out: usize): usize {
  const length: usize = load<u32>(memo, L.MEMO_LENGTH);
  if (!length || !sameText(p, memo + L.MEMO_TEXT, length)) return 0;
  const outLength: usize = load<u32>(memo, L.MEMO_OUT_LENGTH);
  copy16(out, memo + L.MEMO_OUT, outLength);
  M.setOutEnd(out + outLength);
  return p + length;
}

function sameText(a: usize, b: usize, length: usize): bool {
  const rest = length & 15;
  const end = a + length - rest;
  for (; a < end; a += 16, b += 16) {
    if (!i8x16.all_true(i8x16.eq(v128.load(a), v128.load(b)))) return false;
  }
  if (!rest) return true;
  const differing: u32 = ~i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b)));
  return (differing & ((1 << <u32>rest) - 1)) == 0;
}

/** The bytes of a text that was read, and what it became, when both fit and it is shallow. */
function keep(memo: usize, text: usize, length: usize, out: usize, outLength: usize): void {
  store<u32>(memo, 0, L.MEMO_LENGTH);
  if (length > <usize>L.MEMO_MOST_TEXT || outLength > <usize>L.MEMO_MOST_OUT) return;
  let opened: i32 = 0;
  for (let i: usize = 0; i < length; i++) {
    const c: u32 = load<u8>(text + i);
    if (c == 0x5b || c == 0x7b) opened++;
  }
  if (opened > SHALLOW) return;
  memory.copy(memo + L.MEMO_TEXT, text, length);
  memory.copy(memo + L.MEMO_OUT, out, outLength);
  store<u32>(memo, <u32>length, L.MEMO_LENGTH);
  store<u32>(memo, <u32>outLength, L.MEMO_OUT_LENGTH);
}
