/**
 * One line to the columns of one row (the contract is docs/flattening.md).
 *
 * The way through a line is a single pass: keys by prediction (keys.ts), scalar values validated while they
 * are copied, containers on a stack of frames. `flattenLine` holds the fast ways inline; everything that is
 * not a plain scalar under an admitted, free, unwatched name goes through `emit`.
 */

import * as L from '../layout';
import {
  keyLength,
  keyEdge,
  keyText,
  lengthOfKey,
  matchesPattern,
  newContext,
  readKey,
  textOfKey,
} from './keys';
import { watch } from './match';
import { rememberedText } from './memo';
import * as M from './memory';
import { admit, appendNumber, copyName, findName, internName, isFree, suffixedName } from './names';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  copyStringRest,
  literalEnd,
  numberEnd,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
  specials,
  stringEnd,
} from './scan';
import { copyEscaped, jsonText } from './text';

const REDACTED_LOW: u64 = 0x7463616465725b22; // `"[redact`
const REDACTED_HIGH: u32 = 0x225d6465; // `ed]"`

/** Innermost open container, and innermost open array of objects or 0. */
let top: usize = 0;
let array: usize = 0;

/**
 * Writes the columns of the object at `p`, each as `,"name":value`, and returns the place behind the
 * object; M.outEnd is the end of the columns. Returns 0 when the line is no legal object, too deep, or its
 * columns pass `limit`.
 */
