/**
 * The kernel's memory map. This file is compiled twice, by AssemblyScript into the module and by Node for
 * the host, so that each offset stands once. Only integer constants may stand here.
 *
 *   0          PARAMS      the host writes, `init()` reads: addresses and sizes of the regions below
 *   512        RESULTS     `process()` writes, the host reads after each call
 *   1024       frames, small scratch
 *   REGIONS    sized at start from the options (regions.ts):
 *              input │ names │ name text │ buckets │ edges │ contexts │ lists │ overflow │ program │ matches │ slots
 *
 * Memory is allocated once: initial = maximum, so no view of it ever detaches, and pages that hostile input
 * never reaches are never resident.
 */

// Parameters (u32 each, byte offsets).
export const PARAMS = 0;
export const P_INPUT = 0;
export const P_INPUT_CAPACITY = 4;
export const P_NAMES = 8;
export const P_NAMES_END = 12;
export const P_TEXT = 16;
export const P_TEXT_END = 20;
export const P_NAME_BUCKETS = 24;
export const P_EDGE_BUCKETS = 28;
export const P_EDGES = 32;
export const P_EDGES_END = 36;
export const P_CONTEXTS = 40;
export const P_CONTEXTS_END = 44;
export const P_WATCHED = 56;
export const P_ADMITTED = 60;
export const P_TYPE_CHANGES = 64;
export const P_SCRATCH = 68;
export const P_KEY_ARENA = 72;
export const P_OVERFLOW = 76;
export const P_REJECTS = 80;
export const P_REJECTS_MAX = 84;
export const P_MATCHES = 88;
export const P_MATCHES_MAX = 92;
export const P_MATCH_ROWS = 96;
export const P_MATCH_ROWS_END = 100;
export const P_PROGRAM = 104;
export const P_MAX_LINE = 108;
export const P_MAX_COLUMNS = 112;
export const P_MAX_NAME_BYTES = 116;
export const P_MAX_ROW = 120;
export const P_ARRAYS_JSON = 124;
export const P_SUFFIX = 128;
export const P_SUFFIX_LENGTH = 132;
export const P_PATTERNS = 136;
export const P_PATTERN_COUNT = 140;
export const P_SOFT_NAMES = 144;
export const P_SOFT_TEXT = 148;
export const P_SEED = 152; // u64
export const P_MAX_ROWS = 160;
export const P_NESTING = 164; // one bit per container of a line, for classify.ts
export const P_DECODED = 168;
export const P_MEMOS = 176;
export const P_MEMOS_END = 180;
export const P_EVENT_ID = 172; // address of the id's 32 digits within the suffix, or 0

export const P_PACK = 224; // tables of pack.ts and zstd.ts, at K_…
export const P_SEQUENCES = 228;
export const P_SEQUENCES_END = 232;
export const P_LITERALS = 236;
export const P_LITERALS_END = 240;
export const P_BLOCKS = 244;
export const P_BLOCKS_END = 248;
export const P_FRAME = 252;
export const P_FRAME_END = 256;

/** 32 bytes, written by the host whenever the file changes: what the ids of its events are made under. */
export const EVENT_KEY = 192;

/** Where init() keeps the text `overflow`. */
export const OVERFLOW_TEXT = 480;

// Results (u32 each, byte offsets): counters of the last call first.
export const RESULTS = 512;
export const R_CONSUMED = 512;
export const R_REJECTS = 516;
export const R_MATCHES = 520;
export const R_EVENTS = 524;
export const R_BLANKS = 528;
export const R_FILTERED = 532;
export const R_OVERFLOWED = 536;
export const R_TYPE_CHANGES = 540;
export const R_COUNTERS_END = 544;
export const R_SLOT_LENGTH = 544;
export const R_SLOT_ROWS = 548;
export const R_ADMITTED = 552;
export const R_ADMITTED_BYTES = 556;
export const R_CACHE_RESETS = 560;
export const R_SLOT_HINTS = 564; // end of the sealed slot's hints

