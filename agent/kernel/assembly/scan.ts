/**
 * Strict JSON tokens, sixteen bytes at a time. Every function takes a place in the input and returns the
 * place behind the token, or 0 when the bytes are not legal there; what exactly is wrong is found out by
 * classify.ts, off the hot path. The input is readable for 64 bytes behind its end.
 */

import { outEnd, setOutEnd } from './memory';

export const QUOTE: u32 = 0x22;
export const BACKSLASH: u32 = 0x5c;
export const COMMA: u32 = 0x2c;
export const COLON: u32 = 0x3a;
export const OPEN_OBJECT: u32 = 0x7b;
export const CLOSE_OBJECT: u32 = 0x7d;
export const OPEN_ARRAY: u32 = 0x5b;
export const CLOSE_ARRAY: u32 = 0x5d;

/** Bit i is set when byte i ends a plain run: a quote, a backslash, a control character or a non-ASCII byte. */
@inline
export function specials(v: v128): u32 {
  return i8x16.bitmask(
    v128.or(
      v128.or(i8x16.eq(v, i8x16.splat(0x22)), i8x16.eq(v, i8x16.splat(0x5c))),
      // Signed: everything from 0x80 is negative, so one comparison finds both kinds.
      i8x16.lt_s(v, i8x16.splat(0x20)),
    ),
  );
}

/** White space inside a line; `\n` ends the line and is none. */
@inline
export function skipSpace(p: usize): usize {
  let c: u32 = load<u8>(p);
  while (c == 0x20 || c == 0x09 || c == 0x0d) c = load<u8>(++p);
  return p;
}

/** The place behind four hex digits at p, or 0; the value is left in hexValue. */
let hexValue: u32 = 0;
function hex4(p: usize): usize {
  let value: u32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const c: u32 = load<u8>(p + i);
    const digit: u32 = c - 0x30;
    const letter: u32 = (c | 0x20) - 0x61;
    if (digit < 10) value = (value << 4) | digit;
    else if (letter < 6) value = (value << 4) | (letter + 10);
    else return 0;
  }
  hexValue = value;
  return p + 4;
}

/** Length of the escape at p (a backslash), 0 when it is none; surrogates must come in pairs (length 12). */
export function escapeLength(p: usize): u32 {
  switch (load<u8>(p, 1)) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return 2;
    case 0x75:
      break;
    default:
      return 0;
  }
  if (!hex4(p + 2)) return 0;
  if ((hexValue & 0xf800) != 0xd800) return 6;
  if (hexValue >= 0xdc00) return 0;
  if (load<u16>(p, 6) != 0x755c || !hex4(p + 8)) return 0;
  return (hexValue & 0xfc00) == 0xdc00 ? 12 : 0;
}

/** Length of the UTF-8 sequence of two to four bytes at p, 0 when it is not well-formed (RFC 3629). */
export function utf8Length(p: usize): u32 {
  const a: u32 = load<u8>(p);
  if (a < 0xc2 || a > 0xf4) return 0;
  const b: u32 = load<u8>(p, 1);
  if (a < 0xe0) return (b & 0xc0) == 0x80 ? 2 : 0;
  let low: u32 = 0x80;
  let high: u32 = 0xbf;
  if (a == 0xe0) low = 0xa0;
  else if (a == 0xed) high = 0x9f;
  else if (a == 0xf0) low = 0x90;
  else if (a == 0xf4) high = 0x8f;
  if (b < low || b > high || (load<u8>(p, 2) & 0xc0) != 0x80) return 0;
  if (a < 0xf0) return 3;
  return (load<u8>(p, 3) & 0xc0) == 0x80 ? 4 : 0;
}

/** Copies the rest of a string from a special byte on, up to and with the closing quote. */
export function copyStringRest(p: usize, out: usize): usize {
  while (true) {
    const c: u32 = load<u8>(p);
    if (c == QUOTE) {
      store<u8>(out, QUOTE);
      setOutEnd(out + 1);
      return p + 1;
    }
    let n: u32;
    if (c == BACKSLASH) n = escapeLength(p);
    else if (c >= 0x80) n = utf8Length(p);
    else n = 0;
    if (n == 0) return 0;
    v128.store(out, v128.load(p));
    p += n;
    out += n;
    if (load<u8>(p) >= 0x80) continue; // text in other scripts comes in runs
    while (true) {
      const v = v128.load(p);
      v128.store(out, v);
      const mask = specials(v);
      if (mask) {
        const run: usize = ctz(mask);
        p += run;
        out += run;
        break;
      }
      p += 16;
      out += 16;
    }
  }
}

