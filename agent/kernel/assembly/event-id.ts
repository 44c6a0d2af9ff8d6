/**
 * The deterministic event id: HighwayHash-128 (Alakuijala, Cox, Wassenberg 2016; as its SSE4.1 form) of the line
 * and its offset, under a key that the host derives from node and first line (event-id.ts beside kernel.ts).
 *
 * Log lines are written by attackers, and an id that could be made to collide would hide an event from whoever
 * removes duplicates. So this is a keyed pseudo-random function and no fast checksum; the key holds the hash of the
 * file's first line, which a process that is being watched does not know.
 */

import * as L from '../layout';
import * as M from './memory';

const PACKET: usize = 32;
/** As specified for 128 bits. */
const FINAL_ROUNDS: i32 = 6;

@inline
function zipper(v: v128): v128 {
  return i8x16.shuffle(v, v, 3, 12, 2, 5, 14, 1, 15, 0, 11, 4, 10, 13, 9, 6, 8, 7);
}

@inline
function halvesSwapped(v: v128): v128 {
  return i32x4.shuffle(v, v, 1, 0, 3, 2);
}

/** Low half of each 64-bit lane of `a` times high half of the same lane of `b`. */
@inline
function product(a: v128, b: v128): v128 {
  return i64x2.extmul_low_i32x4_u(i32x4.shuffle(a, a, 0, 2, 0, 2), i32x4.shuffle(b, b, 1, 3, 1, 3));
}

/** Writes the id of the line (without its end) that stands at `offset` in its file, as 32 hex digits, to `out`. */
export function writeEventId(line: usize, length: usize, offset: f64, out: usize): void {
  // Behind the whole packets come the rest, filled up with zeros, and a packet of offset and length: the message is
  // always of whole packets, and no two places or lines give the same one.
  const rest = length & (PACKET - 1);
  const tail = M.SCRATCH;
  memory.fill(tail, 0, 2 * PACKET);
  memory.copy(tail, line + length - rest, rest);
  const last = tail + (rest ? PACKET : 0);
  store<u64>(last, <u64>offset);
  store<u64>(last, <u64>length, 8);

  const keyA = v128.load(L.EVENT_KEY);
  const keyB = v128.load(L.EVENT_KEY, 16);
  let mul0a = i64x2(0xdbe6d5d5fe4cce2f, 0xa4093822299f31d0);
  let mul0b = i64x2(0x13198a2e03707344, 0x243f6a8885a308d3);
  let mul1a = i64x2(0x3bd39e10cb0ef593, 0xc0acf169b5f18a8c);
  let mul1b = i64x2(0xbe5466cf34e90c6c, 0x452821e638d01377);
  let v0a = v128.xor(mul0a, keyA);
  let v0b = v128.xor(mul0b, keyB);
  let v1a = v128.xor(mul1a, halvesSwapped(keyA));
  let v1b = v128.xor(mul1b, halvesSwapped(keyB));

  let p = line;
  let end = line + length - rest;
  let round: i32 = p == end ? 0 : -1; // -1: the line's whole packets; 0: the tail; from 1 on the final rounds
  if (round == 0) {
    p = tail;
    end = last + PACKET;
  }
  while (true) {
    v1a = i64x2.add(v1a, i64x2.add(mul0a, v128.load(p)));
    v1b = i64x2.add(v1b, i64x2.add(mul0b, v128.load(p, 16)));
    mul0a = v128.xor(mul0a, product(v1a, v0a));
    mul0b = v128.xor(mul0b, product(v1b, v0b));
    v0a = i64x2.add(v0a, mul1a);
    v0b = i64x2.add(v0b, mul1b);
    mul1a = v128.xor(mul1a, product(v0a, v1a));
    mul1b = v128.xor(mul1b, product(v0b, v1b));
    v0a = i64x2.add(v0a, zipper(v1a));
    v0b = i64x2.add(v0b, zipper(v1b));
    v1a = i64x2.add(v1a, zipper(v0a));
    v1b = i64x2.add(v1b, zipper(v0b));
    p += PACKET;
    if (p != end) continue;
    if (round == FINAL_ROUNDS) break;
    if (round++ < 0) {
      p = tail;
      end = last + PACKET;
      continue;
    }
    v128.store(tail, halvesSwapped(v0b));
    v128.store(tail, halvesSwapped(v0a), 16);
    p = tail;
    end = tail + PACKET;
  }
  writeHex(i64x2.add(i64x2.add(v0a, mul0a), i64x2.add(v1b, mul1b)), out);
}

function writeHex(bytes: v128, out: usize): void {
  const digits = i8x16(0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66);
  const high = i8x16.swizzle(digits, i8x16.shr_u(bytes, 4));
  const low = i8x16.swizzle(digits, v128.and(bytes, i8x16.splat(15)));
  v128.store(out, i8x16.shuffle(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  v128.store(out, i8x16.shuffle(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), 16);
}