// What process() returns.
export const STATUS_MORE = 0; // every complete line is consumed
export const STATUS_SLOT_FULL = 1;
export const STATUS_DRAIN = 2; // rejects or matches must be taken before going on
export const STATUS_TOO_LONG = 3; // the line at the consumed position is over the limit and has not ended yet

// Name entry: one column name, in memory for as long as a cache, the budget or a rule refers to it.
export const NAME_SIZE = 64;
export const N_STAMP = 0; // u64: the event in which the name is taken
export const N_FLAGS = 8;
export const N_TEXT = 12; // address of `,"name":`
export const N_LENGTH = 16; // length of `,"name":`; the name itself is 4 bytes shorter, from N_TEXT + 2
export const N_HASH = 20;
export const N_NEXT = 24; // next entry in the bucket
export const N_TYPE = 28; // last scalar type sent
export const N_SUFFIX_STAMP = 32; // u64: the event in which N_SUFFIX_NEXT holds
export const N_SUFFIX_NEXT = 40; // every `name__k` with 2 <= k < this is taken
export const N_COLUMN = 44; // address of the program's column, when rules watch it
export const N_ADMITTED_AT = 48; // place in the admitted list, when admitted
export const N_HINT = 52; // what a hint says of it: N_LENGTH, and in the upper half its number

export const FLAG_ADMITTED = 1;
export const FLAG_TAKEN_ALWAYS = 2; // the server's own and the added columns
export const FLAG_DROP = 4;
export const FLAG_REDACT = 8;
export const FLAG_WATCHED = 16;
export const FLAG_EXEMPT = 32; // `overflow`
export const FLAG_JSON = 64; // in TETRASHIP_JSON_COLUMNS

// Value kinds. The first three are the scalar types a column can have; order matters (kind <= TYPE_BOOLEAN).
export const KIND_STRING = 1;
export const KIND_NUMBER = 2;
export const KIND_BOOLEAN = 3;
export const KIND_NULL = 4;
export const KIND_TEXT = 5; // JSON text in a string
export const KIND_PLAIN = 6; // a string known to hold no escapes; for the rules only

// Edge: one key in one context, with the literal bytes it was last seen as, and what followed it.
export const EDGE_SIZE = 128;
export const E_CONTEXT = 0;
export const E_HASH = 4;
export const E_NEXT = 8; // next entry in the bucket
export const E_KEY = 12; // offset of the key's first byte in the pattern
export const E_KEY_LENGTH = 16;
export const E_PATTERN_LENGTH = 20;
export const E_FOLLOWER = 24; // the edge that came next last time …
export const E_FOLLOWER_2 = 28; // … and the one before that
export const E_NAME = 32; // name entry, once resolved
export const E_CHILD = 36; // context of the container below, once seen
export const E_IS_JSON = 40; // 0 unknown, 1 no, 2 yes
export const E_MEMO = 44; // pair of memos, once its value was JSON text
export const E_PATTERN = 64; // `"key": ` as it stood between the comma and the value
export const MAX_PATTERN = 64;

// Memo: a JSON text as it stood in a line, and as it was written. They come in pairs, beside each other.
export const MEMO_SIZE = 4096; // a power of two: the other of a pair is found by it
export const MEMO_LENGTH = 0; // 0: empty
export const MEMO_OUT_LENGTH = 4;
export const MEMO_SCORE = 8; // of the pair, in the first one
export const MEMO_LAST = 12; // of the pair: offset of the one that was the same last time
export const MEMO_TEXT = 16;
export const MEMO_MOST_TEXT = 1504;
export const MEMO_OUT = 1536;
export const MEMO_MOST_OUT = 2528;

// Context: one object's place in the tree of keys.
export const CONTEXT_SIZE = 8;
export const C_FIRST = 0;
export const C_FIRST_2 = 4;

