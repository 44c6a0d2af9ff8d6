/** Every fixed bound in one place, each with its reason. What an operator may change stands in config.ts. */

export const KiB = 1024;
export const MiB = 1024 * 1024;
export const GiB = 1024 * MiB;

/** Bytes asked of the log in one read: small enough that input and rows stay in a core's 1 MiB L2 cache. */
export const READ_CHUNK_BYTES = 256 * KiB;

/** A row longer than this is `row_too_large`; contract, rule 1. */
export const MAX_ROW_BYTES = 4 * MiB;

/** Names that the agent has sent take at most this together; contract, rule 8. */
export const MAX_NAME_BYTES = 256 * KiB;

/** What a dead letter keeps of a line that never ended; contract, rule 1. */
export const TOO_LONG_PREFIX_BYTES = 64 * KiB;

/** Rows in one batch slot: bounds the row table (16 bytes each) when lines are tiny. */
export const MAX_ROWS_PER_SLOT = 16_384;

/** Batch slots: one being filled while the other is encoded. A third was measured: no faster, 2 MiB larger. */
export const SLOT_COUNT = 2;

/** Rejects the kernel reports in one call before it hands back to the host. */
export const MAX_REJECTS_PER_CALL = 1024;

/** Parseable refuses a decompressed body above this (P_MAX_EVENT_PAYLOAD_SIZE, its default). */
export const MAX_BODY_BYTES = 10 * MiB;

// Rules and alerts. Rule documents are written by operators but read as if they were hostile; messages are
// written by whoever writes the log.

/** One rules document: 10,000 rules of a kilobyte and a half. */
export const MAX_RULES_DOCUMENT_BYTES = 16 * MiB;

/** Rules in all files together: what the kernel's tables and the metrics' labels are sized for. */
export const MAX_RULES = 10_000;

/** Containers in one another in a rules document: two (object and list) for each level of an expression, and room. */
export const MAX_RULES_DOCUMENT_DEPTH = 600;

/** One expression as text: far beyond what anybody reads, small enough to parse in a millisecond or two. */
export const MAX_EXPRESSION_CHARS = 64 * KiB;

/** Nodes in one another in an expression tree, after chains are made flat: keeps every recursion over it shallow. */
export const MAX_EXPRESSION_DEPTH = 256;

/** A regular expression as text: RE2 programs grow with it. */
export const MAX_REGEX_CHARS = 4 * KiB;

/**
 * States of one regular expression's automaton: what people write takes tens, `(a{1,50}){1,20}x` a thousand. A row is
 * two bytes for each class of bytes, so this is a quarter of a MiB at most for usual ones.
 */
export const MAX_DFA_STATES = 2_000;

/** All automata together, in the kernel's memory: as they are used, they also want a place in the cache. */
export const MAX_DFA_BYTES = 12 * MiB;

/** Steps of building all automata: one or two seconds. What is over goes the way of the too large ones. */
export const MAX_DFA_STEPS = 20_000_000;

/** … and of one: a tenth of a second, for which nothing else is done. */
export const MAX_DFA_STEPS_OF_ONE = 1_000_000;

/** Problems shown of one rules document: more do not help anybody to mend the first. */
export const MAX_RULE_PROBLEMS_SHOWN = 20;

/** A rendered message in UTF-8: Slack shows 4,000 characters, and 10,000 windows each keep one. */
export const MAX_MESSAGE_BYTES = 8 * KiB;

/** Repeat windows kept at once; contract of the alert format. */
export const MAX_WINDOWS = 10_000;

/** Messages that the repeat windows keep, together. */
export const MAX_WINDOW_BYTES = 8 * MiB;

/** Groups (`groupBy`) of one rule: more pods, binaries or users than a node has at a time. */
export const MAX_GROUPS_PER_RULE = 2_000;

/** Groups of all rules together; 30,000 of the usual size. */
export const MAX_GROUP_BYTES = 8 * MiB;

/** One value in a group's name; longer ones are cut, so that two that begin alike are one group. */
export const MAX_GROUP_VALUE_BYTES = 256;

/** A row in a notification (`includeEvent`): eight of the longest fill a target's queue, and the usual row has 3 KiB. */
export const MAX_EVENT_BYTES = 64 * KiB;

/** Notifications that wait for one target. */
export const MAX_TARGET_QUEUE_COUNT = 1_000;

/** Their messages: a dead target can take this much of the whole and no more. */
export const MAX_TARGET_QUEUE_BYTES = 512 * KiB;

/** Notifications that wait for all targets together: sixteen dead targets before a healthy one is touched. */
export const MAX_ALERT_QUEUE_BYTES = 8 * MiB;

/** Logs that globs may bring: each holds a descriptor, and a glob that is too wide must not eat them all. */
export const MAX_LOGS = 256;

/** Log files of one lineage held open at once: ten times the backups that Tetragon keeps, far below a limit of 1,024 descriptors. */
export const HELD_FILES_LIMIT = 64;

/** Disk space that deleted log files may keep occupied because they are held unread, per lineage. */
export const HELD_DELETED_LIMIT_BYTES = GiB;
