/** The column budget for the oracle: which names may stand in a row of their own right, and what types they carried. */

import { MAX_NAME_BYTES } from '../limits.ts';
import { SERVER_COLUMNS } from './reference-flatten.ts';
import { encodeString } from './reference-json.ts';
import type { FlattenOptions } from './types.ts';

/** Exempt from the budget, so that a full one has a place for the rest. */
export const OVERFLOW = 'overflow';

/** A name without quotes, in UTF-8, as a row carries it. */
const writtenBytes = (name: string): number => Buffer.byteLength(encodeString(name)) - '""'.length;

type ScalarType = 'string' | 'number' | 'boolean';

function typeOf(value: string): ScalarType | undefined {
  if (value === 'null') return undefined;
  if (value.startsWith('"')) return 'string';
  return value === 'true' || value === 'false' ? 'boolean' : 'number';
}

/** The names that may be sent, with the type last sent under each. */
export class Budget {
  readonly #types: Map<string, ScalarType | undefined>;
  readonly #maxColumns: number;
  readonly #isFrozen: boolean;
  #nameBytes: number;
  typeChanges: number;

  constructor(
    options: FlattenOptions,
    known: { readonly names?: readonly string[]; readonly frozen?: boolean },
  ) {
    this.#types = new Map();
    this.#maxColumns = options.maxColumns;
    this.#isFrozen = known.frozen === true;
    this.#nameBytes = 0;
    this.typeChanges = 0;
    const preloaded = (known.names ?? []).filter((name) => !SERVER_COLUMNS.includes(name));
    for (const name of [...preloaded, ...options.addColumns.map(([name]) => name)]) this.#admit(name);
  }

  get names(): string[] {
    return [...this.#types.keys()];
  }

  /** Splits an event's names: the ones admitted before or now, in order. Nothing is remembered yet. */
  admissible(names: readonly string[]): Set<string> {
    const admitted = new Set<string>();
    let count = this.#types.size;
    let bytes = this.#nameBytes;
    for (const name of names) {
      if (this.#types.has(name) || name === OVERFLOW) {
        admitted.add(name);
      } else if (
        !this.#isFrozen &&
        count < this.#maxColumns &&
        bytes + writtenBytes(name) <= MAX_NAME_BYTES
      ) {
        admitted.add(name);
        count++;
        bytes += writtenBytes(name);
      }
    }
    return admitted;
  }

  /** Remembers what a shipped row carried. */
  commit(name: string, value: string): void {
    this.#admit(name);
    if (!this.#types.has(name)) return;
    const type = typeOf(value);
    const before = this.#types.get(name);
    if (type === undefined) return;
    if (before !== undefined && before !== type) this.typeChanges++;
    this.#types.set(name, type);
  }

  #admit(name: string): void {
    if (this.#types.has(name) || name === OVERFLOW) return;
    this.#types.set(name, undefined);
    this.#nameBytes += writtenBytes(name);
  }
}
