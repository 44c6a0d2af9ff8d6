/**
 * The packer on bodies and hints that no flattener leaves: any bytes, any claims of where columns stand. Hints only
 * propose; whatever they say, the frame is legal and gives the body back.
 */

import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Kernel } from '../../agent/kernel/kernel.ts';
import * as L from '../../agent/kernel/layout.ts';
import { instantiate } from '../../agent/kernel/module.ts';
import { Packer } from '../../agent/kernel/packer.ts';
import { planRegions } from '../../agent/kernel/regions.ts';
import { KiB, MiB } from '../../agent/limits.ts';
import { withOptions } from './check.ts';
import { runs } from './documents.ts';
import { mustUnpack } from './run-kernel.ts';

/** It takes seconds; a loaded machine may need a hundred times that. */
const TIMEOUT_MS = 120_000;
/** What pack.ts puts into one block, and the lengths at which the format's own sizes change. */
const BLOCK = 120 * KiB;
const BORDERS = [32, 64, 128, 256, KiB, 4 * KiB, 16 * KiB, 32 * KiB, 64 * KiB, BLOCK, 128 * KiB, 2 * BLOCK];
/** Behind each region of the packer; copies in steps of sixteen may overwrite the first of it. */
const PADDING = { from: 16, to: 64 };
const UNTOUCHED = 0xa5;

interface Hint {
  readonly at: number;
  readonly length: number;
  readonly name: number;
}

/** A packer alone, its memory, and where a body and its hints go. */
async function loadPacker() {
  const nothing = { suffixBytes: 0, patternBytes: 0, patternCount: 0 };
  const sizes = { maxLineBytes: MiB, maxColumns: 900, readBytes: MiB, slotCount: 1, slotBytes: 6 * MiB };
  const regions = planRegions({ ...sizes, ...nothing });
  const memory = new WebAssembly.Memory({ initial: regions.pages, maximum: regions.pages });
  const exports = await instantiate(memory, { matchRegex: () => 0, parseNumber: () => Number.NaN });
  const bytes = new Uint8Array(memory.buffer);
  const words = new Uint32Array(memory.buffer);
  for (const [offset, value] of regions.parameters) words[(L.PARAMS + offset) >> 2] = value;
  exports.init();
  const { body, hints } = regions.slots[0] ?? { body: 0, hints: 0 };
  const ends = [
    ...[L.P_SEQUENCES_END, L.P_LITERALS_END, L.P_BLOCKS_END, L.P_FRAME_END].map(
      (end) => words[end >> 2] ?? 0,
    ),
    regions.pack + L.PACK_BYTES,
  ];
  return { packer: new Packer(exports, { bytes, words }, regions), bytes, words, body, hints, ends };
}

const loaded = loadPacker();

/** Kind and length of each block: 0 as it stands, 2 packed. */
function blocksOf(frame: Uint8Array): { kind: number; size: number }[] {
  const view = Buffer.from(frame);
  const blocks: { kind: number; size: number }[] = [];
  let at = 9;
  for (let last = false; !last; ) {
    const header = view.readUIntLE(at, 3);
    last = (header & 1) === 1;
    blocks.push({ kind: (header >> 1) & 3, size: header >> 3 });
    at += 3 + (header >> 3);
  }
  expect(at, 'the last block ends the frame').toBe(frame.length);
  return blocks;
}

async function packs(content: Uint8Array, hints: readonly Hint[]): Promise<Uint8Array | undefined> {
  const { packer, bytes, words, body, hints: place, ends } = await loaded;
  bytes.set(content, body);
  bytes.set(content.subarray(0, 64), body + content.length); // what an earlier batch left behind it
  const sorted = hints.filter(({ at }) => at < content.length).sort((a, b) => a.at - b.at);
  words.set(
    sorted.flatMap(({ at, length, name }) => [body + at, (length | (name << 16)) >>> 0]),
    place >> 2,
  );
  for (const end of ends) bytes.fill(UNTOUCHED, end + PADDING.from, end + PADDING.to);
  const frame = packer.pack(body, content.length, place, place + sorted.length * L.HINT_SIZE);
  for (const end of ends) {
    const behind = bytes.subarray(end + PADDING.from, end + PADDING.to);
    if (!behind.every((byte) => byte === UNTOUCHED)) throw new Error('written beyond a region');
  }
  if (frame === undefined) return undefined;
  if (Buffer.compare(zstdDecompressSync(frame), content) !== 0) throw new Error('gives back something else');
  for (const { kind, size } of blocksOf(frame)) {
    if (kind === 2) expect(size).toBeLessThan(Math.min(content.length, 128 * KiB));
  }
  return frame;
}

