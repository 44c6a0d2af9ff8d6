/**
 * What serde_json refuses and JSON.parse lets pass: duplicate keys, numbers out of range, lone surrogate
 * escapes, bytes that are not UTF-8, and nesting beyond its recursion limit.
 */

/** serde_json's recursion limit is 128 and counts down to an error: 127 containers in one another pass. */
const MAX_CONTAINERS = 127;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const COLON = 0x3a;
const LOWER_U = 0x75;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

const NUMBER = /-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;

/** A key's decoded text, and where the flaw is in words. */
export type StrictResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string };

/** Parses one JSON document as strictly as the server does. */
export function parseStrict(bytes: Uint8Array): StrictResult {
  if (bytes.length === 0) return refuse('EOF while parsing a value at line 1 column 0');
  let text: string;
  try {
    // A byte order mark must stay in the text: the parser refuses it, as the server does.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse('invalid unicode code point');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : 'expected value');
  }
  const flaw = findFlaw(text);
  return flaw === undefined ? { ok: true, value } : refuse(flaw);
}

function refuse(reason: string): StrictResult {
  return { ok: false, reason };
}

/** The first flaw in a text that JSON.parse accepts, or `undefined`. */
function findFlaw(text: string): string | undefined {
  /** One entry per open container: the keys of an object, or `undefined` for an array. */
  const open: (Set<string> | undefined)[] = [];
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = stringEnd(text, at);
      const lone = loneSurrogate(text, at, end);
      if (lone !== undefined) return lone;
      const keys = open.at(-1);
      if (keys !== undefined && isKey(text, end)) {
        const key = decoded(text.slice(at, end));
        if (keys.has(key)) return `duplicate key ${JSON.stringify(key)}`;
        keys.add(key);
      }
      at = end;
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      if (open.length === MAX_CONTAINERS) return 'recursion limit exceeded';
      open.push(code === OPEN_OBJECT ? new Set() : undefined);
      at++;
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      open.pop();
      at++;
    } else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      NUMBER.lastIndex = at;
      const digits = NUMBER.exec(text)?.[0] ?? '';
      if (!Number.isFinite(Number(digits))) return 'number out of range';
      at += digits.length;
    } else {
      at++;
    }
  }
  return undefined;
}

/** The index after the closing quote of the string that opens at `start`. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    at += code === BACKSLASH ? 2 : 1;
  }
}

/** In valid JSON the string that a colon follows is a key. */
function isKey(text: string, end: number): boolean {
  let at = end;
  while (text.charCodeAt(at) <= 0x20) at++;
  return text.charCodeAt(at) === COLON;
}

function decoded(quoted: string): string {
  const plain = quoted.slice(1, -1);
  if (!plain.includes('\\')) return plain;
  const value: unknown = JSON.parse(quoted);
  return typeof value === 'string' ? value : plain;
}

function loneSurrogate(text: string, start: number, end: number): string | undefined {
  let at = text.indexOf('\\', start);
  while (at !== -1 && at < end) {
    const unit = escapedUnit(text, at);
    if (unit >= 0xd800 && unit <= 0xdbff) {
      const next = escapedUnit(text, at + 6);
      if (next < 0xdc00 || next > 0xdfff) return 'unexpected end of hex escape';
      at += 12;
    } else if (unit >= 0xdc00 && unit <= 0xdfff) {
      return 'lone leading surrogate in hex escape';
    } else {
      at += unit === -1 ? 2 : 6;
    }
    at = text.indexOf('\\', at);
  }
  return undefined;
}

/** The UTF-16 unit that `\uXXXX` at this index stands for, or -1 when no such escape is there. */
function escapedUnit(text: string, at: number): number {
  if (text.charCodeAt(at) !== BACKSLASH || text.charCodeAt(at + 1) !== LOWER_U) return -1;
  return Number.parseInt(text.slice(at + 2, at + 6), 16);
}
