/**
 * The tree of keys seen so far, as a cache: an edge is one key in one context (one object's place in the
 * tree). An edge remembers the literal bytes between the comma and the value, so that the next event's key
 * is recognised by one or two vector comparisons, and which key followed it.
 *
 * Invariant: the cache only ever saves work. Whatever it does not know takes the way without an edge, and
 * both ways give the same row.
 */

import * as L from '../layout';
import { resetMemos } from './memo';
import * as M from './memory';
import { BACKSLASH, COLON, hashBytes, QUOTE, sameBytes, skipSpace, stringEnd } from './scan';

const BUCKET_MASK: u32 = 4095;
export const EDGE_BUCKET_BYTES: usize = 4096 * 4;
const CONTEXT_SEED: u64 = 0x9e3779b97f4a7c15;

let edgesEnd: usize = 0;
let contextsEnd: usize = 0;

/** The root object's context is the first one. */
export function resetKeys(): void {
  memory.fill(M.EDGE_BUCKETS, 0, EDGE_BUCKET_BYTES);
  edgesEnd = M.EDGES;
  contextsEnd = M.CONTEXTS;
  resetMemos();
  newContext();
}

export function keysAreFull(): bool {
  return edgesEnd + L.EDGE_SIZE > M.EDGES_END || contextsEnd + L.CONTEXT_SIZE > M.CONTEXTS_END;
}

/** A context, or 0 when there is no room: then the objects below go without the cache. */
export function newContext(): usize {
  const context = contextsEnd;
  if (context + L.CONTEXT_SIZE > M.CONTEXTS_END) return 0;
  contextsEnd += L.CONTEXT_SIZE;
  store<u64>(context, 0);
  return context;
}

/** Results of readKey: the edge or 0, and without an edge the key's escaped text. */
export let keyEdge: usize = 0;
export let keyText: usize = 0;
export let keyLength: usize = 0;

/** The key's text, whichever way it was found. */
@inline
export function textOfKey(edge: usize): usize {
  return edge ? edge + load<u32>(edge, L.E_KEY) : keyText;
}

@inline
export function lengthOfKey(edge: usize): usize {
  return edge ? <usize>load<u32>(edge, L.E_KEY_LENGTH) : keyLength;
}

/** Whether the bytes at p are just those that led to this edge's value last time. */
@inline
export function matchesPattern(p: usize, edge: usize): bool {
  const length = load<u32>(edge, L.E_PATTERN_LENGTH);
  const low = ~i8x16.bitmask(i8x16.eq(v128.load(p), v128.load(edge, L.E_PATTERN)));
  if (length <= 16) return (low & ((1 << length) - 1)) == 0;
  if (low & 0xffff) return false;
  const high = ~i8x16.bitmask(i8x16.eq(v128.load(p, 16), v128.load(edge, L.E_PATTERN + 16)));
  if (length <= 32) return (high & ((1 << (length - 16)) - 1)) == 0;
  return (high & 0xffff) == 0 && sameBytes(p + 32, edge + L.E_PATTERN + 32, length - 32);
}

/**
 * Reads the key behind p (which stands behind `{` or `,`) without a prediction and teaches it to
 * `predictor`, two edges at an address or 0. Returns the place where the value begins, or 0.
 */
export function readKey(p: usize, predictor: usize, context: usize): usize {
  const start = p;
  p = skipSpace(p);
  if (load<u8>(p) != QUOTE) return 0;
  const key = p + 1;
  const end = stringEnd(key);
  if (!end) return 0;
  p = skipSpace(end + 1);
  if (load<u8>(p) != COLON) return 0;
  p = skipSpace(p + 1);

  keyEdge = 0;
  keyText = key;
  keyLength = end - key;
  if (hasBackslash(key, end)) {
    canonicalKey(key, end);
    return p;
  }
  if (!context) return p;
  const edge = findEdge(context, key, end - key);
  if (!edge) return p;
  keyEdge = edge;
  const patternLength = p - start;
  if (patternLength <= <usize>L.MAX_PATTERN) {
    memory.copy(edge + L.E_PATTERN, start, patternLength);
    store<u32>(edge, <u32>patternLength, L.E_PATTERN_LENGTH);
    store<u32>(edge, <u32>(key - start) + L.E_PATTERN, L.E_KEY);
  }
  if (predictor) {
    store<u32>(predictor, load<u32>(predictor), 4);
    store<u32>(predictor, <u32>edge);
  }
  return p;
}

