/** Every fixed bound in one place, each with its reason. What an operator may change stands in config.ts. */

export const KiB = 1024;
export const MiB = 1024 * 1024;
export const GiB = 1024 * MiB;

/** Bytes asked of the log in one read: small enough that input and rows stay in a core's 1 MiB L2 cache. */
export const READ_CHUNK_BYTES = 256 * KiB;

/** Containers in one another before a line is `too_deep`; contract, rule 1. */
export const MAX_DEPTH = 64;

/** A row longer than this is `row_too_large`; contract, rule 1. */
export const MAX_ROW_BYTES = 4 * MiB;

/** Names that the agent has sent take at most this together; contract, rule 8. */
export const MAX_NAME_BYTES = 256 * KiB;

/** What a dead letter keeps of a line that never ended; contract, rule 1. */
export const TOO_LONG_PREFIX_BYTES = 64 * KiB;

/** Rows in one batch slot: bounds the row table (16 bytes each) when lines are tiny. */
export const MAX_ROWS_PER_SLOT = 16_384;

/** Batch slots: one being filled, one being encoded, one in reserve. More slots only hide a slower encoder. */
export const SLOT_COUNT = 3;

/** Rejects the kernel reports in one call before it hands back to the host. */
export const MAX_REJECTS_PER_CALL = 1024;

/** Parseable refuses a decompressed body above this (P_MAX_EVENT_PAYLOAD_SIZE, its default). */
export const MAX_BODY_BYTES = 10 * MiB;
