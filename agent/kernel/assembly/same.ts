/** How far two places are the same, sixteen bytes at a time. Both are readable for 16 bytes beyond. */

/** How many bytes at `a`, which is before `end`, and at the earlier `b` are the same, up to `end`. */
@inline
export function common(a: usize, b: usize, end: usize): usize {
  let p = a;
  while (true) {
    const differ: u32 = i8x16.bitmask(i8x16.ne(v128.load(p), v128.load(b)));
    if (differ) {
      p += ctz(differ);
      break;
    }
    p += 16;
    if (p >= end) break;
    b += 16;
  }
  return (p < end ? p : end) - a;
}

/** How many bytes before `a` and before `b` are the same, up to `most`. One by one, most exits would be guessed wrong. */
@inline
export function commonBefore(a: usize, b: usize, most: usize): usize {
  let same: usize = 0;
  while (same < most) {
    const differ: u32 = i8x16.bitmask(i8x16.ne(v128.load(a - same - 16), v128.load(b - same - 16)));
    if (differ) {
      same += clz(differ) - 16;
      break;
    }
    same += 16;
  }
  return same < most ? same : most;
}