export function flattenLine(p: usize, out: usize, limit: usize): usize {
  const event = M.event;
  p = skipSpace(p);
  if (load<u8>(p) != OPEN_OBJECT) return 0;
  let context: usize = M.CONTEXTS;
  top = L.FRAMES;
  array = 0;
  store<u32>(top, L.FRAME_OBJECT, L.F_KIND);
  store<u32>(top, <u32>context, L.F_CONTEXT);
  p++;
  const first = skipSpace(p);
  if (load<u8>(first) == CLOSE_OBJECT) {
    M.setOutEnd(out);
    return first + 1;
  }
  let predictor: usize = context;

  while (true) {
    // A member begins behind p, which is behind `{` or `,`.
    let edge: usize = 0;
    if (predictor) edge = load<u32>(predictor);
    if (edge && matchesPattern(p, edge)) {
      p += load<u32>(edge, L.E_PATTERN_LENGTH);
    } else {
      if (predictor) edge = load<u32>(predictor, 4);
      if (edge && matchesPattern(p, edge)) {
        p += load<u32>(edge, L.E_PATTERN_LENGTH);
      } else {
        p = readKey(p, predictor, context);
        if (!p) return 0;
        edge = keyEdge;
      }
    }

    let c: u32 = load<u8>(p);
    if (c <= 0x20) {
      p = skipSpace(p);
      c = load<u8>(p);
    }
    const name: usize = edge ? <usize>load<u32>(edge, L.E_NAME) : 0;
    const flags: u32 = name ? load<u32>(name, L.N_FLAGS) : 0;
    // One comparison for "admitted, and nothing else to mind" but a rule that watches.
    const plain = (flags & ~(<u32>L.FLAG_WATCHED)) == L.FLAG_ADMITTED && load<u64>(name, L.N_STAMP) != event;

    if (c == QUOTE) {
      if (plain && load<u32>(name, L.N_TYPE) == L.KIND_STRING) {
        store<u64>(name, event, L.N_STAMP);
        out = copyName(name, out);
        const value = p;
        let kind: u32 = L.KIND_PLAIN;
        let v = v128.load(p);
        v128.store(out, v);
        let mask = specials(v) & 0xfffe; // not the opening quote
        while (!mask) {
          p += 16;
          out += 16;
          v = v128.load(p);
          v128.store(out, v);
          mask = specials(v);
        }
        const run: usize = ctz(mask);
        p += run;
        out += run;
        if (load<u8>(p) == QUOTE) {
          p++;
          out++;
        } else {
          p = copyStringRest(p, out);
          if (!p) return 0;
          out = M.outEnd;
          kind = L.KIND_STRING;
        }
        if (flags & L.FLAG_WATCHED) watch(name, kind, value, p);
      } else {
        p = emit(edge, L.KIND_STRING, p, out);
        if (!p) return 0;
        out = M.outEnd;
      }
    } else if (c == OPEN_OBJECT) {
      const inside = skipSpace(p + 1);
      if (load<u8>(inside) == CLOSE_OBJECT) {
        if (openContainers() >= L.MAX_DEPTH) return 0;
        p = inside + 1; // no column
      } else if (isJsonColumn(edge)) {
        p = emit(edge, L.KIND_TEXT, p, out);
        if (!p) return 0;
        out = M.outEnd;
      } else {
        context = childContext(edge);
        if (!push(L.FRAME_OBJECT, edge, context)) return 0;
        predictor = context;
        p++;
        continue;
      }
    } else if (c == OPEN_ARRAY) {
      const inside = skipSpace(p + 1);
      if (load<u8>(inside) == CLOSE_ARRAY) {
        if (openContainers() >= L.MAX_DEPTH) return 0;
        p = inside + 1;
      } else if (
        load<u8>(inside) != OPEN_OBJECT ||
        M.ARRAYS_JSON ||
        isJsonColumn(edge) ||
        !holdsOnlyObjects(inside)
      ) {
        p = emit(edge, L.KIND_TEXT, p, out);
        if (!p) return 0;
        out = M.outEnd;
      } else {
        context = childContext(edge);
        if (!push(L.FRAME_ARRAY, edge, context)) return 0;
        store<u32>(top, 0, L.F_INDEX);
        store<u32>(top, <u32>array, L.F_OUTER_ARRAY);
        array = top;
        if (!push(L.FRAME_ELEMENT, 0, context)) return 0;
        predictor = context;
        p = inside + 1;
        const member = skipSpace(p);
        if (load<u8>(member) != CLOSE_OBJECT) continue;
        p = member; // an empty element is closed below
      }
    } else if (c - 0x30 < 10 || c == 0x2d) {
      if (plain && load<u32>(name, L.N_TYPE) == L.KIND_NUMBER) {
        const end = numberEnd(p);
        if (!end) return 0;
        store<u64>(name, event, L.N_STAMP);
        out = copyName(name, out);
        v128.store(out, v128.load(p));
        const length = end - p;
        if (length > 16) memory.copy(out, p, length);
        if (flags & L.FLAG_WATCHED) watch(name, L.KIND_NUMBER, p, end);
        p = end;
        out += length;
      } else {
        p = emit(edge, L.KIND_NUMBER, p, out);
        if (!p) return 0;
        out = M.outEnd;
      }
    } else if (plain && c != 0x6e && load<u32>(name, L.N_TYPE) == L.KIND_BOOLEAN) {
      const end = literalEnd(p);
      if (!end) return 0;
      store<u64>(name, event, L.N_STAMP);
      out = copyName(name, out);
      store<u64>(out, load<u64>(p));
      out += end - p;
      if (flags & L.FLAG_WATCHED) watch(name, L.KIND_BOOLEAN, p, end);
      p = end;
    } else {
      p = emit(edge, c == 0x6e ? L.KIND_NULL : L.KIND_BOOLEAN, p, out);
      if (!p) return 0;
      out = M.outEnd;
    }
    if (out > limit) return 0;

    // Behind a value: on to the next member, or out of one or several containers.
    while (true) {
      c = load<u8>(p);
      if (c == COMMA) {
        p++;
        predictor = edge ? edge + L.E_FOLLOWER : 0;
        break;
      }
      if (c != CLOSE_OBJECT) {
        const next = skipSpace(p);
        if (next == p) return 0;
        p = next;
        continue;
      }
      p++;
      if (top == L.FRAMES) {
        M.setOutEnd(out);
        return p;
      }
      if (load<u32>(top, L.F_KIND) == L.FRAME_ELEMENT) {
        p = skipSpace(p);
        c = load<u8>(p);
        if (c == COMMA) {
          p = skipSpace(p + 1);
          if (load<u8>(p) != OPEN_OBJECT) return 0;
          p++;
          store<u32>(array, load<u32>(array, L.F_INDEX) + 1, L.F_INDEX);
          context = load<u32>(top, L.F_CONTEXT);
          const member = skipSpace(p);
          if (load<u8>(member) == CLOSE_OBJECT) {
            p = member;
            continue;
          }
          predictor = context;
          break;
        }
        if (c != CLOSE_ARRAY) return 0;
        p++;
        top -= L.FRAME_SIZE;
        array = load<u32>(top, L.F_OUTER_ARRAY);
      }
      edge = load<u32>(top, L.F_EDGE);
      top -= L.FRAME_SIZE;
      context = load<u32>(top, L.F_CONTEXT);
    }
  }
}

