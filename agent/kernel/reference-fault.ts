/**
 * Where a line stops being JSON in UTF-8, and how deep it nests: for the oracle, one byte at a time and at any
 * depth. Nothing is built here; `reference-json.ts` reads the lines in which nothing is found.
 */

import type { RejectReason } from './types.ts';

/** Where the byte `at` (from 0) makes a line wrong, and in which way. */
export class JsonFault extends Error {
  readonly reason: RejectReason;
  readonly at: number;

  constructor(reason: 'invalid_utf8' | 'invalid_json', at: number) {
    super(`${reason} at byte ${at}`);
    this.reason = reason;
    this.at = at;
  }
}

const isSpace = (char: string): boolean => char === ' ' || char === '\t' || char === '\n' || char === '\r';
const isDigit = (char: string): boolean => char >= '0' && char <= '9';

/** Reads one byte per character (latin1), so that places in the text are places in the line. */
class Checker {
  readonly text: string;
  at = 0;
  deepest = 0;

  constructor(line: Uint8Array) {
    this.text = Buffer.from(line).toString('latin1');
  }

  /** The character at the place, or `''` at the end. */
  get char(): string {
    return this.text.charAt(this.at);
  }

  wrong(): never {
    throw new JsonFault('invalid_json', this.at);
  }

  take(char: string): void {
    if (!this.tryTake(char)) this.wrong();
  }

  tryTake(char: string): boolean {
    const isHere = this.char === char;
    if (isHere) this.at++;
    return isHere;
  }

  skipSpace(): void {
    while (isSpace(this.char)) this.at++;
  }

  /** One value and nothing after it. An explicit stack instead of recursion: depth is unlimited here. */
  document(): void {
    const open: ('{' | '[')[] = [];
    let expected: 'value' | 'value or ]' | 'key' | 'key or }' | 'more' = 'value';
    for (;;) {
      this.skipSpace();
      const char = this.char;
      if (expected === 'more') {
        const container = open.at(-1);
        if (container === undefined) {
          if (char !== '') this.wrong();
          return;
        }
        if (char === ',') {
          expected = container === '{' ? 'key' : 'value';
          this.at++;
        } else {
          this.take(container === '{' ? '}' : ']');
          open.pop();
        }
      } else if ((expected === 'value or ]' && char === ']') || (expected === 'key or }' && char === '}')) {
        this.at++;
        open.pop();
        expected = 'more';
      } else if (expected === 'key' || expected === 'key or }') {
        this.string();
        this.skipSpace();
        this.take(':');
        expected = 'value';
      } else if (char === '{' || char === '[') {
        this.at++;
        open.push(char);
        this.deepest = Math.max(this.deepest, open.length);
        expected = char === '{' ? 'key or }' : 'value or ]';
      } else {
        this.scalar();
        expected = 'more';
      }
    }
  }

  scalar(): void {
    const char = this.char;
    if (char === '"') this.string();
    else if (char === 't') this.word('true');
    else if (char === 'f') this.word('false');
    else if (char === 'n') this.word('null');
    else this.number();
  }

  word(word: string): void {
    for (const char of word) this.take(char);
  }

  number(): void {
    this.tryTake('-');
    if (!this.tryTake('0')) this.digits();
    if (this.tryTake('.')) this.digits();
    if (this.tryTake('e') || this.tryTake('E')) {
      if (!this.tryTake('+')) this.tryTake('-');
      this.digits();
    }
  }

  digits(): void {
    if (!isDigit(this.char)) this.wrong();
    while (isDigit(this.char)) this.at++;
  }

  string(): void {
    this.take('"');
    while (this.char !== '"') {
      if (this.char === '' || this.char < ' ') this.wrong();
      if (this.char === '\\') this.escape();
      else this.at++;
    }
    this.at++;
  }

  escape(): void {
    const backslash = this.at;
    this.at++;
    if (this.char !== 'u') {
      if (this.char === '' || !'"\\/bfnrt'.includes(this.char)) this.wrong();
      this.at++;
      return;
    }
    const unit = this.unit();
    const isHigh = unit >= 0xd800 && unit <= 0xdbff;
    const isLow = unit >= 0xdc00 && unit <= 0xdfff;
    const lowFollows = /^\\u[dD][c-fC-F][0-9a-fA-F]{2}/.test(this.text.slice(this.at, this.at + 6));
    if (isLow || (isHigh && !lowFollows)) throw new JsonFault('invalid_utf8', backslash);
    if (isHigh) this.at += 6;
  }

  /** `uXXXX`: a UTF-16 code unit. */
  unit(): number {
    this.take('u');
    const start = this.at;
    for (let i = 0; i < 4; i++) {
      if (!/^[0-9a-fA-F]$/.test(this.char)) this.wrong();
      this.at++;
    }
    return Number.parseInt(this.text.slice(start, this.at), 16);
  }
}

/** The well-formed sequences of UTF-8, a byte per character (Unicode 16.0, table 3-7). */
const WELL_FORMED: readonly RegExp[] = [
  /[^\x80-\xff]/y,
  /[\xc2-\xdf][\x80-\xbf]/y,
  /\xe0[\xa0-\xbf][\x80-\xbf]/y,
  /[\xe1-\xec\xee\xef][\x80-\xbf]{2}/y,
  /\xed[\x80-\x9f][\x80-\xbf]/y,
  /\xf0[\x90-\xbf][\x80-\xbf]{2}/y,
  /[\xf1-\xf3][\x80-\xbf]{3}/y,
  /\xf4[\x80-\x8f][\x80-\xbf]{2}/y,
];

/** Where the first sequence begins that is not UTF-8. */
function findBadUtf8(text: string): number | undefined {
  let at = 0;
  while (at < text.length) {
    const sequence = WELL_FORMED.find((pattern) => {
      pattern.lastIndex = at;
      return pattern.test(text);
    });
    if (sequence === undefined) return at;
    at = sequence.lastIndex;
  }
  return undefined;
}

/**
 * The first fault of a line (without its line end), or how deep its containers nest (0: a scalar). Of a fault of
 * encoding and one of grammar the earlier counts; at the same byte, encoding.
 */
export function findFault(line: Uint8Array): JsonFault | { readonly depth: number } {
  const checker = new Checker(line);
  const badUtf8 = findBadUtf8(checker.text) ?? Number.POSITIVE_INFINITY;
  try {
    checker.document();
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    return badUtf8 <= error.at ? new JsonFault('invalid_utf8', badUtf8) : error;
  }
  return badUtf8 === Number.POSITIVE_INFINITY
    ? { depth: checker.deepest }
    : new JsonFault('invalid_utf8', badUtf8);
}
