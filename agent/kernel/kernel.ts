/**
 * The host's side of the kernel: one WebAssembly instance, its input buffer, its batch slots.
 *
 * Owns the memory; nothing is allocated per event. The caller reads bytes into `input`, calls `process`, and
 * takes rejects and matches before the next call: everything they point to is valid until then. A slot is
 * opened, filled over any number of calls, sealed, and free again when its body has been copied or encoded.
 */

import { randomBytes } from 'node:crypto';
import { TetrashipError } from '../errors.ts';
import { READ_CHUNK_BYTES } from '../limits.ts';
import { lastColumns, type Pattern, patternsOf, suffixOf } from './constants.ts';
import { EVENT_ID_DIGITS, eventIdKey } from './event-id.ts';
import * as L from './layout.ts';
import { instantiate, type KernelExports } from './module.ts';
import { columnName, escapeName, SERVER_COLUMNS, unescapeName } from './names.ts';
import { Packer } from './packer.ts';
import { ProgramHost } from './program-host.ts';
import { MAX_PRELOADED_NAMES, planRegions, type Regions } from './regions.ts';
import type { KernelMatch, KernelReject, SealedSlot } from './results.ts';
import { type Condition, type Filters, type FlattenOptions, MATCH_KINDS, REJECT_REASONS } from './types.ts';

export { STATUS_DRAIN, STATUS_MORE, STATUS_SLOT_FULL, STATUS_TOO_LONG } from './layout.ts';
export type { KernelMatch, KernelReject, SealedSlot } from './results.ts';

export interface KernelOptions extends FlattenOptions {
  readonly slotCount: number;
  /** A slot is full once its body is this long; the row that crosses the line is still in it. */
  readonly slotBytes: number;
  readonly conditions?: readonly Condition[];
  readonly filters?: Filters;
  /** Names already in the dataset. */
  readonly names?: readonly string[];
  readonly frozen?: boolean;
  /** Size of the key cache; for tests. */
  readonly cacheEdges?: number;
}

export class Kernel {
  /** The caller reads bytes in here, from the start. */
  readonly input: Uint8Array;
  readonly memoryBytes: number;
  /** The conditions in force: to be replaced between two calls, their states read and restored. */
  readonly conditions: ProgramHost;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #doubles: Float64Array;
  readonly #exports: KernelExports;
  readonly #regions: Regions;
  readonly #slotBytes: number;
  readonly #packer: Packer;
  readonly #maxNames: number;
  readonly #added = new Map<string, { address: number; length: number }>();
  readonly #eventNode: string | undefined;
  #firstLineHash: string | undefined;
  #openSlot: number;