/** The closing quote of the string whose first character is at p; 0 when the string is not legal. */
export function stringEnd(p: usize): usize {
  while (true) {
    const mask = specials(v128.load(p));
    if (!mask) {
      p += 16;
      continue;
    }
    p += ctz(mask);
    const c: u32 = load<u8>(p);
    if (c == QUOTE) return p;
    let n: u32;
    if (c == BACKSLASH) n = escapeLength(p);
    else if (c >= 0x80) n = utf8Length(p);
    else n = 0;
    if (n == 0) return 0;
    p += n;
  }
}

@inline
function digitRun(p: usize): u32 {
  const mask = ~i8x16.bitmask(i8x16.lt_u(i8x16.sub(v128.load(p), i8x16.splat(0x30)), i8x16.splat(10)));
  return ctz(mask); // 16 when all are digits: the bits above are set by the inversion
}

function digits(p: usize): usize {
  let n = digitRun(p);
  while (n == 16) {
    p += 16;
    n = digitRun(p);
  }
  return p + n;
}

/** The place behind the number at p (a digit or a minus), or 0. */
export function numberEnd(p: usize): usize {
  if (load<u8>(p) == 0x2d) p++;
  const first: u32 = load<u8>(p);
  const n = digitRun(p);
  if (n == 0) return 0;
  if (first == 0x30 && n > 1) return 0;
  let end = n < 16 ? p + n : digits(p + 16);
  let c: u32 = load<u8>(end);
  if (c == 0x2e) {
    const fraction = digits(end + 1);
    if (fraction == end + 1) return 0;
    end = fraction;
    c = load<u8>(end);
  }
  if ((c | 0x20) == 0x65) {
    end++;
    c = load<u8>(end);
    if (c == 0x2b || c == 0x2d) end++;
    const exponent = digits(end);
    if (exponent == end) return 0;
    end = exponent;
  }
  return end;
}

/** The place behind `true`, `false` or `null` at p, or 0. */
@inline
export function literalEnd(p: usize): usize {
  const word = load<u32>(p);
  if (word == 0x65757274 || word == 0x6c6c756e) return p + 4;
  if (word == 0x736c6166 && load<u8>(p, 4) == 0x65) return p + 5;
  return 0;
}

/** Copies in steps of sixteen; up to fifteen bytes behind the end are overwritten. */
@inline
export function copy16(to: usize, from: usize, length: usize): void {
  const end = from + length;
  do {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  } while (from < end);
}

/** The first `\n` at or behind p; there is one. */
export function lineEnd(p: usize): usize {
  while (true) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(p), i8x16.splat(0x0a)));
    if (mask) return p + ctz(mask);
    p += 16;
  }
}

/** Seeded hash; the seed keeps an author of log lines from choosing colliding keys. Reads up to 7 bytes behind. */
export function hashBytes(p: usize, length: usize, seed: u64): u32 {
  let h: u64 = seed ^ (<u64>length * 0x9e3779b97f4a7c15);
  while (length >= 8) {
    h = (h ^ load<u64>(p)) * 0xff51afd7ed558ccd;
    h ^= h >> 32;
    p += 8;
    length -= 8;
  }
  if (length) {
    const tail = load<u64>(p) & ((<u64>1 << (<u64>length * 8)) - 1);
    h = (h ^ tail) * 0xff51afd7ed558ccd;
    h ^= h >> 32;
  }
  h *= 0xc4ceb9fe1a85ec53;
  return <u32>(h >> 32);
}

export function sameBytes(a: usize, b: usize, length: usize): bool {
  while (length >= 8) {
    if (load<u64>(a) != load<u64>(b)) return false;
    a += 8;
    b += 8;
    length -= 8;
  }
  while (length) {
    if (load<u8>(a) != load<u8>(b)) return false;
    a++;
    b++;
    length--;
  }
  return true;
}
