/** A whole byte stream through the kernel, in the shape that the reference gives. */

import { zstdDecompressSync } from 'node:zlib';
import { Kernel, STATUS_DRAIN, STATUS_SLOT_FULL, STATUS_TOO_LONG } from '../../agent/kernel/kernel.ts';
import type { SealedSlot } from '../../agent/kernel/results.ts';
import type {
  Condition,
  Filters,
  FlattenOptions,
  RejectReason,
  RunResult,
} from '../../agent/kernel/types.ts';
import { READ_CHUNK_BYTES, TOO_LONG_PREFIX_BYTES } from '../../agent/limits.ts';

export interface RunExtra {
  readonly conditions?: readonly Condition[];
  readonly filters?: Filters;
  readonly names?: readonly string[];
  readonly frozen?: boolean;
  readonly final?: boolean;
  readonly firstLineHash?: string;
  /** Places where the stream is cut into separate reads. */
  readonly cuts?: readonly number[];
  readonly cacheEdges?: number;
}

const SLOT_BYTES = 64 * 1024;

/** Whatever is flattened in a test is packed too: the frame must give the body back. */
export function mustUnpack({ raw, zstd }: SealedSlot): Uint8Array | undefined {
  const frame = zstd();
  if (frame !== undefined && Buffer.compare(zstdDecompressSync(frame), raw) !== 0) {
    throw new Error(`a frame of ${raw.length} bytes gives back something else`);
  }
  return frame;
}

/** Starting a kernel costs milliseconds; tests with equal options share one module's memory size, not state. */
export async function kernelRun(
  bytes: Uint8Array,
  options: FlattenOptions,
  extra: RunExtra = {},
): Promise<RunResult> {
  const kernel = await Kernel.create({ ...options, ...extra, slotCount: 1, slotBytes: SLOT_BYTES });
  const rows: { bytes: Uint8Array; offset: number; length: number }[] = [];
  const rejects: { reason: RejectReason; offset: number; length: number; head: Uint8Array }[] = [];
  const matches: RunResult['matches'][number][] = [];
  let blankLines = 0;
  let filteredEvents = 0;
  let typeChanges = 0;
  let position = 0;
  const ends = [...(extra.cuts ?? []), bytes.length].sort((a, b) => a - b);

  const takeSlot = (): void => {
    const sealed = kernel.sealSlot();
    mustUnpack(sealed);
    let start = 1;
    sealed.ends.forEach((end, row) => {
      rows.push({
        bytes: sealed.raw.slice(start, end),
        offset: sealed.offsets[row] ?? -1,
        length: sealed.lengths[row] ?? -1,
      });
      start = end + 1;
    });
    kernel.openSlot(0);
  };

  kernel.readsFrom(extra.firstLineHash ?? '');
  kernel.openSlot(0);
  for (const end of ends) {
    const final = extra.final === true && end === bytes.length;
    let size = READ_CHUNK_BYTES;
    while (position < end) {
      const chunk = bytes.subarray(position, Math.min(end, position + size));
      kernel.input.set(chunk);
      const atEnd = position + chunk.length === end;
      const status = kernel.process(chunk.length, position, final && atEnd);
      const consumed = kernel.consumedBytes;
      blankLines += kernel.blankLines;
      filteredEvents += kernel.filteredEvents;
      typeChanges += kernel.typeChanges;
      for (let i = 0; i < kernel.rejectCount; i++) {
        const { reason, start, length, lineLength } = kernel.reject(i);
        const kept = reason === 'too_long' ? Math.min(lineLength, TOO_LONG_PREFIX_BYTES) : lineLength;
        rejects.push({ reason, offset: position + start, length, head: chunk.slice(start, start + kept) });
      }
      for (let i = 0; i < kernel.matchCount; i++) {
        const match = kernel.match(i);
        matches.push({
          condition: match.condition,
          kind: match.kind,
          offset: position + match.start,
          row: match.row.slice(),
        });
      }
      position += consumed;
      if (status === STATUS_SLOT_FULL) takeSlot();
      else if (status === STATUS_TOO_LONG) {
        const newline = bytes.indexOf(10, position);
        if (newline < 0 && extra.final !== true) break;
        const lineEnd = newline < 0 ? bytes.length : newline;
        const next = newline < 0 ? bytes.length : newline + 1;
        const content = lineEnd > position && bytes[lineEnd - 1] === 13 ? lineEnd - 1 : lineEnd;
        rejects.push({
          reason: 'too_long',
          offset: position,
          length: next - position,
          head: bytes.slice(position, Math.min(content, position + TOO_LONG_PREFIX_BYTES)),
        });
        position = next;
      } else if (status !== STATUS_DRAIN && consumed === 0) {
        if (atEnd) break;
        size = Math.min(size * 2, kernel.input.length);
        continue;
      }
      size = READ_CHUNK_BYTES;
    }
  }
  takeSlot();
  return { rows, rejects, matches, blankLines, filteredEvents, names: kernel.names(), typeChanges };
}
