/**
 * Classes of runes as byte automata over UTF-8 (RFC 3629). A node is a list of byte ranges with where each leads;
 * equal nodes are one, so that even `\pL` is a few hundred.
 */

/** Behind the last byte of a rune. */
export const DONE = -1;

export interface Utf8Nodes {
  /** The node at which a rune of these ranges begins. */
  rootOf(ranges: readonly (readonly [first: number, last: number])[]): number;
  /** Where a byte leads from a node: another node, DONE, or NOWHERE. */
  step(node: number, byte: number): number;
  /** Every byte at which some node's answer changes. */
  readonly bounds: ReadonlySet<number>;
}

export const NOWHERE = -2;

/** Runes of one length in UTF-8, without the surrogates. */
const LENGTHS: readonly (readonly [first: number, last: number, bytes: number])[] = [
  [0x0, 0x7f, 1],
  [0x80, 0x7ff, 2],
  [0x800, 0xd7ff, 3],
  [0xe000, 0xffff, 3],
  [0x10000, 0x10ffff, 4],
];

interface Edge {
  readonly low: number;
  readonly high: number;
  readonly next: number;
}

export class Utf8Automata implements Utf8Nodes {
  readonly bounds: Set<number>;
  readonly #tables: Int32Array[];
  readonly #byKey: Map<string, number>;
  readonly #roots: Map<string, number>;

  constructor() {
    this.bounds = new Set();
    this.#tables = [];
    this.#byKey = new Map();
    this.#roots = new Map();
  }

  rootOf(ranges: readonly (readonly [first: number, last: number])[]): number {
    const key = ranges.join(';');
    const known = this.#roots.get(key);
    if (known !== undefined) return known;
    const sequences: Sequence[] = [];
    for (const [first, last] of ranges) {
      for (const [from, to, bytes] of LENGTHS) {
        split(Math.max(first, from), Math.min(last, to), bytes, sequences);
      }
    }
    const root = this.#node(sequences);
    this.#roots.set(key, root);
    return root;
  }

  step(node: number, byte: number): number {
    return this.#tables[node]?.[byte] ?? NOWHERE;
  }

  /** Sequences in order; two begin with the same range of bytes or with ranges apart. */
  #node(sequences: readonly Sequence[]): number {
    const edges: Edge[] = [];
    for (let i = 0; i < sequences.length; ) {
      const [low = 0, high = 0] = sequences[i]?.[0] ?? [];
      let to = i + 1;
      while (to < sequences.length && sequences[to]?.[0]?.[0] === low) to++;
      const rest = sequences.slice(i, to).map((sequence) => sequence.slice(1));
      edges.push({ low, high, next: rest[0]?.length === 0 ? DONE : this.#node(rest) });
      i = to;
    }
    const key = edges.map(({ low, high, next }) => `${low}-${high}:${next}`).join(',');
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const table = new Int32Array(256).fill(NOWHERE);
    for (const { low, high, next } of edges) {
      table.fill(next, low, high + 1);
      this.bounds.add(low);
      this.bounds.add(high + 1);
    }
    this.#byKey.set(key, this.#tables.length);
    return this.#tables.push(table) - 1;
  }
}

/** Ranges of bytes, one for each place. */
type Sequence = readonly (readonly [low: number, high: number])[];

/** Cuts a range of runes of one length into sequences in which every byte runs independently of the others. */
function split(first: number, last: number, bytes: number, into: Sequence[]): void {
  if (first > last) return;
  for (let low = 1; low < bytes; low++) {
    const mask = (1 << (6 * low)) - 1;
    if (first >> (6 * low) === last >> (6 * low)) continue;
    if ((first & mask) !== 0) {
      split(first, first | mask, bytes, into);
      split((first | mask) + 1, last, bytes, into);
      return;
    }
    if ((last & mask) !== mask) {
      split(first, (last & ~mask) - 1, bytes, into);
      split(last & ~mask, last, bytes, into);
      return;
    }
  }
  const from = encode(first, bytes);
  const to = encode(last, bytes);
  into.push(from.map((byte, i) => [byte, to[i] ?? byte] as const));
}

function encode(rune: number, bytes: number): number[] {
  if (bytes === 1) return [rune];
  const lead = [0, 0, 0xc0, 0xe0, 0xf0][bytes] ?? 0;
  return Array.from({ length: bytes }, (_, i) => {
    const part = rune >> (6 * (bytes - 1 - i));
    return i === 0 ? lead | part : 0x80 | (part & 0x3f);
  });
}
