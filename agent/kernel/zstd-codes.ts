/**
 * Codes for a zstd frame from counted symbols (RFC 8878, sections 4.1 and 4.2): a Huffman code for literals, finite
 * state entropy tables for the rest. Runs once a batch, on a few hundred numbers.
 */

/** The format's longest code of a literal. */
const LONGEST_CODE = 11;
/** Weights beyond so many symbols must be compressed themselves. */
const MOST_PLAIN_WEIGHTS = 128;
const WEIGHT_LOG = 6;
const SMALLEST_LOG = 5;

export interface HuffmanCode {
  /** Per byte: bits << 8 | their number; 0 for one that does not occur. */
  readonly codes: Uint32Array;
  /** Of the tree, as a block holds it. */
  readonly description: readonly number[];
}

export interface StateTable {
  /** Next state by place. */
  readonly states: Uint16Array;
  /** Per symbol: what is added to a state for its number of bits, and for its place. */
  readonly symbols: readonly { readonly bits: number; readonly place: number }[];
  readonly description: readonly number[];
}

/** Bits from the lowest up, as every part of the format has them. */
class BitWriter {
  readonly bytes: number[] = [];
  #pending = 0;
  #count = 0;

  add(value: number, bits: number): void {
    this.#pending += value * 2 ** this.#count;
    this.#count += bits;
    for (; this.#count >= 8; this.#count -= 8) {
      this.bytes.push(this.#pending % 256);
      this.#pending = Math.floor(this.#pending / 256);
    }
  }

  finish(): readonly number[] {
    if (this.#count > 0) this.bytes.push(this.#pending);
    return this.bytes;
  }
}

/**
 * A code for the bytes counted.
 * @returns undefined when its description would be no legal one: more than 129 kinds of bytes, all about as frequent
 */
export function huffmanCode(counts: Uint32Array): HuffmanCode | undefined {
  const lengths = codeLengths(withTwo(counts));
  const longest = greatest(lengths);
  const last = lengths.findLastIndex((length) => length > 0);
  const weights = Array.from(lengths.subarray(0, last), (length) =>
    length === 0 ? 0 : longest + 1 - length,
  );
  const description =
    weights.length <= MOST_PLAIN_WEIGHTS ? plainWeights(weights) : compressedWeights(weights);
  return description && { codes: canonicalCodes(lengths, longest), description };
}

/** A code needs two symbols, also when only one occurs, or none. */
function withTwo(counts: Uint32Array): Uint32Array {
  const result = Uint32Array.from(counts);
  let kinds = 0;
  for (let symbol = 0; symbol < result.length; symbol++) if (result[symbol] !== 0) kinds++;
  for (let symbol = 0; kinds < 2; symbol++) {
    if (result[symbol] !== 0) continue;
    result[symbol] = 1;
    kinds++;
  }
  return result;
}

/** Length of each symbol's code: Huffman's, with rare symbols counted as less rare until none is too long. */
function codeLengths(counts: Uint32Array): Uint8Array {
  let total = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) total += counts[symbol] ?? 0;
  for (let log = LONGEST_CODE; ; log--) {
    const least = Math.ceil(total / 2 ** log);
    const lengths = huffmanLengths(counts.map((count) => (count === 0 ? 0 : Math.max(count, least))));
    if (greatest(lengths) <= LONGEST_CODE) return lengths;
  }
}

function greatest(values: Uint8Array): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i] ?? 0);
  return most;
}

/** Leaves in order of their counts, and joints, which come about in order of theirs: no queue needs to be sorted. */
function huffmanLengths(counts: Uint32Array): Uint8Array {
  const symbols: number[] = [];
  for (let symbol = 0; symbol < counts.length; symbol++) if (counts[symbol] !== 0) symbols.push(symbol);
  symbols.sort((a, b) => (counts[a] ?? 0) - (counts[b] ?? 0));
  const leaves = symbols.length;
  const nodes = 2 * leaves - 1;
  const weights = new Float64Array(nodes + 1).fill(Number.POSITIVE_INFINITY);
  for (let leaf = 0; leaf < leaves; leaf++) weights[leaf] = counts[symbols[leaf] ?? 0] ?? 0;
  const parents = new Uint16Array(nodes);
  let leaf = 0;
  let joint = leaves;
  for (let node = leaves; node < nodes; node++) {
    let weight = 0;
    for (let child = 0; child < 2; child++) {
      const isLeaf = leaf < leaves && (joint >= node || (weights[leaf] ?? 0) <= (weights[joint] ?? 0));
      const taken = isLeaf ? leaf++ : joint++;
      weight += weights[taken] ?? 0;
      parents[taken] = node;
    }
    weights[node] = weight;
  }
  const depths = new Uint8Array(nodes);
  for (let node = nodes - 2; node >= 0; node--) depths[node] = (depths[parents[node] ?? 0] ?? 0) + 1;
  const lengths = new Uint8Array(counts.length);
  for (let i = 0; i < leaves; i++) lengths[symbols[i] ?? 0] = depths[i] ?? 0;
  return lengths;
}