@inline
function openContainers(): i32 {
  return <i32>((top - L.FRAMES) / L.FRAME_SIZE) + 1;
}

/** Opens a container; false when it is one too deep. */
function push(kind: u32, edge: usize, context: usize): bool {
  if (openContainers() >= L.MAX_DEPTH) return false;
  top += L.FRAME_SIZE;
  store<u32>(top, kind, L.F_KIND);
  store<u32>(top, <u32>context, L.F_CONTEXT);
  store<u32>(top, <u32>edge, L.F_EDGE);
  if (kind != L.FRAME_ELEMENT) {
    store<u32>(top, <u32>textOfKey(edge), L.F_KEY);
    store<u32>(top, <u32>lengthOfKey(edge), L.F_KEY_LENGTH);
  }
  return true;
}

@inline
function childContext(edge: usize): usize {
  if (!edge) return 0;
  let context: usize = load<u32>(edge, L.E_CHILD);
  if (!context) {
    context = newContext();
    store<u32>(edge, <u32>context, L.E_CHILD);
  }
  return context;
}

/**
 * Whether every element of the array whose first element (an object) is at p is an object. Only brackets
 * and strings are looked at; what is not legal JSON is found on either way.
 */
function holdsOnlyObjects(p: usize): bool {
  let open: i32 = 0;
  while (true) {
    const v = v128.load(p);
    const folded = v128.or(v, i8x16.splat(0x20)); // `[` and `]` become `{` and `}`
    const brackets = v128.or(i8x16.eq(folded, i8x16.splat(0x7b)), i8x16.eq(folded, i8x16.splat(0x7d)));
    const stops = v128.or(i8x16.eq(v, i8x16.splat(0x22)), i8x16.eq(v, i8x16.splat(0x0a)));
    const mask = i8x16.bitmask(v128.or(brackets, stops));
    if (!mask) {
      p += 16;
      continue;
    }
    p += ctz(mask);
    const c: u32 = load<u8>(p);
    if (c == QUOTE) {
      p = stringEnd(p + 1);
      if (!p) return false;
      p++;
    } else if (c == OPEN_OBJECT || c == OPEN_ARRAY) {
      open++;
      p++;
    } else if (c == 0x0a) {
      return false;
    } else {
      p++;
      if (--open > 0) continue;
      p = skipSpace(p);
      if (load<u8>(p) != COMMA) return load<u8>(p) == CLOSE_ARRAY;
      p = skipSpace(p + 1);
      if (load<u8>(p) != OPEN_OBJECT) return false;
    }
  }
}

/** Builds the joined name in the scratch region, with the index of the innermost array or without. */
function buildName(key: usize, length: usize, indexed: bool): usize {
  let to = M.SCRATCH;
  for (let frame: usize = L.FRAMES + L.FRAME_SIZE; frame <= top; frame += L.FRAME_SIZE) {
    if (load<u32>(frame, L.F_KIND) == L.FRAME_ELEMENT) continue;
    const part: usize = load<u32>(frame, L.F_KEY_LENGTH);
    memory.copy(to, load<u32>(frame, L.F_KEY), part);
    to += part;
    store<u8>(to++, 0x5f);
    if (indexed && frame == array) {
      to = appendNumber(to, load<u32>(frame, L.F_INDEX));
      store<u8>(to++, 0x5f);
    }
  }
  memory.copy(to, key, length);
  to += length;
  // The server would rename it (contract, rule 2).
  if (to > M.SCRATCH && load<u8>(M.SCRATCH) == 0x40) store<u8>(M.SCRATCH, 0x5f);
  return to - M.SCRATCH;
}

