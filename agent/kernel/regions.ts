/** Sizes of the kernel's regions, computed once at start from the options; what each holds is in layout.ts. */

import {
  KiB,
  MAX_NAME_BYTES,
  MAX_REJECTS_PER_CALL,
  MAX_ROW_BYTES,
  MAX_ROWS_PER_SLOT,
  MiB,
} from '../limits.ts';
import * as L from './layout.ts';

/** Vector loads read up to this far behind the end of a region's data. */
const PADDING = 64;
const PAGE_BYTES = 64 * KiB;

/** Shortest column in a line: `"":1,`. Bounds how many names one line can bring. */
const SHORTEST_COLUMN = 5;

export const MAX_CONDITIONS = 10_000;
export const MAX_PROGRAM_COLUMNS = 20_000;
export const MAX_PROGRAM_NAME_BYTES = 2 * MiB;
const MAX_PROGRAM_BYTES = 24 * MiB;
/** Names a server's schema may bring in above the budget. */
export const MAX_PRELOADED_NAMES = 4096;

/** Cached keys and names beyond those that are kept, before the caches start over; hostile keys only. */
const EDGES = 4096;
const CONTEXTS = 2048;
/** A hundred places of JSON text are usual; pages of the others are never touched. */
const MEMO_PAIRS = 256;
const SOFT_NAMES = 4096;
const SOFT_TEXT_BYTES = 512 * KiB;
const NAME_BUCKETS_BYTES = 16_384 * 4;
const EDGE_BUCKETS_BYTES = 4096 * 4;

/** Columns of a batch of which the packer hears; a batch of ordinary events has a tenth. */
const MAX_HINTS_PER_SLOT = 256 * KiB;
/** Repeats in one batch before it is left to a general compressor; an ordinary batch has 20,000. */
const MAX_SEQUENCES = 256 * KiB;
/** Of at least 88 KiB each. */
const MAX_BLOCKS = 1024;

export interface RegionOptions {
  readonly maxLineBytes: number;
  readonly maxColumns: number;
  readonly readBytes: number;
  readonly slotCount: number;
  readonly slotBytes: number;
  readonly suffixBytes: number;
  readonly patternBytes: number;
  readonly patternCount: number;
  /** Number of edges before the caches start over; tests make it small. */
  readonly cacheEdges?: number;
}

export interface SlotRegion {
  readonly body: number;
  readonly table: number;
  readonly hints: number;
  /** Beyond it, rows leave no more hints. */
  readonly hintsBytes: number;
  readonly capacity: number;
}

export interface Regions {
  readonly pages: number;
  /** u32 parameters: offset in PARAMS → value. */
  readonly parameters: ReadonlyMap<number, number>;
  readonly input: { readonly address: number; readonly capacity: number };
  readonly suffix: number;
  readonly patterns: number;
  readonly program: { readonly address: number; readonly capacity: number };
  readonly slots: readonly SlotRegion[];
  /** Tables of the packer, and where it leaves a frame. */
  readonly pack: number;
  readonly frame: number;
}

