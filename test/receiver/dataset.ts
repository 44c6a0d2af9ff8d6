/**
 * One dataset as the server keeps it: its columns and their types, the limit at which it refuses everything,
 * and the faults of rows that are not flat.
 */

/** The server's own columns: an event that brings one is refused. */
export const RESERVED_COLUMNS: readonly string[] = ['p_timestamp', 'p_user_agent', 'p_src_ip', 'p_format'];

/** Columns after which a dataset refuses every further request. */
export const MAX_DATASET_COLUMNS = 1000;

/** A test that goes wrong in every row needs no million messages. */
const MAX_REMEMBERED = 1000;

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

export type DataType = 'Utf8' | 'Float64' | 'Boolean' | 'Timestamp' | 'List';

export type Row = Readonly<Record<string, unknown>>;

/** A value that stands beside its column under a renamed one, because its type changed. */
export interface TypeSplit {
  readonly column: string;
  readonly renamed: string;
  readonly was: DataType;
}

/** A row that is not flat: the server would have flattened or multiplied it. */
export interface Exploded {
  readonly column: string;
  readonly kind: 'object' | 'array' | 'empty object' | 'empty array';
}

export class Dataset {
  readonly name: string;
  /** By name, in order of appearance. */
  readonly columns: Map<string, DataType>;
  readonly splits: TypeSplit[];
  readonly exploded: Exploded[];
  explodedCount: number;

  constructor(name: string) {
    this.name = name;
    this.columns = new Map([
      ['p_timestamp', 'Timestamp'],
      ['p_user_agent', 'Utf8'],
      ['p_src_ip', 'Utf8'],
    ]);
    this.splits = [];
    this.exploded = [];
    this.explodedCount = 0;
  }

  /** The server's words once the limit has been crossed, else `undefined`. The crossing request still passes. */
  refusal(): string | undefined {
    if (this.columns.size <= MAX_DATASET_COLUMNS) return undefined;
    return `Total number of fields ${this.columns.size} exceeds the permissible limit of ${MAX_DATASET_COLUMNS}`;
  }

  /** Takes the columns of an accepted row. */
  take(row: Row): void {
    for (const [key, value] of Object.entries(row)) {
      this.#column(key.startsWith('@') ? `_${key.slice(1)}` : key, value);
    }
  }

  #column(name: string, value: unknown): void {
    if (value === null) return;
    if (typeof value === 'object') {
      this.#nested(name, value);
      return;
    }
    const type = typeOf(name, value);
    const stored = this.columns.get(name);
    if (stored === undefined) {
      this.columns.set(name, type);
    } else if (stored !== type && !(stored === 'Utf8' && type === 'Timestamp')) {
      const renamed = `${name}_${suffixOf(value)}`;
      this.columns.set(renamed, type === 'Timestamp' ? 'Utf8' : type);
      if (this.splits.length < MAX_REMEMBERED && !this.splits.some((split) => split.renamed === renamed)) {
        this.splits.push({ column: name, renamed, was: stored });
      }
    }
  }

  #nested(name: string, value: object): void {
    const elements = Array.isArray(value) ? value : undefined;
    const empty = Object.keys(value).length === 0;
    const kind = elements === undefined ? 'object' : 'array';
    this.explodedCount++;
    if (this.exploded.length < MAX_REMEMBERED) {
      this.exploded.push({ column: name, kind: empty ? `empty ${kind}` : kind });
    }
    if (elements !== undefined && empty) this.columns.set(name, 'List');
    if (elements !== undefined) {
      for (const element of elements) this.#column(name, element);
    } else {
      for (const [key, inner] of Object.entries(value)) this.#column(`${name}_${key}`, inner);
    }
  }
}

function typeOf(name: string, value: unknown): DataType {
  if (typeof value === 'number') return 'Float64';
  if (typeof value === 'boolean') return 'Boolean';
  return name.includes('time') && typeof value === 'string' && RFC3339.test(value) ? 'Timestamp' : 'Utf8';
}

function suffixOf(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'utf8';
}
