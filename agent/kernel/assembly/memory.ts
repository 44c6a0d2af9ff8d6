/** The module's registers: addresses of the regions and the state of the event being flattened. */

import * as L from '../layout';

// Regions; see layout.ts. Fixed after init().
export let INPUT: usize = 0;
export let NAMES: usize = 0;
export let NAMES_END: usize = 0;
export let TEXT: usize = 0;
export let TEXT_END: usize = 0;
export let NAME_BUCKETS: usize = 0;
export let EDGE_BUCKETS: usize = 0;
export let EDGES: usize = 0;
export let EDGES_END: usize = 0;
export let CONTEXTS: usize = 0;
export let CONTEXTS_END: usize = 0;
export let WATCHED: usize = 0;
export let ADMITTED: usize = 0;
export let TYPE_CHANGES: usize = 0;
export let SCRATCH: usize = 0;
export let KEY_ARENA: usize = 0;
export let OVERFLOW: usize = 0;
export let REJECTS: usize = 0;
export let REJECTS_MAX: u32 = 0;
export let MATCHES: usize = 0;
export let MATCHES_MAX: u32 = 0;
export let MATCH_ROWS: usize = 0;
export let MATCH_ROWS_END: usize = 0;
export let PROGRAM: usize = 0;
export let MAX_LINE: u32 = 0;
export let MAX_COLUMNS: u32 = 0;
export let MAX_NAME_BYTES: u32 = 0;
export let MAX_ROW: u32 = 0;
export let ARRAYS_JSON: bool = false;
export let SUFFIX: usize = 0;
export let SUFFIX_LENGTH: u32 = 0;
export let PATTERNS: usize = 0;
export let PATTERN_COUNT: u32 = 0;
export let SOFT_NAMES: usize = 0;
export let SOFT_TEXT: usize = 0;
export let SEED: u64 = 0;
export let MAX_ROWS: u32 = 0;
export let NESTING: usize = 0;
export let DECODED: usize = 0;
export let EVENT_ID: usize = 0;
export let PACK: usize = 0;
export let SEQUENCES: usize = 0;
export let SEQUENCES_END: usize = 0;
export let LITERALS: usize = 0;
export let LITERALS_END: usize = 0;
export let BLOCKS: usize = 0;
export let BLOCKS_END: usize = 0;
export let FRAME: usize = 0;
export let FRAME_END: usize = 0;
export let MEMOS: usize = 0;
export let MEMOS_END: usize = 0;

/** Number of the event; names, predicates and suffix counters carry the number of the event that set them. */
export let event: u64 = 0;
/** Second result of the functions that return a place in the input: the place in the output. */
export let outEnd: usize = 0;

// Ends of the per-event lists and pools.
export let watchedEnd: usize = 0;
export let typesEnd: usize = 0;
export let overflowEnd: usize = 0;
export let keyEnd: usize = 0;
export let decodedEnd: usize = 0;

/** End of the hints of the open slot. */
export let hintsEnd: usize = 0;

// Budget of names (contract, rule 8).
export let admitted: u32 = 0;
export let admittedBytes: u32 = 0;
export let frozen: bool = false;

export function setEvent(value: u64): void {
  event = value;
}
export function setOutEnd(value: usize): void {
  outEnd = value;
}
export function setWatchedEnd(value: usize): void {
  watchedEnd = value;
}
export function setTypesEnd(value: usize): void {
  typesEnd = value;
}
export function setOverflowEnd(value: usize): void {
  overflowEnd = value;
}
export function setDecodedEnd(value: usize): void {
  decodedEnd = value;
}
export function setHintsEnd(value: usize): void {
  hintsEnd = value;
}
export function setKeyEnd(value: usize): void {
  keyEnd = value;
}
export function setAdmitted(count: u32, bytes: u32): void {
  admitted = count;
  admittedBytes = bytes;
}
export function setFrozen(value: bool): void {
  frozen = value;
}

@inline
function param(offset: u32): u32 {
  return load<u32>(<usize>L.PARAMS + offset);
}

export function loadParameters(): void {
  INPUT = param(L.P_INPUT);
  NAMES = param(L.P_NAMES);
  NAMES_END = param(L.P_NAMES_END);
  TEXT = param(L.P_TEXT);
  TEXT_END = param(L.P_TEXT_END);
  NAME_BUCKETS = param(L.P_NAME_BUCKETS);
  EDGE_BUCKETS = param(L.P_EDGE_BUCKETS);
  EDGES = param(L.P_EDGES);
  EDGES_END = param(L.P_EDGES_END);
  CONTEXTS = param(L.P_CONTEXTS);
  CONTEXTS_END = param(L.P_CONTEXTS_END);
  WATCHED = param(L.P_WATCHED);
  ADMITTED = param(L.P_ADMITTED);
  TYPE_CHANGES = param(L.P_TYPE_CHANGES);
  SCRATCH = param(L.P_SCRATCH);
  KEY_ARENA = param(L.P_KEY_ARENA);
  OVERFLOW = param(L.P_OVERFLOW);
  REJECTS = param(L.P_REJECTS);
  REJECTS_MAX = param(L.P_REJECTS_MAX);
  MATCHES = param(L.P_MATCHES);
  MATCHES_MAX = param(L.P_MATCHES_MAX);
  MATCH_ROWS = param(L.P_MATCH_ROWS);
  MATCH_ROWS_END = param(L.P_MATCH_ROWS_END);
  PROGRAM = param(L.P_PROGRAM);
  MAX_LINE = param(L.P_MAX_LINE);
  MAX_COLUMNS = param(L.P_MAX_COLUMNS);
  MAX_NAME_BYTES = param(L.P_MAX_NAME_BYTES);
  MAX_ROW = param(L.P_MAX_ROW);
  ARRAYS_JSON = param(L.P_ARRAYS_JSON) != 0;
  SUFFIX = param(L.P_SUFFIX);
  SUFFIX_LENGTH = param(L.P_SUFFIX_LENGTH);
  PATTERNS = param(L.P_PATTERNS);
  PATTERN_COUNT = param(L.P_PATTERN_COUNT);
  SOFT_NAMES = param(L.P_SOFT_NAMES);
  SOFT_TEXT = param(L.P_SOFT_TEXT);
  SEED = load<u64>(L.PARAMS + L.P_SEED);
  MAX_ROWS = param(L.P_MAX_ROWS);
  NESTING = param(L.P_NESTING);
  DECODED = param(L.P_DECODED);
  EVENT_ID = param(L.P_EVENT_ID);
  PACK = param(L.P_PACK);
  SEQUENCES = param(L.P_SEQUENCES);
  SEQUENCES_END = param(L.P_SEQUENCES_END);
  LITERALS = param(L.P_LITERALS);
  LITERALS_END = param(L.P_LITERALS_END);
  BLOCKS = param(L.P_BLOCKS);
  BLOCKS_END = param(L.P_BLOCKS_END);
  FRAME = param(L.P_FRAME);
  FRAME_END = param(L.P_FRAME_END);
  MEMOS = param(L.P_MEMOS);
  MEMOS_END = param(L.P_MEMOS_END);
}
