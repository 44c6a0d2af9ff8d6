/**
 * Column names: one table from escaped text to entry, the budget of the dataset, and what is done when a
 * name is taken. An entry stays while a cache, the budget or a rule needs it; the rest goes at a reset.
 */

import * as L from '../layout';
import * as M from './memory';
import { copy16, hashBytes, sameBytes } from './scan';

const BUCKET_MASK: u32 = 16383;
/** Room behind a text for reads of sixteen bytes. */
const PADDING: usize = 16;

/** Ends of the two pools in use. */
let namesEnd: usize = 0;
let textEnd: usize = 0;
let softNames: usize = 0;
let softText: usize = 0;
/** Numbers names for the hints, from the start again after 65,536. */
let nextId: u32 = 0;

export const NAME_BUCKET_BYTES: usize = 16384 * 4;

export function initNames(): void {
  namesEnd = M.NAMES;
  textEnd = M.TEXT;
  setSoftLimits();
}

/** The names kept at a reset must not count towards the next one. */
function setSoftLimits(): void {
  softNames = namesEnd + M.SOFT_NAMES;
  softText = textEnd + M.SOFT_TEXT;
}

export function poolsAreFull(): bool {
  return namesEnd > softNames || textEnd > softText;
}

@inline
export function isFree(name: usize): bool {
  return load<u64>(name, L.N_STAMP) != M.event && (load<u32>(name, L.N_FLAGS) & L.FLAG_TAKEN_ALWAYS) == 0;
}

@inline
export function nameText(name: usize): usize {
  return <usize>load<u32>(name, L.N_TEXT) + 2;
}

@inline
export function nameLength(name: usize): usize {
  return <usize>load<u32>(name, L.N_LENGTH) - 4;
}

/** The entry of an escaped name, or 0. */
export function findName(text: usize, length: usize): usize {
  return findHashed(text, length, hashBytes(text, length, M.SEED));
}

function findHashed(text: usize, length: usize, hash: u32): usize {
  let name: usize = load<u32>(M.NAME_BUCKETS + ((hash & BUCKET_MASK) << 2));
  while (name) {
    if (load<u32>(name, L.N_HASH) == hash && nameLength(name) == length && sameBytes(nameText(name), text, length)) {
      return name;
    }
    name = load<u32>(name, L.N_NEXT);
  }
  return 0;
}

/**
 * The entry of an escaped name, made when there is none. 0 when a pool is full: they hold what the largest
 * row can name (regions.ts), so only names that are dropped or never written can get there.
 */
export function internName(text: usize, length: usize): usize {
  const hash = hashBytes(text, length, M.SEED);
  const found = findHashed(text, length, hash);
  if (found) return found;
  const name = namesEnd;
  if (name + L.NAME_SIZE > M.NAMES_END || textEnd + length + 4 + 2 * PADDING > M.TEXT_END) return 0;
  namesEnd += L.NAME_SIZE;
  memory.fill(name, 0, L.NAME_SIZE);
  store<u16>(textEnd, 0x222c); // `,"`
  memory.copy(textEnd + 2, text, length);
  store<u16>(textEnd + 2 + length, 0x3a22); // `":`
  store<u32>(name, <u32>textEnd, L.N_TEXT);
  store<u32>(name, <u32>length + 4, L.N_LENGTH);
  store<u32>(name, hash, L.N_HASH);
  store<u32>(name, min<u32>(<u32>length + 4, 0xffff) | (nextId++ << 16), L.N_HINT);
  store<u32>(name, patternFlags(text, length), L.N_FLAGS);
  textEnd += (length + 4 + 2 * PADDING - 1) & ~(PADDING - 1);
  link(name, hash);
  return name;
}

function link(name: usize, hash: u32): void {
  const bucket = M.NAME_BUCKETS + ((hash & BUCKET_MASK) << 2);
  store<u32>(name, load<u32>(bucket), L.N_NEXT);
  store<u32>(bucket, <u32>name);
}

/** TETRASHIP_DROP_COLUMNS and _REDACT_COLUMNS: 16 bytes each: text, length, is a prefix, flag. */
function patternFlags(text: usize, length: usize): u32 {
  let flags: u32 = 0;
  for (let i: u32 = 0; i < M.PATTERN_COUNT; i++) {
    const pattern = M.PATTERNS + (i << 4);
    const wanted: usize = load<u32>(pattern, 4);
    const fits = load<u32>(pattern, 8) ? length >= wanted : length == wanted;
    if (fits && sameBytes(load<u32>(pattern), text, wanted)) flags |= load<u32>(pattern, 12);
  }
  return flags;
}

