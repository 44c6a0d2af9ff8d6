/**
 * Plain JSON for the oracle: where a line goes wrong, how deep it nests, and its tree.
 *
 * Two steps, so that each stays obvious: `findFault` reads bytes and reports positions, at any depth, and
 * `parseJson` builds the tree of a line that is known to be good.
 */

import type { RejectReason } from './types.ts';

export type Json =
  /** `text` is the scalar as the line wrote it. */
  | { readonly kind: 'scalar'; readonly text: string }
  | { readonly kind: 'object'; readonly members: readonly Member[] }
  | { readonly kind: 'array'; readonly items: readonly Json[] };

export interface Member {
  /** The key as the line wrote it, quotes included. */
  readonly rawKey: string;
  readonly key: string;
  readonly value: Json;
}

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
    if (this.char !== char) this.wrong();
    this.at++;
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
    if (this.char === '-') this.at++;
    if (this.char === '0') this.at++;
    else this.digits();
    if (this.char === '.') {
      this.at++;
      this.digits();
    }
    if (this.char === 'e' || this.char === 'E') {
      this.at++;
      if (this.char === '+' || this.char === '-') this.at++;
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

/** The well-formed sequences of UTF-8: ranges of each byte in turn (Unicode 16.0, table 3-7). */
const SEQUENCES: readonly (readonly (readonly [from: number, to: number])[])[] = [
  [[0x00, 0x7f]],
  [
    [0xc2, 0xdf],
    [0x80, 0xbf],
  ],
  [
    [0xe0, 0xe0],
    [0xa0, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xe1, 0xec],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xed, 0xed],
    [0x80, 0x9f],
    [0x80, 0xbf],
  ],
  [
    [0xee, 0xef],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xf0, 0xf0],
    [0x90, 0xbf],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xf1, 0xf3],
    [0x80, 0xbf],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xf4, 0xf4],
    [0x80, 0x8f],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
];

/** Where the first sequence begins that is not UTF-8. */
function findBadUtf8(line: Uint8Array): number | undefined {
  let at = 0;
  while (at < line.length) {
    const start = at;
    const sequence = SEQUENCES.find((ranges) =>
      ranges.every(([from, to], i) => {
        const byte = line[start + i] ?? -1;
        return byte >= from && byte <= to;
      }),
    );
    if (sequence === undefined) return start;
    at += sequence.length;
  }
  return undefined;
}

/**
 * The first fault of a line (without its line end), or how deep its containers nest (0: a scalar). Of a fault of
 * encoding and one of grammar the earlier counts; at the same byte, encoding.
 */
export function findFault(line: Uint8Array): JsonFault | { readonly depth: number } {
  const badUtf8 = findBadUtf8(line) ?? Number.POSITIVE_INFINITY;
  const checker = new Checker(line);
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

const TOKEN = /[ \t\r\n]*("(?:[^"\\]|\\.)*"|[{}[\],:]|[^ \t\r\n{}[\],:"]+)[ \t\r\n]*/y;

/** The tree of a text in which `findFault` found nothing, nested less deeply than the stack is. */
export function parseJson(text: string): Json {
  let at = 0;
  const next = (): string => {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) throw new JsonFault('invalid_json', at);
    at = TOKEN.lastIndex;
    return token;
  };
  const valueFrom = (token: string): Json => {
    if (token === '{') {
      const members: Member[] = [];
      for (let rawKey = next(); rawKey !== '}'; rawKey = next()) {
        if (rawKey === ',') continue;
        next(); // the colon
        members.push({ rawKey, key: decodeString(rawKey), value: valueFrom(next()) });
      }
      return { kind: 'object', members };
    }
    if (token === '[') {
      const items: Json[] = [];
      for (let item = next(); item !== ']'; item = next()) {
        if (item !== ',') items.push(valueFrom(item));
      }
      return { kind: 'array', items };
    }
    return { kind: 'scalar', text: token };
  };
  return valueFrom(next());
}

/** The JSON text of a value without the white space outside its strings; escapes and duplicate keys stay. */
export function compactText(value: Json): string {
  if (value.kind === 'scalar') return value.text;
  if (value.kind === 'array') return `[${value.items.map(compactText).join(',')}]`;
  return `{${value.members.map(({ rawKey, value }) => `${rawKey}:${compactText(value)}`).join(',')}}`;
}

/** What a JSON string (quotes included) says. */
export function decodeString(raw: string): string {
  return String(JSON.parse(raw));
}

/** Text as a JSON string, escaped no more than JSON demands: exactly what `JSON.stringify` does. */
export function encodeString(text: string): string {
  return JSON.stringify(text);
}
