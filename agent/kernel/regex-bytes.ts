/** Bytes as automata tell them apart. */

export const NEWLINE = 10;

/** Where letters, digits and the underscore begin and end. */
const WORD_BOUNDS = [0x30, 0x3a, 0x41, 0x5b, 0x5f, 0x60, 0x61, 0x7b];

/** Bytes that no state tells apart are one class; a sample byte of each. */
export function byteClasses(
  utf8Bounds: ReadonlySet<number>,
  hasLines: boolean,
  hasWords: boolean,
): { classes: Uint8Array; samples: number[] } {
  const bounds = new Set([0, 0x80, 0xc0, ...utf8Bounds]);
  if (hasLines) for (const bound of [NEWLINE, NEWLINE + 1]) bounds.add(bound);
  if (hasWords) for (const bound of WORD_BOUNDS) bounds.add(bound);
  const samples = [...bounds].filter((bound) => bound < 256).sort((a, b) => a - b);
  const classes = new Uint8Array(256);
  samples.forEach((from, i) => {
    classes.fill(i, from);
  });
  return { classes, samples };
}

/** Kinds of bytes that conditions before them tell apart. */
export type Before = 'continuation' | 'newline' | 'word' | 'other';
export const BEFORES: readonly Before[] = ['continuation', 'newline', 'word', 'other'];

export function beforeOf(byte: number): Before {
  if (byte >= 0x80 && byte < 0xc0) return 'continuation';
  if (byte === NEWLINE) return 'newline';
  return isWord(byte) ? 'word' : 'other';
}

export function isWord(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    byte === 0x5f ||
    (byte >= 0x61 && byte <= 0x7a)
  );
}
