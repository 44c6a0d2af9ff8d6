/** The value of a number's text. */

/** The double nearest to a number's text, by the host: for numbers beyond the exact range of the fast way. */
@external("host", "parseNumber")
declare function parseNumber(text: usize, length: usize): f64;

/** Digits and power of ten up to which a product or quotient of two doubles is exact (Clinger 1990). */
const EXACT_DIGITS: u32 = 15;
const EXACT_POWER: i32 = 22;

export function numberValue(p: usize, length: usize): f64 {
  const start = p;
  const end = p + length;
  const negative = load<u8>(p) == 0x2d;
  if (negative) p++;
  let mantissa: u64 = 0;
  let digits: u32 = 0;
  let power: i32 = 0;
  let fraction = false;
  for (; p < end; p++) {
    const c: u32 = load<u8>(p);
    if (c == 0x2e) {
      fraction = true;
      continue;
    }
    const digit = c - 0x30;
    if (digit > 9) break;
    mantissa = mantissa * 10 + digit;
    if (mantissa) digits++;
    if (fraction) power--;
    if (digits > EXACT_DIGITS) return parseNumber(start, length);
  }
  if (p < end) {
    p++;
    const sign: u32 = load<u8>(p);
    if (sign == 0x2b || sign == 0x2d) p++;
    let exponent: i32 = 0;
    for (; p < end; p++) {
      exponent = exponent * 10 + <i32>(load<u8>(p) - 0x30);
      if (exponent > 400) return parseNumber(start, length);
    }
    power += sign == 0x2d ? -exponent : exponent;
  }
  if (power > EXACT_POWER || power < -EXACT_POWER) return parseNumber(start, length);
  let scale: f64 = 1;
  for (let i = power < 0 ? -power : power; i > 0; i--) scale *= 10;
  const value = power < 0 ? <f64>mantissa / scale : <f64>mantissa * scale;
  return negative ? -value : value;
}
