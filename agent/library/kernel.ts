/**
 * `tetraship/kernel`: Tetragon's events as flat rows, in other programs. One WebAssembly module, no dependency, no
 * allocation per event but for what is handed out.
 *
 * @example
 * import { createFlattener } from 'tetraship/kernel';
 *
 * const flattener = await createFlattener();
 * const { rows } = flattener.flatten('{"process_exec":{"process":{"pid":1,"binary":"/bin/sh"}}}\n');
 * console.log(rows[0]); // {"process_exec_process_pid":1,"process_exec_process_binary":"/bin/sh"}
 */

import type { DefaultOption } from '../config/option.ts';
import { EVENT_OPTIONS, LOG_OPTIONS } from '../config/options-events.ts';
import { Kernel, STATUS_SLOT_FULL, STATUS_TOO_LONG } from '../kernel/kernel.ts';
import type { Condition, Filters, FlattenOptions, MatchKind, RejectReason } from '../kernel/types.ts';
import { MiB, READ_CHUNK_BYTES } from '../limits.ts';

export type { Condition, Filters, FlattenOptions, MatchKind, RejectReason } from '../kernel/types.ts';

export interface FlattenerOptions extends Partial<FlattenOptions> {
  /** Evaluated on every event; their indices stand in `matches`. */
  readonly conditions?: readonly Condition[];
  /** Which events become rows. */
  readonly filters?: Filters;
}

export interface Flattened {
  /** JSON texts, each one flat object, in the order of their lines. */
  readonly rows: readonly string[];
  /** Lines that are no events: why, and where in the text, in bytes. */
  readonly rejects: readonly {
    readonly reason: RejectReason;
    readonly offset: number;
    readonly length: number;
  }[];
  /** Which condition, whether a state (`repeats`) began or ended, and the row. */
  readonly matches: readonly {
    readonly condition: number;
    readonly kind: MatchKind;
    readonly row: string;
  }[];
}

/** What a setting is when nobody sets it. */
function unset<T>({ kind, fallback }: DefaultOption<T>): T {
  return kind.parse(typeof fallback === 'string' ? fallback : fallback());
}

/** As the agent flattens without any setting. */
const DEFAULTS: FlattenOptions = {
  arrays: unset(EVENT_OPTIONS.arrays),
  jsonColumns: unset(EVENT_OPTIONS.jsonColumns),
  maxColumns: unset(EVENT_OPTIONS.maxColumns),
  maxLineBytes: unset(LOG_OPTIONS.maxLineBytes),
  addColumns: [],
  dropColumns: [],
  redactColumns: [],
};
const SLOT_BYTES = MiB;
const NEW_LINE = 0x0a;

/** Remembers the column names of all texts it was given: the budget of columns is for the whole dataset. */
export class Flattener {
  readonly #kernel: Kernel;

  /** @internal */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    kernel.openSlot(0);
  }

  /** Column names so far, in order of appearance. */
  get columns(): readonly string[] {
    return this.#kernel.names();
  }

  /** @param lines whole lines of JSON; a last one without its end counts */
  flatten(lines: string | Uint8Array): Flattened {
    const bytes = typeof lines === 'string' ? Buffer.from(lines) : lines;
    const found: {
      rows: string[];
      rejects: { reason: RejectReason; offset: number; length: number }[];
      matches: { condition: number; kind: MatchKind; row: string }[];
    } = { rows: [], rejects: [], matches: [] };
    const kernel = this.#kernel;
    let at = 0;
    let size = READ_CHUNK_BYTES;
    while (at < bytes.length) {
      const piece = bytes.subarray(at, at + size);
      kernel.input.set(piece);
      const status = kernel.process(piece.length, at, at + piece.length === bytes.length);
      for (let i = 0; i < kernel.rejectCount; i++) {
        const { reason, start, length } = kernel.reject(i);
        found.rejects.push({ reason, offset: at + start, length });
      }
      for (let i = 0; i < kernel.matchCount; i++) {
        const { condition, kind, row } = kernel.match(i);
        found.matches.push({ condition, kind, row: textOf(row) });
      }
      const { consumedBytes } = kernel;
      // A line that is longer than one read is looked at as a whole.
      size = consumedBytes > 0 ? READ_CHUNK_BYTES : kernel.input.length;
      at += consumedBytes;
      if (status === STATUS_SLOT_FULL) this.#takeRows(found.rows);
      if (status === STATUS_TOO_LONG) {
        const end = bytes.indexOf(NEW_LINE, at);
        const next = end < 0 ? bytes.length : end + 1;
        found.rejects.push({ reason: 'too_long', offset: at, length: next - at });
        at = next;
      }
    }
    this.#takeRows(found.rows);
    return found;
  }

  #takeRows(rows: string[]): void {
    const { raw, ends } = this.#kernel.sealSlot();
    let start = 1;
    for (const end of ends) {
      rows.push(textOf(raw.subarray(start, end)));
      start = end + 1;
    }
    this.#kernel.openSlot(0);
  }
}

/**
 * A flattener of its own memory. What a line becomes: docs/flattening.md of the project.
 * @throws {TetrashipError} RULES when the conditions do not fit, KERNEL when the module cannot be loaded
 */
export async function createFlattener(options: FlattenerOptions = {}): Promise<Flattener> {
  const { conditions = [], filters = {}, ...flattening } = options;
  const kernel = await Kernel.create({
    ...DEFAULTS,
    ...flattening,
    ...{ conditions, filters, slotCount: 1, slotBytes: SLOT_BYTES },
  });
  return new Flattener(kernel);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
