/** The columns of flat rows: which there are, of what type, how often, with examples. */

import type { SealedSlot } from '../kernel/kernel.ts';

const EXAMPLES = 3;
/** Longer ones tell no more. */
const EXAMPLE_CHARS = 60;

export type ColumnType = 'string' | 'number' | 'boolean';

export interface ColumnFacts {
  readonly name: string;
  /** More than one where events disagree; none where the value was always null. */
  readonly types: Set<ColumnType>;
  /** Events that have it with a value. */
  count: number;
  /** The first different values, cut. */
  readonly examples: string[];
}

export class ColumnCensus {
  readonly #columns: Map<string, ColumnFacts>;

  constructor() {
    this.#columns = new Map();
  }

  /** By name. */
  get columns(): readonly ColumnFacts[] {
    return [...this.#columns.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Takes the rows of one slot. */
  take({ raw }: SealedSlot): void {
    const rows: unknown = JSON.parse(Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString());
    if (!Array.isArray(rows)) return;
    for (const row of rows) for (const [name, value] of Object.entries(Object(row))) this.#see(name, value);
  }

  #see(name: string, value: unknown): void {
    const facts = this.#columns.get(name) ?? { name, types: new Set(), count: 0, examples: [] };
    if (facts.count === 0) this.#columns.set(name, facts);
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return;
    facts.count++;
    facts.types.add(typeName(value));
    if (facts.examples.length === EXAMPLES) return;
    const text = String(value);
    const example = text.length > EXAMPLE_CHARS ? `${text.slice(0, EXAMPLE_CHARS - 1)}…` : text;
    if (!facts.examples.includes(example)) facts.examples.push(example);
  }
}

function typeName(value: string | number | boolean): ColumnType {
  if (typeof value === 'string') return 'string';
  return typeof value === 'number' ? 'number' : 'boolean';
}
