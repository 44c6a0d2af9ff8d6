/**
 * Single values out of a flat row's bytes, without parsing the rest.
 *
 * A row is one JSON object of scalars with unique names and no white space, as the kernel writes it: keys are
 * escaped minimally, so that a wanted name is found by comparing bytes. Anything else ends the search early:
 * a value that is not found is absent, and nothing here throws.
 */

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const CLOSING_BRACE = 0x7d;
const LETTER_U = 0x75;
/** A JSON escape takes at most six bytes (`\u00e9`) for what is one byte or more in UTF-8. */
const ESCAPE_BYTES = 6;

/** Wanted columns, prepared once. */
export class ColumnReader {
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #lengths: ReadonlySet<number>;
  readonly #maxBytes: number;

  /**
   * @param names decoded column names
   * @param maxBytes of one value's UTF-8; a longer one is cut at about that, never below
   */
  constructor(names: readonly string[], maxBytes: number) {
    const keys = names.map((name) => Buffer.from(JSON.stringify(name).slice(1, -1)).toString('latin1'));
    this.#indexes = new Map(keys.map((key, index) => [key, index]));
    this.#lengths = new Set(keys.map((key) => key.length));
    this.#maxBytes = maxBytes;
  }

  /**
   * The values in the order of the names: numbers by their digits, strings decoded, `true` and `false` as text,
   * `undefined` for null and for columns that the row does not have.
   */
  read(row: Uint8Array): (string | undefined)[] {
    const bytes = Buffer.from(row.buffer, row.byteOffset, row.byteLength);
    const values: (string | undefined)[] = new Array<string | undefined>(this.#indexes.size).fill(undefined);
    let missing = values.length;
    let at = 1; // behind the brace
    while (missing > 0 && bytes[at] === QUOTE) {
      const keyEnd = endOfString(bytes, at + 1);
      if (keyEnd < 0 || bytes[keyEnd + 1] !== COLON) break;
      const start = keyEnd + 2;
      const end = endOfValue(bytes, start);
      if (end < 0) break;
      const index = this.#lengths.has(keyEnd - at - 1)
        ? this.#indexes.get(bytes.toString('latin1', at + 1, keyEnd))
        : undefined;
      if (index !== undefined) {
        values[index] = this.#decode(bytes, start, end);
        missing--;
      }
      at = end + 1; // behind the comma
    }
    return values;
  }

  #decode(bytes: Buffer, start: number, end: number): string | undefined {
    if (bytes[start] !== QUOTE) {
      const text = bytes.toString('latin1', start, Math.min(end, start + this.#maxBytes));
      return text === 'null' ? undefined : text;
    }
    const stop = cut(bytes, start + 1, end - 1, ESCAPE_BYTES * this.#maxBytes);
    const raw = bytes.toString('utf8', start + 1, stop);
    if (!raw.includes('\\')) return raw;
    try {
      const value: unknown = JSON.parse(`"${raw}"`);
      return typeof value === 'string' ? value.toWellFormed() : undefined;
    } catch {
      return undefined; // not a row: the placeholder stays, which is what an absent column does
    }
  }
}

/** Index of the closing quote of a string whose first character is at `from`; -1 when there is none. */
function endOfString(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(QUOTE, from); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let slashes = 0;
    while (at - slashes > from && bytes[at - slashes - 1] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return -1;
}

/** Index of the comma or brace behind a value that begins at `start`; -1 when there is none. */
function endOfValue(bytes: Buffer, start: number): number {
  let at = start;
  if (bytes[start] === QUOTE) {
    at = endOfString(bytes, start + 1) + 1;
    if (at === 0) return -1;
  }
  for (; at < bytes.length; at++) {
    if (bytes[at] === COMMA || bytes[at] === CLOSING_BRACE) return at;
  }
  return -1;
}

/** `end`, or an earlier place about `maxBytes` behind `start` that splits neither an escape nor a character. */
function cut(bytes: Buffer, start: number, end: number, maxBytes: number): number {
  if (end - start <= maxBytes) return end;
  const limit = start + maxBytes;
  let at = start;
  while (at < limit) {
    if (bytes[at] !== BACKSLASH) at++;
    else at += bytes[at + 1] === LETTER_U ? ESCAPE_BYTES : 2;
  }
  while (at < end && ((bytes[at] ?? 0) & 0xc0) === 0x80) at++;
  return Math.min(at, end);
}