/** Bytes drawn evenly from `kinds` ones. */
function noise(length: number, kinds: number, first: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return first + ((state >>> 16) % kinds);
  });
}

/** Up to `most`, small ones as often as great ones, and those around the borders more often. */
const size = (most: number) =>
  fc.oneof(
    fc.nat(Math.log2(most)).chain((log) => fc.nat(2 ** log)),
    fc
      .tuple(fc.constantFrom(...BORDERS.filter((border) => border <= most)), fc.integer({ min: -3, max: 3 }))
      .map(([border, off]) => border + off),
  );

/** New bytes, or bytes from `back` before, of which a hint tells or not. */
const piece = (most: number) =>
  fc.record({
    isCopy: fc.boolean(),
    length: size(most),
    back: fc.oneof(fc.constantFrom(1, 2, 4, 8, 9), size(most)),
    hinted: fc.constantFrom(0, 1, 1, 1, 9),
    kinds: fc.constantFrom(1, 2, 16, 90, 129, 256),
    first: fc.nat(255),
    seed: fc.nat(),
  });
const anyHint = fc.record({
  at: size(8 * KiB),
  length: fc.oneof(fc.nat(20), fc.nat(65535)),
  name: fc.oneof(fc.nat(9), fc.nat(65535)),
});

type Piece = Parameters<Parameters<ReturnType<typeof piece>['map']>[0]>[0];

function laidOut(pieces: readonly Piece[]): { content: Uint8Array; hints: Hint[] } {
  const content = new Uint8Array(pieces.reduce((sum, { length }) => sum + Math.max(length, 1), 2));
  const hints: Hint[] = [];
  let at = 2;
  pieces.forEach(({ isCopy, length, back, hinted, kinds, first, seed }, name) => {
    const end = at + Math.max(length, 1);
    const from = Math.max(0, at - back);
    if (!isCopy) content.set(noise(end - at, kinds, first, seed), at);
    else if (hinted > 0 && from > 0)
      hints.push({ at: from - 1, length: hinted, name }, { at: at - 1, length: hinted, name });
    if (isCopy) for (let to = at, source = from; to < end; ) content[to++] = content[source++] ?? 0;
    at = end;
  });
  return { content, hints };
}

test.each([
  ['small', 2 * KiB, 600, 60],
  ['of several blocks', 256 * KiB, 60, 12],
] as const)('arbitrary bodies, %s', { timeout: TIMEOUT_MS }, async (_, most, times, pieces) => {
  let frames = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece(most), { minLength: 1, maxLength: pieces }),
      fc.array(anyHint, { maxLength: 40 }),
      async (list, others) => {
        const { content, hints } = laidOut(list);
        if ((await packs(content, [...hints, ...others])) !== undefined) frames++;
      },
    ),
    runs(times),
  );
  expect(frames).toBeGreaterThan(times / 2);
});

test('a block that packing makes longer stands as it is, also before others', async () => {
  const content = Buffer.concat([
    noise(200 * KiB, 16, 97, 1),
    noise(250 * KiB, 90, 0, 2),
    noise(MiB, 16, 97, 3),
  ]);
  const frame = await packs(content, []);
  const kinds = blocksOf(frame ?? new Uint8Array()).map(({ kind }) => kind);
  expect(kinds.slice(0, -1)).toContain(0);
  expect(kinds.at(-1)).toBe(2);
});

test('with offsets in it that later blocks count on, such a body is left to others', async () => {
  const unlike = noise(3 * BLOCK, 90, 0, 4);
  const hints = [
    { at: 500, length: 1, name: 1 },
    { at: 100 * KiB, length: 1, name: 1 },
  ];
  unlike.copyWithin(100 * KiB, 500, 520);
  expect(await packs(Buffer.concat([unlike, noise(2 * MiB, 16, 97, 5)]), hints)).toBeUndefined();
});

test('what a dropped column left behind the body is no repeat', async () => {
  const options = withOptions({ dropColumns: ['time'] });
  const kernel = await Kernel.create({ ...options, slotCount: 1, slotBytes: 64 * KiB });
  // The first name is how the body ends and what is left of the last one: `}]time":"…`.
  const lines = '{"]time":"2026-01-02T03:04:05Z","a":1,"time":"2026-01-02T03:04:05Z"}\n'.repeat(3);
  kernel.openSlot(0);
  kernel.input.set(Buffer.from(lines));
  kernel.process(lines.length, 0, false);
  expect(mustUnpack(kernel.sealSlot())).toBeDefined();
});
