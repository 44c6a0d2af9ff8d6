/**
 * The program of the rules, at P_PROGRAM: written by program.ts, run by assembly/match.ts. Part of layout.ts. Offsets
 * are from the program's start; 0 is none.
 */

export const PROGRAM_HEADER = 64;
export const G_COLUMNS = 0;
export const G_COLUMN_COUNT = 4;
export const G_CONDITIONS = 8;
export const G_CONDITION_COUNT = 12; // without the two filters
export const G_INCLUDE = 16; // condition number of the filter, or NONE
export const G_EXCLUDE = 20;
export const G_CANDIDATES = 24; // bitmap of conditions to evaluate, and behind it one bit for each of its words
export const G_CANDIDATE_WORDS = 28;
export const G_ADDED_COUNT = 32; // the first columns are the added ones: they stand in every row

// Column: what is known of its value in the event at hand, and how the value finds the predicates that are true.
export const COLUMN_SIZE = 128;
export const L_EVENT = 0; // u64: the event in which the column has a value
export const L_NUMBER = 8; // f64
export const L_KIND = 16;
export const L_START = 20; // of a string: its decoded text
export const L_END = 24;
export const L_TEXT = 28; // escaped name
export const L_TEXT_LENGTH = 32;
export const L_ALWAYS = 36; // u32 list of conditions to evaluate whenever the column is present
export const L_ALWAYS_COUNT = 40;
export const L_FIRING = 44; // first condition that fires and is to see whether it resolves
export const L_EXACT = 48; // table of equal texts
export const L_EXACT_FOLDED = 52; // the same, of texts in lower case
export const L_LITERALS = 56; // search for many texts at once
export const L_REGEXES = 60; // u32 list of regex predicates to be tried on every value
export const L_REGEX_COUNT = 64;
export const L_EQUALS = 68; // thresholds by number
export const L_EQUALS_COUNT = 72;
export const L_GREATER = 76; // thresholds in rising order
export const L_GREATER_COUNT = 80;
export const L_LESS = 84; // thresholds in falling order
export const L_LESS_COUNT = 88;
export const L_ADDED = 92; // address of an added column's value (with quotes), or 0
export const L_ADDED_LENGTH = 96;
export const L_CACHE = 100; // values seen, with what was found in them; 0: not worth it
export const L_SOUGHT = 104; // u32 list of the predicates that the cache's bits stand for
export const L_SOUGHT_COUNT = 108;

// Cache of values: binaries and paths are few and come again and again.
export const CACHE_ENTRIES = 256;
export const CACHE_ENTRY_SIZE = 256;
export const CACHE_LENGTH = 0; // length of the text + 1; 0: free
export const CACHE_FOUND = 8; // a bit for each predicate sought
export const CACHE_MOST_PREDICATES = 256;
export const CACHE_TEXT = 40;
export const CACHE_MOST_TEXT = 200;

// Predicate: one leaf of the expressions.
export const PREDICATE_SIZE = 72;
export const Q_TRUE = 0; // u64: the event in which it was true
export const Q_KNOWN = 8; // u64: the event in which it was decided
export const Q_NUMBER = 16; // f64
export const Q_OP = 24;
export const Q_FOLD = 28;
export const Q_TEXT = 32;
export const Q_TEXT_LENGTH = 36;
export const Q_COLUMN = 40;
export const Q_SOUGHT = 44; // 1: found by the pass over its column, so that no stamp means false
export const Q_CONDITIONS = 48; // u32 list of conditions that become candidates when it is true
export const Q_CONDITION_COUNT = 52;
export const Q_DFA = 56; // automaton, or 0: the host is asked
export const Q_REGEX = 60; // number by which the host knows it
export const Q_NEEDED = 64; // u32 list of literals, one of which stands in every match; for those of the host
export const Q_NEEDED_COUNT = 68;

export const OP_EXACT = 0;
export const OP_NOT_EXACT = 1;
export const OP_CONTAINS = 2;
export const OP_NOT_CONTAINS = 3;
export const OP_REGEX = 4;
export const OP_EQUAL = 8; // numeric ones from here
export const OP_NOT_EQUAL = 9;
export const OP_GREATER = 10;
export const OP_GREATER_EQUAL = 11;
export const OP_LESS = 12;
export const OP_LESS_EQUAL = 13;

// Threshold of the numeric lists.
export const THRESHOLD_SIZE = 16;
export const H_NUMBER = 0; // f64
export const H_PREDICATE = 8;
export const H_INCLUSIVE = 12;

// Table of equal texts: header, then slots of hash and predicate; open addressing, a predicate of 0 is free.
export const EXACT_LENGTHS = 0; // u64: bit n is set for texts of n bytes, the last for 63 and more
export const EXACT_MASK = 8; // number of slots - 1
export const EXACT_SLOTS = 16;

// Search for literals. Up to TEDDY_MOST of them by nibbles of three bytes in groups of eight buckets ("Teddy", after
// Hyperscan); more by a hash of three bytes. Both look at one window of each literal, chosen for being rare.
export const WINDOW = 3;
export const TEDDY_MOST = 96;
export const TEDDY_GROUP = 32;
export const S_GROUPS = 0; // number of groups, each TEDDY_SIZE bytes at S_TABLES; 0: by hash
export const S_SHORT = 4; // by hash: u32 list of literals shorter than a window
export const S_SHORT_COUNT = 8;
export const S_MASK = 12; // by hash: number of buckets - 1
export const S_BUCKETS = 16; // by hash: u32 per bucket, first literal
export const S_TABLES = 32; // groups, or the bitmap of HASH_BITS bits
export const TEDDY_SIZE = 160; // six masks of 16 bytes, then 8 × (list, count)
export const TEDDY_BUCKETS = 96;
export const HASH_BITS = 15;
export const HASH_FACTOR = 0x9e3779b1;

// Literal: a text to be found, and who wants to know.
export const LITERAL_SIZE = 40;
export const V_EVENT = 0; // u64: the event in which it was found
export const V_TEXT = 8;
export const V_LENGTH = 12;
export const V_OFFSET = 16; // of its window
export const V_FOLD = 20;
export const V_PREDICATES = 24; // u32 list: `contains` becomes true, a regex is tried
export const V_PREDICATE_COUNT = 28;
export const V_NEXT = 32; // by hash: next literal in the bucket
export const V_HASH = 36;

// Automaton of a regular expression, over bytes.
export const DFA_SHIFT = 0; // log2 of the entries of a row
export const DFA_START = 4;
export const DFA_ENDS = 8; // u8 per state: whether a match is complete at the end of the text
export const DFA_ROWS = 12; // u16 per state and class
export const DFA_CLASSES = 16; // 256 × u8
export const DFA_DEAD = 0; // states: no match can follow
export const DFA_MATCH = 1; // … a match was found

export const CONDITION_SIZE = 32;
export const D_CODE = 0; // first node
export const D_REPEATS = 4; // 0: an event; else a state
export const D_COUNT = 8;
export const D_FIRING = 12;
export const D_REPORT_BOTH = 16; // 1: the host hears of events that do not match, too
export const D_COLUMN = 20; // of a state that is looked at only when it may change: its only column
export const D_NEXT = 24; // neighbours among the column's firing ones
export const D_PREVIOUS = 28;

/** Decision node: predicate, node when true, node when false. */
export const NODE_SIZE = 12;
export const NODE_TRUE = 0xfffffffe;
export const NODE_FALSE = 0xffffffff;
export const NONE = 0xffffffff;