/** The longest codes come first, symbols of one length in their order. */
function canonicalCodes(lengths: Uint8Array, longest: number): Uint32Array {
  const ofLength = new Uint32Array(longest + 1);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] ?? 0;
    ofLength[length] = (ofLength[length] ?? 0) + 1;
  }
  const next = new Uint32Array(longest + 1);
  let code = 0;
  for (let length = longest; length > 0; length--) {
    next[length] = code;
    code = (code + (ofLength[length] ?? 0)) >> 1;
  }
  const codes = new Uint32Array(lengths.length);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] ?? 0;
    if (length === 0) continue;
    const bits = next[length] ?? 0;
    next[length] = bits + 1;
    codes[symbol] = (bits << 8) | length;
  }
  return codes;
}

function plainWeights(weights: readonly number[]): number[] {
  const bytes = [MOST_PLAIN_WEIGHTS - 1 + weights.length];
  for (let i = 0; i < weights.length; i += 2) bytes.push(((weights[i] ?? 0) << 4) | (weights[i + 1] ?? 0));
  return bytes;
}

/** Two states take turns, from the last weight to the first. */
function compressedWeights(weights: readonly number[]): readonly number[] | undefined {
  const counts = new Uint32Array(LONGEST_CODE + 2);
  for (const weight of weights) counts[weight] = (counts[weight] ?? 0) + 1;
  if (counts.filter((count) => count > 0).length < 2) return undefined;
  const table = stateTable(counts, WEIGHT_LOG);
  const writer = new BitWriter();
  const states: (number | undefined)[] = [undefined, undefined];
  for (let i = weights.length - 1; i >= 0; i--) {
    const symbol = table.symbols[weights[i] ?? 0] ?? { bits: 0, place: 0 };
    const turn = i % 2;
    const state = states[turn];
    if (state === undefined) {
      const wide = (symbol.bits + (1 << 15)) >> 16;
      states[turn] = table.states[(((wide << 16) - symbol.bits) >> wide) + symbol.place] ?? 0;
    } else {
      const wide = (state + symbol.bits) >> 16;
      writer.add(state & ((1 << wide) - 1), wide);
      states[turn] = table.states[(state >> wide) + symbol.place] ?? 0;
    }
  }
  writer.add((states[1] ?? 0) & ((1 << WEIGHT_LOG) - 1), WEIGHT_LOG);
  writer.add((states[0] ?? 0) & ((1 << WEIGHT_LOG) - 1), WEIGHT_LOG);
  writer.add(1, 1);
  const bytes = [...table.description, ...writer.finish()];
  return bytes.length < MOST_PLAIN_WEIGHTS ? [bytes.length, ...bytes] : undefined;
}

/** A table of 2^log states for the symbols counted. */
export function stateTable(counts: Uint32Array, log: number): StateTable {
  const shares = normalize(withTwo(counts), log);
  const size = 1 << log;
  const spread = new Uint8Array(size);
  const next = new Uint16Array(shares.length);
  const step = (size >> 1) + (size >> 3) + 3;
  let position = 0;
  let total = 0;
  for (let symbol = 0; symbol < shares.length; symbol++) {
    const share = shares[symbol] ?? 0;
    next[symbol] = total;
    total += share;
    for (let i = 0; i < share; i++) {
      spread[position] = symbol;
      position = (position + step) & (size - 1);
    }
  }
  const states = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const symbol = spread[state] ?? 0;
    const place = next[symbol] ?? 0;
    states[place] = size + state;
    next[symbol] = place + 1;
  }
  let before = 0;
  const symbols = shares.map((share) => {
    const wide = share > 1 ? log - (31 - Math.clz32(share - 1)) : log;
    const symbol = { bits: (wide << 16) - (share << wide), place: before - share };
    before += share;
    return symbol;
  });
  return { states, symbols, description: tableDescription(shares, log) };
}

/** Counts scaled to a sum of 2^log, none that occurs to 0. */
function normalize(counts: Uint32Array, log: number): number[] {
  const size = 1 << log;
  const sum = counts.reduce((total, count) => total + count, 0);
  const shares = Array.from(counts.subarray(0, counts.findLastIndex((count) => count > 0) + 1), (count) =>
    count === 0 ? 0 : Math.max(1, Math.round((count * size) / sum)),
  );
  // The greatest share bears the rounding, one by one so that none of them falls to nothing.
  for (let surplus = shares.reduce((a, b) => a + b, 0) - size; surplus !== 0; ) {
    const greatest = shares.indexOf(Math.max(...shares));
    const step = surplus > 0 ? 1 : surplus;
    shares[greatest] = (shares[greatest] ?? 0) - step;
    surplus -= step;
  }
  return shares;
}

/** Section 4.1.1: each share in as few bits as what is left allows. */
function tableDescription(shares: readonly number[], log: number): readonly number[] {
  const writer = new BitWriter();
  writer.add(log - SMALLEST_LOG, 4);
  let left = (1 << log) + 1;
  let threshold = 1 << log;
  let wide = log + 1;
  for (let symbol = 0; symbol < shares.length && left > 1; ) {
    const share = shares[symbol++] ?? 0;
    const most = 2 * threshold - 1 - left;
    left -= share;
    let value = share + 1;
    if (value >= threshold) value += most;
    writer.add(value, value < most ? wide - 1 : wide);
    while (left < threshold) {
      wide--;
      threshold >>= 1;
    }
    if (share !== 0) continue;
    // How many further zeros follow, three at a time.
    let zeros = 0;
    while ((shares[symbol] ?? 1) === 0) {
      zeros++;
      symbol++;
    }
    for (; zeros >= 3; zeros -= 3) writer.add(3, 2);
    writer.add(zeros, 2);
  }
  return writer.finish();
}