// Frame: one open container.
export const FRAMES = 1024;
export const FRAME_SIZE = 32;
export const F_KIND = 0;
export const F_CONTEXT = 4;
export const F_KEY = 8;
export const F_KEY_LENGTH = 12;
export const F_EDGE = 16; // the edge that led here, or 0
export const F_INDEX = 20; // arrays: current element
export const F_OUTER_ARRAY = 24; // arrays: the array frame around this one

/** Containers in one another, the top object being the first, before a line is too deep. */
export const MAX_DEPTH = 64;

export const FRAME_OBJECT = 0;
export const FRAME_ARRAY = 1;
export const FRAME_ELEMENT = 2;

// Lists.
export const WATCHED_SIZE = 16; // name, kind, start, end
export const REJECT_SIZE = 16; // reason, start in the input, length with line end, length without
export const MATCH_SIZE = 32; // condition, kind, line start in the input, line length, row address, row length
export const ROW_ENTRY_SIZE = 16; // f64 offset in the file, u32 end in the slot, u32 line length

// Reject codes: the order of REJECT_REASONS in types.ts.
export const REJECT_TOO_LONG = 0;
export const REJECT_INVALID_UTF8 = 1;
export const REJECT_INVALID_JSON = 2;
export const REJECT_TOO_DEEP = 3;
export const REJECT_NOT_OBJECT = 4;
export const REJECT_ROW_TOO_LARGE = 5;

export const MATCH_EVENT = 0;
export const MATCH_FIRING = 1;
export const MATCH_RESOLVED = 2;
export const MATCH_NONE = 3;

// Hint: a column as it was written, for pack.ts: u32 place, u16 length of `,"name":`, u16 number of the name.
export const HINT_SIZE = 8;

// Sequence of a zstd frame: literals, then a match.
export const SEQUENCE_SIZE = 16;
export const Z_LITERALS = 0;
export const Z_MATCH = 4; // length - 3
export const Z_OFFSET = 8; // as the format counts it: 1 to 3 for the last ones, else itself and 3
export const Z_CODES = 12; // of literals, match and offset, a byte each

// Block of a zstd frame.
export const BLOCK_SIZE = 24;
export const B_CONTENT = 0;
export const B_CONTENT_LENGTH = 4;
export const B_SEQUENCES = 8;
export const B_SEQUENCES_END = 12;
export const B_LITERALS = 16;
export const B_LITERALS_END = 20;

/** log2 of the states of a frame's three tables; the format's greatest. */
export const LITERAL_LOG = 9;
export const MATCH_LOG = 9;
export const OFFSET_LOG = 8;

// At P_PACK, first what is cleared for each body: last places by name, by the start of a value, by where one leaves its
// predecessor; then counts of bytes and codes.
export const K_NAMES = 0;
export const K_NAMES_MASK = 4095;
export const K_VALUES = 16384;
export const K_VALUES_SHIFT = 51; // 64 - log2 of the entries
export const K_MIDDLES = 49152;
export const K_BYTES = 81920;
export const K_BYTES_ODD = 82944;
export const K_LITERAL_LENGTHS = 83968;
export const K_MATCH_LENGTHS = 84224;
export const K_OFFSETS = 84480;
export const K_CLEARED = 0;
export const K_CLEARED_BYTES = 84608;
// Codes, written by the host between the two halves.
export const K_HUFFMAN = 84608; // u32 per byte: bits << 8 | their number
export const K_LITERAL_STATES = 85632; // u16 per state, then at STATES_SYMBOLS u32, i32 per code
export const K_MATCH_STATES = 87168;
export const K_OFFSET_STATES = 88704;
export const STATES_SYMBOLS = 1024;
export const K_TREE = 90240; // u32 length, then the description of the Huffman tree
export const K_TABLES = 90496; // u32 length, then the descriptions of the three tables
// The format's constants, written by the host once.
export const K_LITERAL_CODES = 91008;
export const K_MATCH_CODES = 91072;
export const K_LITERAL_BITS = 91200;
export const K_MATCH_BITS = 91264;
export const PACK_BYTES = 91328;