function findEdge(context: usize, key: usize, length: usize): usize {
  const hash = hashBytes(key, length, M.SEED ^ (<u64>context * CONTEXT_SEED));
  const bucket = M.EDGE_BUCKETS + ((hash & BUCKET_MASK) << 2);
  for (let edge: usize = load<u32>(bucket); edge; edge = load<u32>(edge, L.E_NEXT)) {
    if (
      load<u32>(edge, L.E_HASH) == hash &&
      load<u32>(edge, L.E_CONTEXT) == <u32>context &&
      load<u32>(edge, L.E_KEY_LENGTH) == <u32>length &&
      sameBytes(edge + load<u32>(edge, L.E_KEY), key, length)
    ) {
      return edge;
    }
  }
  // A quote before, a quote and a colon behind the key must fit the pattern too.
  if (length + 3 > <usize>L.MAX_PATTERN || edgesEnd + L.EDGE_SIZE > M.EDGES_END) return 0;
  const edge = edgesEnd;
  edgesEnd += L.EDGE_SIZE;
  memory.fill(edge, 0, L.EDGE_SIZE);
  store<u32>(edge, <u32>context, L.E_CONTEXT);
  store<u32>(edge, hash, L.E_HASH);
  store<u32>(edge, load<u32>(bucket), L.E_NEXT);
  store<u32>(bucket, <u32>edge);
  // Until a pattern that fits is seen, the compact spelling stands in.
  store<u8>(edge, QUOTE, L.E_PATTERN);
  memory.copy(edge + L.E_PATTERN + 1, key, length);
  store<u16>(edge + L.E_PATTERN + 1 + length, 0x3a22);
  store<u32>(edge, L.E_PATTERN + 1, L.E_KEY);
  store<u32>(edge, <u32>length, L.E_KEY_LENGTH);
  store<u32>(edge, <u32>length + 3, L.E_PATTERN_LENGTH);
  return edge;
}

function hasBackslash(p: usize, end: usize): bool {
  while (p < end) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(p), i8x16.splat(0x5c)));
    if (mask) return p + ctz(mask) < end;
    p += 16;
  }
  return false;
}

/** A key with escapes, decoded and escaped again as little as possible, in the key arena (contract, rule 2). */
function canonicalKey(p: usize, end: usize): void {
  const start = M.keyEnd;
  M.setKeyEnd(decodeInto(p, end, start, true));
  keyText = start;
  keyLength = M.keyEnd - start;
}

/**
 * Decodes legal string content; with `minimal` what JSON wants escaped stays so, in its shortest spelling.
 * The result is never longer than the input. Returns its end.
 */
export function decodeInto(p: usize, end: usize, out: usize, minimal: bool): usize {
  while (p < end) {
    const c: u32 = load<u8>(p);
    if (c != BACKSLASH) {
      store<u8>(out++, <u8>c);
      p++;
      continue;
    }
    let code: u32 = load<u8>(p, 1);
    p += 2;
    switch (code) {
      case 0x62:
        code = 0x08;
        break;
      case 0x66:
        code = 0x0c;
        break;
      case 0x6e:
        code = 0x0a;
        break;
      case 0x72:
        code = 0x0d;
        break;
      case 0x74:
        code = 0x09;
        break;
      case 0x75: {
        code = hexAt(p);
        p += 4;
        if ((code & 0xfc00) == 0xd800) {
          code = 0x10000 + ((code & 0x3ff) << 10) + (hexAt(p + 2) & 0x3ff);
          p += 6;
        }
        break;
      }
    }
    out = minimal ? appendEscaped(code, out) : appendUtf8(code, out);
  }
  return out;
}

function hexAt(p: usize): u32 {
  let value: u32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const c: u32 = load<u8>(p + i);
    value = (value << 4) | (c <= 0x39 ? c - 0x30 : (c | 0x20) - 0x57);
  }
  return value;
}

function appendEscaped(code: u32, out: usize): usize {
  let short: u32 = 0;
  switch (code) {
    case 0x22:
    case 0x5c:
      short = code;
      break;
    case 0x08:
      short = 0x62;
      break;
    case 0x09:
      short = 0x74;
      break;
    case 0x0a:
      short = 0x6e;
      break;
    case 0x0c:
      short = 0x66;
      break;
    case 0x0d:
      short = 0x72;
      break;
  }
  if (short) {
    store<u16>(out, <u16>((short << 8) | BACKSLASH));
    return out + 2;
  }
  if (code >= 0x20) return appendUtf8(code, out);
  store<u32>(out, 0x3030755c); // `\u00`
  store<u8>(out, <u8>(0x30 + (code >> 4)), 4);
  const low = code & 15;
  store<u8>(out, <u8>(low < 10 ? 0x30 + low : 0x57 + low), 5);
  return out + 6;
}

function appendUtf8(code: u32, out: usize): usize {
  if (code < 0x80) {
    store<u8>(out, <u8>code);
    return out + 1;
  }
  if (code < 0x800) {
    store<u8>(out, <u8>(0xc0 | (code >> 6)));
    store<u8>(out, <u8>(0x80 | (code & 63)), 1);
    return out + 2;
  }
  if (code < 0x10000) {
    store<u8>(out, <u8>(0xe0 | (code >> 12)));
    store<u8>(out, <u8>(0x80 | ((code >> 6) & 63)), 1);
    store<u8>(out, <u8>(0x80 | (code & 63)), 2);
    return out + 3;
  }
  store<u8>(out, <u8>(0xf0 | (code >> 18)));
  store<u8>(out, <u8>(0x80 | ((code >> 12) & 63)), 1);
  store<u8>(out, <u8>(0x80 | ((code >> 6) & 63)), 2);
  store<u8>(out, <u8>(0x80 | (code & 63)), 3);
  return out + 4;
}
