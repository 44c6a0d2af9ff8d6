/**
 * Many texts sought in one value at once. Most values hold none of them, so the scan asks of sixteen places at a
 * time only whether a window of three bytes could be that of a literal (Hyperscan's "Teddy": one bit per bucket, by
 * the nibbles of each byte); for large sets, where the buckets would overflow, a bitmap of hashed windows is asked
 * place by place. What passes is compared in full.
 */

import * as P from '../layout-program';
import { contains, copyLower, same } from './compare';
import * as M from './memory';
import { literalFound } from './columns';

export function searchLiterals(search: usize, text: usize, end: usize): void {
  const groups = load<u32>(search, P.S_GROUPS);
  if (!groups) {
    searchByHash(search, text, end);
    return;
  }
  let group = search + P.S_TABLES;
  for (let i: u32 = 0; i < groups; i++) {
    searchGroup(group, text, end);
    group += P.TEDDY_SIZE;
  }
}

@inline
function fits(low: v128, high: v128, bytes: v128): v128 {
  return v128.and(
    i8x16.swizzle(low, v128.and(bytes, i8x16.splat(15))),
    i8x16.swizzle(high, i8x16.shr_u(bytes, 4)),
  );
}

function searchGroup(group: usize, text: usize, end: usize): void {
  const low0 = v128.load(group);
  const high0 = v128.load(group, 16);
  const low1 = v128.load(group, 32);
  const high1 = v128.load(group, 48);
  const low2 = v128.load(group, 64);
  const high2 = v128.load(group, 80);
  for (let p = text; p < end; p += 16) {
    const found = v128.and(
      v128.and(fits(low0, high0, v128.load(p)), fits(low1, high1, v128.load(p, 1))),
      fits(low2, high2, v128.load(p, 2)),
    );
    if (!v128.any_true(found)) continue;
    let places: u32 = ~i8x16.bitmask(i8x16.eq(found, i8x16.splat(0))) & 0xffff;
    v128.store(M.SCRATCH, found);
    for (; places; places &= places - 1) {
      const at: usize = ctz(places);
      for (let bits: u32 = load<u8>(M.SCRATCH + at); bits; bits &= bits - 1) {
        const bucket = group + P.TEDDY_BUCKETS + (ctz(bits) << 3);
        const list = M.PROGRAM + load<u32>(bucket);
        const count = load<u32>(bucket, 4);
        for (let i: u32 = 0; i < count; i++) {
          verify(M.PROGRAM + load<u32>(list + (i << 2)), p + at, text, end);
        }
      }
    }
  }
}

function searchByHash(search: usize, text: usize, end: usize): void {
  const list = M.PROGRAM + load<u32>(search, P.S_SHORT);
  const count = load<u32>(search, P.S_SHORT_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    const literal = M.PROGRAM + load<u32>(list + (i << 2));
    const wanted = M.PROGRAM + load<u32>(literal, P.V_TEXT);
    if (contains(text, end - text, wanted, load<u32>(literal, P.V_LENGTH), load<u32>(literal, P.V_FOLD) != 0)) {
      literalFound(literal);
    }
  }
  if (end - text < <usize>P.WINDOW) return;
  // Windows are hashed in lower case, for literals of both kinds.
  copyLower(text, end - text, M.SCRATCH);
  const bitmap = search + P.S_TABLES;
  const mask = load<u32>(search, P.S_MASK);
  const buckets = M.PROGRAM + load<u32>(search, P.S_BUCKETS);
  const last = M.SCRATCH + (end - text) - P.WINDOW;
  for (let p = M.SCRATCH; p <= last; p++) {
    const hash = (load<u32>(p) << 8) * P.HASH_FACTOR;
    const bit = hash >> (32 - P.HASH_BITS);
    if (!((<u32>load<u8>(bitmap + (bit >> 3)) >> (bit & 7)) & 1)) continue;
    let literal: usize = load<u32>(buckets + ((bit & mask) << 2));
    while (literal) {
      const place = M.PROGRAM + literal;
      if (load<u32>(place, P.V_HASH) == hash) verify(place, text + (p - M.SCRATCH), text, end);
      literal = load<u32>(place, P.V_NEXT);
    }
  }
}

/** A literal whose window may stand at `place`. */
function verify(literal: usize, place: usize, text: usize, end: usize): void {
  if (load<u64>(literal, P.V_EVENT) == M.event) return;
  const offset: usize = load<u32>(literal, P.V_OFFSET);
  const length: usize = load<u32>(literal, P.V_LENGTH);
  if (place - text < offset || place - offset + length > end) return;
  const wanted = M.PROGRAM + load<u32>(literal, P.V_TEXT);
  const start = place - offset;
  // Its last byte first: literals that share a beginning do not cost its length each.
  if ((load<u8>(start + length - 1) ^ load<u8>(wanted + length - 1)) & 0xdf) return;
  if (same(start, wanted, length, load<u32>(literal, P.V_FOLD) != 0)) literalFound(literal);
}