/** `name__2`, `name__3`, …: the first that is free; 0 when the pools are full. */
export function suffixedName(name: usize): usize {
  const length = nameLength(name);
  memory.copy(M.SCRATCH, nameText(name), length);
  store<u16>(M.SCRATCH + length, 0x5f5f);
  let k: u32 = load<u64>(name, L.N_SUFFIX_STAMP) == M.event ? load<u32>(name, L.N_SUFFIX_NEXT) : 2;
  while (true) {
    const end = appendNumber(M.SCRATCH + length + 2, k++);
    const candidate = internName(M.SCRATCH, end - M.SCRATCH);
    if (!candidate) return 0;
    if (!isFree(candidate)) continue;
    store<u64>(name, M.event, L.N_SUFFIX_STAMP);
    store<u32>(name, k, L.N_SUFFIX_NEXT);
    return candidate;
  }
}

export function appendNumber(to: usize, value: u32): usize {
  let length: u32 = 1;
  for (let rest = value / 10; rest; rest /= 10) length++;
  for (let at = to + length - 1; at >= to; at--) {
    store<u8>(at, 0x30 + (value % 10));
    value /= 10;
  }
  return to + length;
}

/** Brings a name into the budget of the dataset; false when it must go to the overflow column. */
export function admit(name: usize): bool {
  const flags = load<u32>(name, L.N_FLAGS);
  if (flags & (L.FLAG_ADMITTED | L.FLAG_EXEMPT)) return true;
  const length: u32 = <u32>nameLength(name);
  if (M.frozen || M.admitted >= M.MAX_COLUMNS || M.admittedBytes + length > M.MAX_NAME_BYTES) return false;
  forceAdmit(name);
  return true;
}

export function forceAdmit(name: usize): void {
  store<u32>(name, load<u32>(name, L.N_FLAGS) | L.FLAG_ADMITTED, L.N_FLAGS);
  store<u32>(name, M.admitted, L.N_ADMITTED_AT);
  store<u32>(M.ADMITTED + (M.admitted << 2), <u32>name);
  M.setAdmitted(M.admitted + 1, M.admittedBytes + <u32>nameLength(name));
}

/** Takes back the admissions of an event that is not shipped. */
export function undoAdmissions(count: u32): void {
  let bytes = M.admittedBytes;
  for (let i = count; i < M.admitted; i++) {
    const name: usize = load<u32>(M.ADMITTED + (i << 2));
    store<u32>(name, load<u32>(name, L.N_FLAGS) & ~L.FLAG_ADMITTED, L.N_FLAGS);
    bytes -= <u32>nameLength(name);
  }
  M.setAdmitted(count, bytes);
}

export function unwatchNames(): void {
  for (let name = M.NAMES; name < namesEnd; name += L.NAME_SIZE) {
    store<u32>(name, load<u32>(name, L.N_FLAGS) & ~L.FLAG_WATCHED, L.N_FLAGS);
  }
}

/** Flags that keep an entry over a reset. */
const KEPT: u32 = L.FLAG_ADMITTED | L.FLAG_TAKEN_ALWAYS | L.FLAG_WATCHED | L.FLAG_EXEMPT | L.FLAG_JSON;

/** Drops every name that only a cache knows. Between events only: entries move. */
export function resetNames(): void {
  const end = namesEnd;
  memory.fill(M.NAME_BUCKETS, 0, NAME_BUCKET_BYTES);
  namesEnd = M.NAMES;
  textEnd = M.TEXT;
  for (let from = M.NAMES; from < end; from += L.NAME_SIZE) {
    const flags = load<u32>(from, L.N_FLAGS);
    if (!(flags & KEPT)) continue;
    const to = namesEnd;
    namesEnd += L.NAME_SIZE;
    if (to != from) memory.copy(to, from, L.NAME_SIZE);
    const length: usize = load<u32>(to, L.N_LENGTH);
    memory.copy(textEnd, load<u32>(to, L.N_TEXT), length);
    store<u32>(to, <u32>textEnd, L.N_TEXT);
    textEnd += (length + 2 * PADDING - 1) & ~(PADDING - 1);
    if (flags & L.FLAG_ADMITTED) store<u32>(M.ADMITTED + (load<u32>(to, L.N_ADMITTED_AT) << 2), <u32>to);
    link(to, load<u32>(to, L.N_HASH));
  }
  setSoftLimits();
}

/** Writes `,"name":`, leaves a hint of it and returns the new end; up to 63 bytes behind it are overwritten. */
@inline
export function copyName(name: usize, out: usize): usize {
  const text: usize = load<u32>(name, L.N_TEXT);
  const length: usize = load<u32>(name, L.N_LENGTH);
  store<u64>(M.hintsEnd, <u64>out | (<u64>load<u32>(name, L.N_HINT) << 32));
  M.setHintsEnd(M.hintsEnd + L.HINT_SIZE);
  v128.store(out, v128.load(text));
  v128.store(out, v128.load(text, 16), 16);
  v128.store(out, v128.load(text, 32), 32);
  if (length > 48) copy16(out + 48, text + 48, length - 48);
  return out + length;
}