function isJsonColumn(edge: usize): bool {
  if (edge) {
    const known = load<u32>(edge, L.E_IS_JSON);
    if (known) return known == 2;
  }
  const key = textOfKey(edge);
  const length = lengthOfKey(edge);
  let name = findName(key, length);
  let listed = name != 0 && (load<u32>(name, L.N_FLAGS) & L.FLAG_JSON) != 0;
  if (!listed) {
    name = findName(M.SCRATCH, buildName(key, length, false));
    listed = name != 0 && (load<u32>(name, L.N_FLAGS) & L.FLAG_JSON) != 0;
  }
  if (edge) store<u32>(edge, listed ? 2 : 1, L.E_IS_JSON);
  return listed;
}

/**
 * Any column at all: resolves the name, copies the value at p, and does what the name's flags ask for.
 * Returns the place behind the value, or 0; M.outEnd is the end of the columns.
 */
function emit(edge: usize, kind: u32, p: usize, out: usize): usize {
  const key = textOfKey(edge);
  const length = lengthOfKey(edge);
  let base: usize = edge ? <usize>load<u32>(edge, L.E_NAME) : 0;
  if (!base) {
    base = internName(M.SCRATCH, buildName(key, length, false));
    if (!base) return 0;
    if (edge) store<u32>(edge, <u32>base, L.E_NAME);
  }
  let name = base;
  if (!isFree(name)) {
    if (array && (load<u32>(name, L.N_FLAGS) & L.FLAG_TAKEN_ALWAYS) == 0) {
      name = internName(M.SCRATCH, buildName(key, length, true));
      if (!name) return 0;
    }
    if (!isFree(name)) {
      name = suffixedName(name);
      if (!name) return 0;
    }
  }
  store<u64>(name, M.event, L.N_STAMP);
  const flags =
    load<u32>(name, L.N_FLAGS) | (load<u32>(base, L.N_FLAGS) & <u32>(L.FLAG_DROP | L.FLAG_REDACT));

  const value = copyName(name, out);
  const end =
    kind == L.KIND_TEXT && edge ? rememberedText(edge, p, value, openContainers()) : copyValue(kind, p, value);
  if (!end) return 0;

  if (flags & L.FLAG_WATCHED && kind != L.KIND_NULL) watch(name, kind, p, end);
  if (flags & L.FLAG_DROP) {
    M.setOutEnd(out);
    return end;
  }
  if (flags & L.FLAG_REDACT) {
    store<u64>(value, REDACTED_LOW);
    store<u32>(value, REDACTED_HIGH, 8);
    M.setOutEnd(value + 12);
    kind = L.KIND_STRING;
  }
  if (!admit(name)) {
    // The entry without its comma; overflowEnd never passes the columns' own limit by more than one entry.
    const overflow = M.overflowEnd;
    if (overflow - M.OVERFLOW > M.MAX_ROW) return 0;
    store<u8>(overflow, COMMA);
    M.setOverflowEnd(copyEscaped(out + 1, M.outEnd - out - 1, overflow + 1));
    M.setOutEnd(out);
    return end;
  }
  if (!(flags & L.FLAG_EXEMPT)) noteType(name, kind);
  return end;
}

/** Remembers a first or another scalar type of a shipped column; index.ts applies it when the event is shipped. */
function noteType(name: usize, kind: u32): void {
  const type: u32 = kind == L.KIND_TEXT ? L.KIND_STRING : kind;
  if (type == L.KIND_NULL || load<u32>(name, L.N_TYPE) == type) return;
  store<u32>(M.typesEnd, <u32>name);
  store<u32>(M.typesEnd, type, 4);
  M.setTypesEnd(M.typesEnd + 8);
}

/** Copies a scalar as it stands, or a container as JSON text; M.outEnd is the end. */
export function copyValue(kind: u32, p: usize, out: usize): usize {
  if (kind == L.KIND_STRING) {
    store<u8>(out, QUOTE);
    p++;
    out++;
    while (true) {
      const v = v128.load(p);
      v128.store(out, v);
      const mask = specials(v);
      if (mask) {
        const run: usize = ctz(mask);
        return copyStringRest(p + run, out + run);
      }
      p += 16;
      out += 16;
    }
  }
  if (kind == L.KIND_TEXT) return jsonText(p, out, openContainers());
  const end = kind == L.KIND_NUMBER ? numberEnd(p) : literalEnd(p);
  if (!end) return 0;
  memory.copy(out, p, end - p);
  M.setOutEnd(out + (end - p));
  return end;
}