  private constructor(
    exports: KernelExports,
    memory: WebAssembly.Memory,
    regions: Regions,
    options: KernelOptions,
  ) {
    this.#exports = exports;
    this.#regions = regions;
    this.#slotBytes = options.slotBytes;
    this.#maxNames = options.maxColumns + MAX_PRELOADED_NAMES;
    this.#eventNode = options.eventId?.node;
    this.#firstLineHash = undefined;
    this.#openSlot = -1;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Uint32Array(memory.buffer);
    this.#doubles = new Float64Array(memory.buffer);
    this.memoryBytes = memory.buffer.byteLength;
    this.input = this.#bytes.subarray(regions.input.address, regions.input.address + regions.input.capacity);
    const place = { bytes: this.#bytes, words: this.#words, ...regions.program };
    this.#packer = new Packer(exports, { bytes: this.#bytes, words: this.#words }, regions);
    this.conditions = new ProgramHost(exports, place, options.filters ?? {}, this.#added);
  }

  /** @throws TetrashipError KERNEL when the module is missing, RULES when the conditions do not fit. */
  static async create(options: KernelOptions): Promise<Kernel> {
    const suffix = suffixOf(options);
    const patterns = patternsOf(options);
    const regions = planRegions({
      ...options,
      readBytes: READ_CHUNK_BYTES,
      suffixBytes: suffix.length,
      patternBytes: patterns.reduce((sum, pattern) => sum + 16 + pattern.text.length + 16, 0),
      patternCount: patterns.length,
    });
    const memory = new WebAssembly.Memory({ initial: regions.pages, maximum: regions.pages });
    let kernel: Kernel | undefined;
    const exports = await instantiate(memory, {
      matchRegex: (regex, text, length) => kernel?.matchRegex(regex, text, length) ?? 0,
      parseNumber: (text, length) => kernel?.parseNumber(text, length) ?? Number.NaN,
    });
    kernel = new Kernel(exports, memory, regions, options);
    kernel.#init(options, suffix, patterns);
    kernel.conditions.replace(await kernel.conditions.prepare(options.conditions ?? []));
    return kernel;
  }

  #init(options: KernelOptions, suffix: Buffer, patterns: readonly Pattern[]): void {
    for (const [offset, value] of this.#regions.parameters) this.#words[(L.PARAMS + offset) >> 2] = value;
    this.#words[(L.PARAMS + L.P_ARRAYS_JSON) >> 2] = options.arrays === 'json' ? 1 : 0;
    this.#bytes.set(randomBytes(8), L.PARAMS + L.P_SEED);
    this.#bytes.set(suffix, this.#regions.suffix);
    if (options.eventId) {
      const digits = this.#regions.suffix + suffix.length - '"'.length - EVENT_ID_DIGITS;
      this.#words[(L.PARAMS + L.P_EVENT_ID) >> 2] = digits;
    }
    this.readsFrom('');
    let place = this.#regions.patterns;
    let text = place + patterns.length * 16;
    for (const pattern of patterns) {
      this.#words.set([text, pattern.text.length, pattern.isPrefix ? 1 : 0, pattern.flag], place >> 2);
      this.#bytes.set(pattern.text, text);
      place += 16;
      text += pattern.text.length + 16;
    }
    this.#exports.init();
    for (const name of SERVER_COLUMNS) this.#exports.flagName(this.#put(name), L.FLAG_TAKEN_ALWAYS);
    for (const name of options.jsonColumns) this.#exports.flagName(this.#put(name), L.FLAG_JSON);
    this.admit(options.names ?? []);
    let address = this.#regions.suffix;
    for (const [name, value] of lastColumns(options)) {
      const column = columnName(name);
      this.#exports.flagName(this.#put(column), L.FLAG_TAKEN_ALWAYS);
      this.#exports.admitName(this.#put(column));
      const quoted = Buffer.byteLength(JSON.stringify(value));
      address += Buffer.byteLength(escapeName(column)) + 4;
      this.#added.set(column, { address, length: quoted });
      address += quoted;
    }
    this.#exports.setFrozen(options.frozen === true ? 1 : 0);
  }

  /** Puts a name where the module looks for one; returns its length. */
  #put(name: string): number {
    const escaped = Buffer.from(escapeName(name));
    this.input.set(escaped);
    return escaped.length;
  }

  /** Counts names that the dataset has already. Overwrites the input buffer. */
  admit(names: readonly string[]): void {
    for (const name of names) {
      const countable = !SERVER_COLUMNS.includes(name) && Buffer.byteLength(name) * 6 <= this.input.length;
      if (countable && this.nameCount < this.#maxNames) this.#exports.admitName(this.#put(name));
    }
  }

  /** While frozen, events bring no new names into the dataset: their values go to `overflow`. */
  set frozen(value: boolean) {
    this.#exports.setFrozen(value ? 1 : 0);
  }

  /**
   * Says from which file the bytes of the next calls come: its first line is part of the event ids. Cheap when it is
   * the same file as before, and without event ids.
   */
  readsFrom(firstLineHash: string): void {
    if (this.#eventNode === undefined || firstLineHash === this.#firstLineHash) return;
    this.#firstLineHash = firstLineHash;
    this.#bytes.set(eventIdKey(this.#eventNode, firstLineHash), L.EVENT_KEY);
  }

  openSlot(slot: number): void {
    const region = this.#regions.slots[slot];
    if (!region)
      throw new TetrashipError('KERNEL', `cannot open slot ${slot}: there are ${this.#regions.slots.length}`);
    this.#openSlot = slot;
    const hintsFull = region.hints + region.hintsBytes;
    this.#exports.openSlot(region.body, region.table, region.hints, hintsFull, this.#slotBytes);
  }

  /** Ends the open slot's body. Its view stays valid until the slot is opened again. */
  sealSlot(): SealedSlot {
    const region = this.#regions.slots[this.#openSlot];
    if (!region) throw new TetrashipError('KERNEL', 'cannot seal a slot: none is open');
    const rowCount = this.slotRows;
    const length = this.#exports.sealSlot();
    const ends = new Uint32Array(rowCount);
    const lengths = new Uint32Array(rowCount);
    const offsets = new Float64Array(rowCount);
    for (let row = 0, at = region.table; row < rowCount; row++, at += L.ROW_ENTRY_SIZE) {
      offsets[row] = this.#doubles[at >> 3] ?? 0;
      ends[row] = this.#word(at + 8);
      lengths[row] = this.#word(at + 12);
    }
    this.#openSlot = -1;
    const hintsEnd = this.#word(L.R_SLOT_HINTS);
    return {
      raw: this.#bytes.subarray(region.body, region.body + length),
      rowCount,
      ends,
      offsets,
      lengths,
      zstd: () => this.#packer.pack(region.body, length, region.hints, hintsEnd),
    };
  }

  /**
   * Takes the complete lines among the first `length` bytes of `input`, which stand at `fileOffset` in their
   * file; with `final` also an unterminated last piece. Returns a STATUS.
   */
  process(length: number, fileOffset: number, final: boolean): number {
    return this.#exports.process(length, fileOffset, final ? 1 : 0);
  }

  // Results of the last call.
  get consumedBytes(): number {
    return this.#word(L.R_CONSUMED);
  }
  get events(): number {
    return this.#word(L.R_EVENTS);
  }
  get blankLines(): number {
    return this.#word(L.R_BLANKS);
  }
  get filteredEvents(): number {
    return this.#word(L.R_FILTERED);
  }
  get overflowEvents(): number {
    return this.#word(L.R_OVERFLOWED);
  }
  get typeChanges(): number {
    return this.#word(L.R_TYPE_CHANGES);
  }
  get rejectCount(): number {
    return this.#word(L.R_REJECTS);
  }
  get matchCount(): number {
    return this.#word(L.R_MATCHES);
  }

  // State.
  get slotRows(): number {
    return this.#word(L.R_SLOT_ROWS);
  }
  get slotLength(): number {
    return this.#word(L.R_SLOT_LENGTH);
  }
  /** Names in the budget, and how often the key cache has started over. */
  get nameCount(): number {
    return this.#word(L.R_ADMITTED);
  }
  get cacheResets(): number {
    return this.#word(L.R_CACHE_RESETS);
  }

  reject(index: number): KernelReject {
    const at = this.#parameter(L.P_REJECTS) + index * L.REJECT_SIZE;
    const reason = REJECT_REASONS[this.#word(at)];
    if (!reason) throw new TetrashipError('KERNEL', `cannot read reject ${index}: unknown reason`);
    return { reason, start: this.#word(at + 4), length: this.#word(at + 8), lineLength: this.#word(at + 12) };
  }

  match(index: number): KernelMatch {
    const at = this.#parameter(L.P_MATCHES) + index * L.MATCH_SIZE;
    const kind = MATCH_KINDS[this.#word(at + 4)];
    if (!kind) throw new TetrashipError('KERNEL', `cannot read match ${index}: unknown kind`);
    const row = this.#word(at + 16);
    return {
      condition: this.#word(at),
      kind,
      start: this.#word(at + 8),
      length: this.#word(at + 12),
      row: this.#bytes.subarray(row, row + this.#word(at + 20)),
    };
  }

  /** Names in the budget from the given place on, in order of admission. */
  names(from = 0): string[] {
    const list = this.#parameter(L.P_ADMITTED);
    const names: string[] = [];
    for (let i = from; i < this.nameCount; i++) {
      const name = this.#word(list + i * 4);
      const text = this.#word(name + L.N_TEXT) + 2;
      names.push(unescapeName(this.#text(text, this.#word(name + L.N_LENGTH) - 4)));
    }
    return names;
  }

  matchRegex(regex: number, text: number, length: number): number {
    return this.conditions.matchRegex(regex, this.#text(text, length)) ? 1 : 0;
  }

  parseNumber(text: number, length: number): number {
    return Number(this.#text(text, length));
  }

  #word(address: number): number {
    return this.#words[address >> 2] ?? 0;
  }

  #parameter(offset: number): number {
    return this.#word(L.PARAMS + offset);
  }

  #text(address: number, length: number): string {
    return Buffer.from(this.#bytes.buffer, address, length).toString();
  }
}
