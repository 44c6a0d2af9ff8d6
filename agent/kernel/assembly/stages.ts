/** Parts of the kernel's work alone, for the bench: no part of the module that the agent runs. */

import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  lineEnd,
  literalEnd,
  numberEnd,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
  stringEnd,
} from './scan';

const INPUT: usize = 1024;

/** Number of the lines that end among the `length` bytes at INPUT. */
export function splitLines(length: u32): u32 {
  const end = lastLineEnd(length);
  let lines: u32 = 0;
  for (let p = INPUT; p < end; p = lineEnd(p) + 1) lines++;
  return lines;
}

/** The same, each line read as JSON in UTF-8; fewer when one is none. */
export function validateLines(length: u32): u32 {
  const end = lastLineEnd(length);
  let lines: u32 = 0;
  for (let p = INPUT; p < end; p++) {
    p = valueEnd(p);
    if (!p || load<u8>(p) != 0x0a) return lines;
    lines++;
  }
  return lines;
}

/** How many of the bytes are whole lines. */
export function wholeBytes(length: u32): u32 {
  return <u32>(lastLineEnd(length) - INPUT);
}

function lastLineEnd(length: u32): usize {
  let end = INPUT + length;
  while (end > INPUT && load<u8>(end - 1) != 0x0a) end--;
  return end;
}

function valueEnd(p: usize): usize {
  let objects: u64 = 0; // one bit per open container, lowest = innermost: an object or an array
  let open: i32 = 0;
  while (true) {
    p = skipSpace(p);
    const c: u32 = load<u8>(p);
    if (c == OPEN_OBJECT || c == OPEN_ARRAY) {
      if (++open > 64) return 0;
      objects = (objects << 1) | <u64>(c == OPEN_OBJECT);
      p = skipSpace(p + 1);
      if (load<u8>(p) != c + 2) {
        if (c == OPEN_OBJECT) p = keyEnd(p);
        if (!p) return 0;
        continue;
      }
      p++;
      open--;
      objects >>= 1;
    } else {
      p = c == QUOTE ? behindString(p) : c - 0x30 < 10 || c == 0x2d ? numberEnd(p) : literalEnd(p);
      if (!p) return 0;
    }
    while (true) {
      p = skipSpace(p);
      if (!open) return p;
      const d: u32 = load<u8>(p);
      const inObject = (objects & 1) != 0;
      if (d == COMMA) {
        p++;
        if (inObject) p = keyEnd(p);
        if (!p) return 0;
        break;
      }
      if (d != (inObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return 0;
      p++;
      open--;
      objects >>= 1;
    }
  }
}

function behindString(p: usize): usize {
  const end = stringEnd(p + 1);
  return end ? end + 1 : 0;
}

function keyEnd(p: usize): usize {
  p = skipSpace(p);
  if (load<u8>(p) != QUOTE) return 0;
  p = behindString(p);
  if (!p) return 0;
  p = skipSpace(p);
  return load<u8>(p) == COLON ? p + 1 : 0;
}
