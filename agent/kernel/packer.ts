/**
 * A sealed body of rows as a zstd frame, made in kernel memory from what the flattener knows of it (assembly/pack.ts);
 * this side makes the codes between the two halves. Runs once a batch.
 */

import * as L from './layout.ts';
import type { KernelExports } from './module.ts';
import type { Regions } from './regions.ts';
import { huffmanCode, type StateTable, stateTable } from './zstd-codes.ts';

const BYTES = 256;
/** Codes that lengths of literals, lengths of matches, and offsets below 2^27 can have. */
const LITERAL_LENGTH_CODES = 36;
const MATCH_LENGTH_CODES = 53;
const OFFSET_CODES = 28;

/** Extra bits of each code (RFC 8878, tables 16 and 17), as [code from which on, bits]. */
const LITERAL_LENGTH_BITS = [
  ...Array<number>(16).fill(0),
  ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
];
const MATCH_LENGTH_BITS = [
  ...Array<number>(32).fill(0),
  ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
];

export class Packer {
  readonly #exports: KernelExports;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #pack: number;
  readonly #frame: number;

  constructor(exports: KernelExports, memory: { bytes: Uint8Array; words: Uint32Array }, regions: Regions) {
    this.#exports = exports;
    this.#bytes = memory.bytes;
    this.#words = memory.words;
    this.#pack = regions.pack;
    this.#frame = regions.frame;
    this.#bytes.set(codesOfLengths(LITERAL_LENGTH_BITS, 64), this.#pack + L.K_LITERAL_CODES);
    this.#bytes.set(codesOfLengths(MATCH_LENGTH_BITS, 128), this.#pack + L.K_MATCH_CODES);
    this.#bytes.set(LITERAL_LENGTH_BITS, this.#pack + L.K_LITERAL_BITS);
    this.#bytes.set(MATCH_LENGTH_BITS, this.#pack + L.K_MATCH_BITS);
  }

  /**
   * The frame of the `length` bytes at `body`, owned by the caller.
   * @param hintsEnd of the hints that their flattening left from `hints` on
   * @returns undefined when the body is too unlike ordinary rows, and must be compressed by other means
   */
  pack(body: number, length: number, hints: number, hintsEnd: number): Uint8Array | undefined {
    if (this.#exports.countRepeats(body, length, hints, hintsEnd) === 0) return undefined;
    const bytes = this.#counts(L.K_BYTES, BYTES);
    const odd = this.#counts(L.K_BYTES_ODD, BYTES);
    for (let byte = 0; byte < BYTES; byte++) bytes[byte] = (bytes[byte] ?? 0) + (odd[byte] ?? 0);
    const huffman = huffmanCode(bytes);
    if (huffman === undefined) return undefined;
    this.#words.set(huffman.codes, (this.#pack + L.K_HUFFMAN) >> 2);
    this.#describe(L.K_TREE, huffman.description);
    const literals = stateTable(this.#counts(L.K_LITERAL_LENGTHS, LITERAL_LENGTH_CODES), L.LITERAL_LOG);
    const offsets = stateTable(this.#counts(L.K_OFFSETS, OFFSET_CODES), L.OFFSET_LOG);
    const matches = stateTable(this.#counts(L.K_MATCH_LENGTHS, MATCH_LENGTH_CODES), L.MATCH_LOG);
    this.#putStates(L.K_LITERAL_STATES, literals);
    this.#putStates(L.K_OFFSET_STATES, offsets);
    this.#putStates(L.K_MATCH_STATES, matches);
    this.#describe(L.K_TABLES, [...literals.description, ...offsets.description, ...matches.description]);
    const frameLength = this.#exports.packFrame(length);
    return frameLength === 0 ? undefined : this.#bytes.slice(this.#frame, this.#frame + frameLength);
  }

  #counts(table: number, count: number): Uint32Array {
    const from = (this.#pack + table) >> 2;
    return this.#words.subarray(from, from + count);
  }

  #describe(place: number, description: readonly number[]): void {
    this.#words[(this.#pack + place) >> 2] = description.length;
    this.#bytes.set(description, this.#pack + place + 4);
  }

  #putStates(place: number, { states, symbols }: StateTable): void {
    const at = this.#pack + place;
    this.#bytes.set(new Uint8Array(states.buffer), at); // WebAssembly's order of bytes is that of every Node
    let word = (at + L.STATES_SYMBOLS) >> 2;
    for (const { bits, place } of symbols) {
      this.#words[word++] = bits;
      this.#words[word++] = place;
    }
  }
}

/** The code of each length below `count`, when code i stands for 2^bits[i] lengths. */
function codesOfLengths(bits: readonly number[], count: number): Uint8Array {
  const codes = new Uint8Array(count);
  let length = 0;
  bits.forEach((extra, code) => {
    for (let i = 0; i < 2 ** extra && length < count; i++) codes[length++] = code;
  });
  return codes;
}
