/** An array or object as the JSON text of one string: validated, white space removed, quotes and backslashes escaped. */

import * as L from '../layout';
import { outEnd, setOutEnd } from './memory';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  escapeLength,
  literalEnd,
  numberEnd,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
  specials,
  utf8Length,
} from './scan';

const ESCAPED_QUOTE: u16 = 0x225c; // `\"`
const ESCAPED_BACKSLASH: u16 = 0x5c5c; // `\\`

/** Copies the string at p (its opening quote) escaped once more; returns the place behind it, or 0. */
function copyNested(p: usize, out: usize): usize {
  store<u16>(out, ESCAPED_QUOTE);
  p++;
  out += 2;
  while (true) {
    const v = v128.load(p);
    v128.store(out, v);
    const mask = specials(v);
    if (!mask) {
      p += 16;
      out += 16;
      continue;
    }
    const run: usize = ctz(mask);
    p += run;
    out += run;
    const c: u32 = load<u8>(p);
    if (c == QUOTE) {
      store<u16>(out, ESCAPED_QUOTE);
      setOutEnd(out + 2);
      return p + 1;
    }
    if (c >= 0x80) {
      const n = utf8Length(p);
      if (n == 0) return 0;
      p += n;
      out += n; // already copied unless the run crossed the vector
      store<u32>(out - n, load<u32>(p - n));
      continue;
    }
    if (c < 0x20) return 0;
    const n = escapeLength(p);
    if (n == 0) return 0;
    out = copyEscaped(p, n, out);
    p += n;
  }
}

/** Copies `length` bytes of legal string content with quotes and backslashes escaped; returns the new end. */
export function copyEscaped(p: usize, length: usize, out: usize): usize {
  const end = p + length;
  while (p < end) {
    const v = v128.load(p);
    v128.store(out, v);
    const mask = i8x16.bitmask(v128.or(i8x16.eq(v, i8x16.splat(0x22)), i8x16.eq(v, i8x16.splat(0x5c))));
    const run: usize = mask ? <usize>ctz(mask) : 16;
    if (run >= end - p) return out + (end - p);
    p += run;
    out += run;
    if (mask) {
      store<u16>(out, (<u16>load<u8>(p) << 8) | 0x5c);
      p++;
      out += 2;
    }
  }
  return out;
}

/**
 * Writes the container at p as a string with both quotes; `depth` containers are open around it.
 * Returns the place behind the container, or 0 when it is not legal or nested too deep.
 */
export function jsonText(p: usize, out: usize, depth: i32): usize {
  store<u8>(out, QUOTE);
  out++;
  let objects: u64 = 0; // one bit per open container, lowest = innermost: an object or an array
  let open: i32 = 0;
  while (true) {
    // A value begins at p.
    const c: u32 = load<u8>(p);
    if (c == QUOTE) {
      p = copyNested(p, out);
      if (!p) return 0;
      out = outEnd;
    } else if (c == OPEN_OBJECT || c == OPEN_ARRAY) {
      if (depth + ++open > <i32>L.MAX_DEPTH) return 0;
      objects = (objects << 1) | <u64>(c == OPEN_OBJECT);
      store<u8>(out++, <u8>c);
      p = skipSpace(p + 1);
      const next: u32 = load<u8>(p);
      if (next != c + 2) {
        if (c == OPEN_ARRAY) continue;
        p = nestedKey(p, out);
        if (!p) return 0;
        out = outEnd;
        continue;
      }
      store<u8>(out++, <u8>next); // empty: c + 2 is the closing bracket of both kinds
      p++;
      open--;
      objects >>= 1;
    } else {
      const end = c - 0x30 < 10 || c == 0x2d ? numberEnd(p) : literalEnd(p);
      if (!end) return 0;
      do {
        v128.store(out, v128.load(p));
        const n: usize = min<usize>(16, end - p);
        p += n;
        out += n;
      } while (p < end);
    }
    // Behind a value.
    while (true) {
      if (open == 0) {
        store<u8>(out, QUOTE);
        setOutEnd(out + 1);
        return p;
      }
      p = skipSpace(p);
      const d: u32 = load<u8>(p);
      const inObject = (objects & 1) != 0;
      if (d == COMMA) {
        store<u8>(out++, COMMA);
        p = skipSpace(p + 1);
        if (inObject) {
          p = nestedKey(p, out);
          if (!p) return 0;
          out = outEnd;
        }
        break;
      }
      if (d != (inObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return 0;
      store<u8>(out++, <u8>d);
      p++;
      open--;
      objects >>= 1;
    }
  }
}

/** Copies `"key":`; returns the place where its value begins, or 0. */
function nestedKey(p: usize, out: usize): usize {
  if (load<u8>(p) != QUOTE) return 0;
  p = copyNested(p, out);
  if (!p) return 0;
  p = skipSpace(p);
  if (load<u8>(p) != COLON) return 0;
  store<u8>(outEnd, COLON);
  setOutEnd(outEnd + 1);
  return skipSpace(p + 1);
}
