/**
 * Why a line is not a row. Runs only on lines that flatten.ts gave up on, byte by byte, with any depth:
 * a line that is too deep and broken further on is broken (docs/flattening.md, rejects).
 */

import * as L from '../layout';
import { NESTING } from './memory';
import { escapeLength, OPEN_OBJECT, utf8Length } from './scan';

let at: usize = 0;
let end: usize = 0;

/** The reject code of the line at `start`; `lineEnd` is the place of its newline. */
export function classify(start: usize, lineEnd: usize): u32 {
  at = start;
  end = lineEnd;
  space();
  const isObject = at < end && load<u8>(at) == OPEN_OBJECT;
  const deepest = value();
  if (deepest >= 0) space();
  if (deepest < 0 || at < end) return badByte() ? L.REJECT_INVALID_UTF8 : L.REJECT_INVALID_JSON;
  if (deepest > L.MAX_DEPTH) return L.REJECT_TOO_DEEP;
  return isObject ? L.REJECT_ROW_TOO_LARGE : L.REJECT_NOT_OBJECT;
}

/** Whether the place where reading stopped holds bytes that are no UTF-8, or a lone surrogate escape. */
let loneSurrogate = false;
function badByte(): bool {
  if (loneSurrogate) {
    loneSurrogate = false;
    return true;
  }
  return at < end && load<u8>(at) >= 0x80 && !sequence();
}

/** Length of the UTF-8 sequence at `at` within the line, or 0. */
function sequence(): u32 {
  const length = utf8Length(at);
  return at + length <= end ? length : 0;
}

function space(): void {
  while (at < end) {
    const c: u32 = load<u8>(at);
    if (c != 0x20 && c != 0x09 && c != 0x0d) return;
    at++;
  }
}

@inline
function peek(): u32 {
  return at < end ? load<u8>(at) : 0;
}

@inline
function isObjectAt(depth: u32): bool {
  return ((load<u8>(NESTING + (depth >> 3)) >> <u8>(depth & 7)) & 1) != 0;
}

function setObjectAt(depth: u32, object: bool): void {
  const place = NESTING + (depth >> 3);
  const bit: u32 = 1 << (depth & 7);
  const old: u32 = load<u8>(place);
  store<u8>(place, object ? old | bit : old & ~bit);
}

/** Reads one value of any depth; returns the deepest nesting, or -1 with `at` where it is not legal. */
function value(): i32 {
  let depth: u32 = 0;
  let deepest: u32 = 0;
  while (true) {
    const c = peek();
    if (c == 0x22) {
      if (!string()) return -1;
    } else if (c == 0x7b || c == 0x5b) {
      at++;
      setObjectAt(++depth, c == 0x7b);
      deepest = max(deepest, depth);
      space();
      if (peek() == c + 2) {
        at++;
        depth--;
      } else {
        if (c == 0x7b && !key()) return -1;
        continue;
      }
    } else if (c == 0x2d || c - 0x30 < 10) {
      if (!number()) return -1;
    } else if (!literal(c)) return -1;

    while (true) {
      if (depth == 0) return <i32>deepest;
      space();
      const d = peek();
      const object = isObjectAt(depth);
      if (d == 0x2c) {
        at++;
        space();
        if (object && !key()) return -1;
        break;
      }
      if (d != (object ? 0x7d : 0x5d)) return -1;
      at++;
      depth--;
    }
  }
}

function key(): bool {
  if (peek() != 0x22 || !string()) return false;
  space();
  if (peek() != 0x3a) return false;
  at++;
  space();
  return true;
}

/** A string; on failure `at` is the first byte of what is wrong. */
function string(): bool {
  at++;
  while (true) {
    if (at >= end) return false;
    const c: u32 = load<u8>(at);
    if (c == 0x22) {
      at++;
      return true;
    }
    if (c < 0x20) return false;
    if (c == 0x5c) {
      if (!escape()) return false;
    } else if (c >= 0x80) {
      const length = sequence();
      if (!length) return false;
      at += length;
    } else at++;
  }
}

function escape(): bool {
  const length = escapeLength(at); // a newline is no part of an escape: it never reads past the line's end
  if (length) {
    at += length;
    return true;
  }
  if (at + 1 < end && load<u8>(at, 1) == 0x75) {
    let digits: u32 = 0;
    while (digits < 4 && at + 2 + digits < end && isHex(load<u8>(at + 2 + digits))) digits++;
    if (digits == 4) loneSurrogate = true;
    else at += 2 + digits;
  } else at++;
  return false;
}

function isHex(c: u32): bool {
  return c - 0x30 < 10 || (c | 0x20) - 0x61 < 6;
}

function digits(): bool {
  const start = at;
  while (at < end && <u32>load<u8>(at) - 0x30 < 10) at++;
  return at > start;
}

function number(): bool {
  if (peek() == 0x2d) at++;
  if (peek() == 0x30) {
    at++;
  } else if (!digits()) return false;
  if (peek() == 0x2e) {
    at++;
    if (!digits()) return false;
  }
  if ((peek() | 0x20) == 0x65) {
    at++;
    const sign = peek();
    if (sign == 0x2b || sign == 0x2d) at++;
    if (!digits()) return false;
  }
  return true;
}

/** `true`, `false` or `null`; on failure `at` is the first byte that differs. */
function literal(c: u32): bool {
  let word: u64 = 0;
  let length: usize = 0;
  if (c == 0x74) {
    word = 0x65757274;
    length = 4;
  } else if (c == 0x66) {
    word = 0x65736c6166;
    length = 5;
  } else if (c == 0x6e) {
    word = 0x6c6c756e;
    length = 4;
  } else return false;
  for (let i: usize = 0; i < length; i++) {
    if (peek() != <u32>((word >> (<u64>i << 3)) & 0xff)) return false;
    at++;
  }
  return true;
}
