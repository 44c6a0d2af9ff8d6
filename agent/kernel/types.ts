/** What the kernel and its reference agree on: the contract of `docs/architecture.md`, in types. */

import type { Expression } from '../../rules/ast.ts';
import type { EventIdOptions } from './event-id.ts';

export type RejectReason =
  | 'too_long'
  | 'invalid_utf8'
  | 'invalid_json'
  | 'too_deep'
  | 'not_object'
  | 'row_too_large';

/** In the order of the codes that the WebAssembly module writes (index = code). */
export const REJECT_REASONS: readonly RejectReason[] = [
  'too_long',
  'invalid_utf8',
  'invalid_json',
  'too_deep',
  'not_object',
  'row_too_large',
];

/** For people: why a line became no row. */
export const REJECT_MESSAGES: Readonly<Record<RejectReason, string>> = {
  too_long: 'the line is longer than TETRASHIP_MAX_LINE; its first 64 KiB are kept here',
  invalid_utf8: 'the line holds bytes that are not UTF-8, or half of a surrogate pair',
  invalid_json: 'the line is not one JSON value',
  too_deep: 'more than 64 objects and arrays stand in one another',
  not_object: 'the line is JSON, but not an object',
  row_too_large: 'the row would be longer than 4 MiB',
};

export interface FlattenOptions {
  /** `merge`: arrays of objects are flattened; `json`: every array becomes JSON text. */
  readonly arrays: 'merge' | 'json';
  /** Keys or whole joined names (decoded) whose objects and arrays become JSON text. */
  readonly jsonColumns: readonly string[];
  readonly maxColumns: number;
  readonly maxLineBytes: number;
  /** Added to every row, in this order. */
  readonly addColumns: readonly (readonly [name: string, value: string])[];
  /** A last column with an id that is the same whenever the same line is read again. */
  readonly eventId?: EventIdOptions | undefined;
  /** Exact names or `prefix*`; not sent. Rules still see them. */
  readonly dropColumns: readonly string[];
  /** Exact names or `prefix*`; sent as `[redacted]`. Rules still see them. */
  readonly redactColumns: readonly string[];
}

/**
 * A rule as the kernel evaluates it; its index in the list is the number the kernel reports.
 * Without `repeats` it is an event: every match is reported. With `repeats` it is a state (`column` rules):
 * of the events that have the column, `repeats` matches since the last resolve (not necessarily in a row)
 * report `firing` once, further matches are silent, and the first non-match after that reports `resolved`
 * and starts the count anew; a non-match before firing leaves the count.
 *
 * `report: 'both'` is for state that the host keeps (one state per group, say): every event that has one of the
 * expression's columns is reported, as `match` or as `non_match`. It excludes `repeats`.
 */
export interface Condition {
  readonly expression: Expression;
  /** For messages about it. */
  readonly name?: string;
  readonly repeats?: number;
  readonly report?: 'matches' | 'both';
}

/** What the kernel remembers of a condition with `repeats`: matches since the last resolve, and whether it fires. */
export interface ConditionState {
  readonly count: number;
  readonly firing: boolean;
}

export type MatchKind = 'match' | 'firing' | 'resolved' | 'non_match';

/** In the order of the codes that the WebAssembly module writes (index = code). */
export const MATCH_KINDS: readonly MatchKind[] = ['match', 'firing', 'resolved', 'non_match'];

/** Which events are shipped; conditions see all of them. */
export interface Filters {
  readonly include?: Expression;
  readonly exclude?: Expression;
}

/** What a whole run over a byte stream gives, for comparing two implementations. */
export interface RunResult {
  /** Shipped rows in order, each the exact bytes. */
  readonly rows: readonly { readonly bytes: Uint8Array; readonly offset: number; readonly length: number }[];
  /** `length` is the line with its line end. `head` is the line without its end, cut to 64 KiB for `too_long`. */
  readonly rejects: readonly {
    readonly reason: RejectReason;
    readonly offset: number;
    readonly length: number;
    readonly head: Uint8Array;
  }[];
  /** `row` is the row as it would be sent (also when a filter keeps it from being sent). */
  readonly matches: readonly {
    readonly condition: number;
    readonly kind: MatchKind;
    readonly offset: number;
    readonly row: Uint8Array;
  }[];
  readonly blankLines: number;
  readonly filteredEvents: number;
  /** Admitted names, decoded, in order of admission (preloaded ones first). */
  readonly names: readonly string[];
  readonly typeChanges: number;
}
