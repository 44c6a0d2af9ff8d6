/** Texts compared: equal, contained, with ASCII letters folded or not. Reads up to 16 bytes behind their ends. */

import { sameBytes } from './scan';

/** With `fold` the wanted text is in lower case already. */
export function same(text: usize, wanted: usize, length: usize, fold: bool): bool {
  if (!fold) return sameBytes(text, wanted, length);
  for (let i: usize = 0; i < length; i += 16) {
    const equal = i8x16.eq(lower16(v128.load(text + i)), v128.load(wanted + i));
    const differing = ~i8x16.bitmask(equal) & 0xffff;
    if (differing) return i + ctz(differing) >= length;
  }
  return true;
}

export function contains(text: usize, length: usize, wanted: usize, wantedLength: usize, fold: bool): bool {
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
export function lower16(v: v128): v128 {
  const upper = i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x41)), i8x16.splat(26));
  return v128.or(v, v128.and(upper, i8x16.splat(0x20)));
}

/** Writes the text in lower case; up to 15 bytes behind its end are written too. */
export function copyLower(text: usize, length: usize, out: usize): void {
  for (let i: usize = 0; i < length; i += 16) v128.store(out + i, lower16(v128.load(text + i)));
}