export function planRegions(options: RegionOptions): Regions {
  const { maxLineBytes, maxColumns } = options;
  // A line of the limit with CR LF, and whatever one read brings behind it.
  const capacity = maxLineBytes + 2 + options.readBytes;
  const names =
    maxColumns +
    MAX_PRELOADED_NAMES +
    MAX_PROGRAM_COLUMNS +
    SOFT_NAMES +
    Math.ceil(capacity / SHORTEST_COLUMN);
  const admitted = maxColumns + MAX_PRELOADED_NAMES + 64;
  const cacheEdges = options.cacheEdges ?? EDGES;
  const matches = MAX_CONDITIONS + 1024;

  let next = L.FRAMES + (L.MAX_DEPTH + 2) * L.FRAME_SIZE;
  const take = (bytes: number): number => {
    const address = Math.ceil(next / PADDING) * PADDING;
    next = address + bytes + PADDING;
    return address;
  };
  const parameters = new Map<number, number>();
  const region = (from: number, bytes: number, to?: number): number => {
    const address = take(bytes);
    parameters.set(from, address);
    if (to !== undefined) parameters.set(to, address + bytes);
    return address;
  };

  const input = region(L.P_INPUT, capacity);
  region(L.P_NAMES, names * L.NAME_SIZE, L.P_NAMES_END);
  region(
    L.P_TEXT,
    MAX_NAME_BYTES + MAX_PROGRAM_NAME_BYTES + SOFT_TEXT_BYTES + 3 * MAX_ROW_BYTES + 4 * capacity + names * 32,
    L.P_TEXT_END,
  );
  region(L.P_NAME_BUCKETS, NAME_BUCKETS_BYTES);
  region(L.P_EDGE_BUCKETS, EDGE_BUCKETS_BYTES);
  region(L.P_EDGES, cacheEdges * L.EDGE_SIZE, L.P_EDGES_END);
  region(L.P_MEMOS, MEMO_PAIRS * 2 * L.MEMO_SIZE, L.P_MEMOS_END);
  region(L.P_CONTEXTS, CONTEXTS * L.CONTEXT_SIZE, L.P_CONTEXTS_END);
  region(L.P_WATCHED, (MAX_PROGRAM_COLUMNS + 16) * L.WATCHED_SIZE);
  region(L.P_ADMITTED, admitted * 4);
  region(L.P_TYPE_CHANGES, admitted * 8);
  // Rules look at the overflow column too, whose text is as long as a row may be.
  region(L.P_SCRATCH, MAX_ROW_BYTES + 4 * capacity);
  region(L.P_DECODED, MAX_ROW_BYTES + 3 * capacity);
  region(L.P_KEY_ARENA, capacity);
  region(L.P_OVERFLOW, MAX_ROW_BYTES + 8 * capacity);
  region(L.P_NESTING, Math.ceil(capacity / 8) + 8);
  region(L.P_REJECTS, MAX_REJECTS_PER_CALL * L.REJECT_SIZE);
  region(L.P_MATCHES, matches * L.MATCH_SIZE);
  region(L.P_MATCH_ROWS, MAX_ROW_BYTES + MiB, L.P_MATCH_ROWS_END);
  const program = region(L.P_PROGRAM, MAX_PROGRAM_BYTES);
  const suffix = region(L.P_SUFFIX, options.suffixBytes);
  const patterns = region(L.P_PATTERNS, options.patternBytes);
  const slotCapacity = options.slotBytes + MAX_ROW_BYTES + 4 * capacity;
  const slots = Array.from({ length: options.slotCount }, () => ({
    body: take(slotCapacity),
    table: take(MAX_ROWS_PER_SLOT * L.ROW_ENTRY_SIZE),
    hints: take(MAX_HINTS_PER_SLOT * L.HINT_SIZE + Math.ceil(capacity / SHORTEST_COLUMN) * L.HINT_SIZE + KiB),
    hintsBytes: MAX_HINTS_PER_SLOT * L.HINT_SIZE,
    capacity: slotCapacity,
  }));
  const pack = region(L.P_PACK, L.PACK_BYTES);
  region(L.P_SEQUENCES, MAX_SEQUENCES * L.SEQUENCE_SIZE, L.P_SEQUENCES_END);
  region(L.P_LITERALS, slotCapacity, L.P_LITERALS_END);
  region(L.P_BLOCKS, MAX_BLOCKS * L.BLOCK_SIZE, L.P_BLOCKS_END);
  const frame = region(L.P_FRAME, slotCapacity + MiB, L.P_FRAME_END);

  const values: readonly (readonly [number, number])[] = [
    [L.P_INPUT_CAPACITY, capacity],
    [L.P_REJECTS_MAX, MAX_REJECTS_PER_CALL],
    [L.P_MATCHES_MAX, matches],
    [L.P_MAX_LINE, maxLineBytes],
    [L.P_MAX_COLUMNS, maxColumns],
    [L.P_MAX_NAME_BYTES, MAX_NAME_BYTES],
    [L.P_MAX_ROW, MAX_ROW_BYTES],
    [L.P_SUFFIX_LENGTH, options.suffixBytes],
    [L.P_PATTERN_COUNT, options.patternCount],
    [L.P_SOFT_NAMES, SOFT_NAMES * L.NAME_SIZE],
    [L.P_SOFT_TEXT, SOFT_TEXT_BYTES],
    [L.P_MAX_ROWS, MAX_ROWS_PER_SLOT],
  ];
  for (const [offset, value] of values) parameters.set(offset, value);
  return {
    pages: Math.ceil(next / PAGE_BYTES),
    parameters,
    input: { address: input, capacity },
    suffix,
    patterns,
    program: { address: program, capacity: MAX_PROGRAM_BYTES },
    slots,
    pack,
    frame,
  };
}
