/** The key under which a file's events get their ids; what is hashed under it stands in assembly/event-id.ts. */

import { createHash } from 'node:crypto';

export interface EventIdOptions {
  readonly column: string;
  readonly node: string;
}

/** Bytes of an id as text. */
export const EVENT_ID_DIGITS = 32;

/**
 * 32 bytes of node and file.
 * @param firstLineHash as in `FileIdentity`: the same for a file, its renamed backup and its compressed copy
 */
export function eventIdKey(node: string, firstLineHash: string): Buffer {
  return createHash('sha256').update(`${node}\0${firstLineHash}`).digest();
}
