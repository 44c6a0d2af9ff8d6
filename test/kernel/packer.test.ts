/** Bodies as zstd frames: Node's own zstd gives back what was packed, whatever the rows hold. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Kernel, type SealedSlot, STATUS_SLOT_FULL } from '../../agent/kernel/kernel.ts';
import { MiB } from '../../agent/limits.ts';
import { Generator } from '../../bench/generator.ts';
import { withOptions } from './check.ts';
import { runs } from './documents.ts';
import { realEvents } from './real-events.ts';
import { mustUnpack } from './run-kernel.ts';

/** It takes a second; a loaded machine may need a hundred times that. */
const TIMEOUT_MS = 120_000;

/** Flattens the lines into slots of `slotBytes`, and gives each to `use` while it is valid. */
async function slots(
  lines: Iterable<string | Uint8Array>,
  slotBytes: number,
  use: (slot: SealedSlot) => void,
): Promise<void> {
  const kernel = await Kernel.create({ ...withOptions({ maxLineBytes: 8 * MiB }), slotCount: 1, slotBytes });
  kernel.openSlot(0);
  for (const line of lines) {
    const bytes = Buffer.concat([Buffer.from(line), Buffer.from('\n')]);
    kernel.input.set(bytes);
    let status = kernel.process(bytes.length, 0, false);
    while (status === STATUS_SLOT_FULL) {
      use(kernel.sealSlot());
      kernel.openSlot(0);
      // What was consumed before the slot was full is gone from the buffer's start.
      const rest = bytes.subarray(kernel.consumedBytes);
      kernel.input.set(rest);
      status = kernel.process(rest.length, 0, false);
    }
  }
  if (kernel.slotRows > 0) use(kernel.sealSlot());
}

async function ratioOf(lines: Iterable<string | Uint8Array>, slotBytes = 2 * MiB): Promise<number> {
  let raw = 0;
  let packed = 0;
  await slots(lines, slotBytes, (slot) => {
    raw += slot.raw.length;
    packed += mustUnpack(slot)?.length ?? Number.NaN;
  });
  return raw / packed;
}

const text = (length: number, from: (i: number) => number): string =>
  Array.from({ length }, (_, i) => String.fromCodePoint(from(i))).join('');

/** Printable, without quote and backslash, and without a period. */
function noise(length: number, seed: number): string {
  let state = seed;
  return text(length, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const c = 35 + ((state >>> 16) % 90);
    return c === 92 ? 35 : c;
  });
}

test('real events, in bodies of several blocks', async () => {
  const { lines } = realEvents();
  const many = Array.from({ length: 8 }, () => lines).flat();
  // Half of them are filled at random.
  expect(await ratioOf(many)).toBeGreaterThan(2);
});

test('generated events, better than eight times smaller', async () => {
  const generator = new Generator({ seed: 7, spaces: false });
  const lines = Array.from({ length: 2000 }, () => generator.next().trimEnd());
  expect(await ratioOf(lines)).toBeGreaterThan(5);
});

test.each([
  ['one small row', ['{"a":1}'], 0.5],
  ['one empty row', ['{}'], 0.3],
  ['one byte, 300,000 times', [`{"a":"${'x'.repeat(300_000)}"}`], 5],
  ['a row, 20,000 times', Array<string>(20_000).fill('{"name":"value","other":1}'), 500],
  ['a long literal run', [`{"a":"${noise(700_000, 1)}"}`], 1],
  ['literals of just a block', [`{"a":"${noise(120 * 1024, 2)}"}`], 1],
  ['long runs, then repeats of them', [3, 3, 4, 4].map((seed) => `{"a":"${noise(200_000, seed)}"}`), 1.5],
  ['every length of literals', Array.from({ length: 600 }, (_, i) => `{"a":"${noise(i, i + 1)}"}`), 0.9],
  [
    'every length of match',
    Array.from({ length: 600 }, (_, i) => `{"a":"${'m'.repeat(i)}${noise(9, i)}"}`),
    2,
  ],
  [
    'bytes beyond ASCII',
    Array.from({ length: 400 }, (_, i) => `{"é${i % 7}":"${text(99, (k) => 0x80 + ((k * i) % 1900))}"}`),
    1,
  ],
])('%s', async (_, lines, least) => {
  expect(await ratioOf(lines, MiB)).toBeGreaterThan(least * 0.8);
});

test('arbitrary rows', { timeout: TIMEOUT_MS }, async () => {
  const value = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }).map((s) => JSON.stringify(s.toWellFormed())),
    fc.integer().map(String),
    fc.constantFrom('true', '""', '"/usr/bin/wget"', '"/usr/bin/wget2"', `"${'ab'.repeat(600)}"`),
  );
  const row = fc
    .array(fc.tuple(fc.constantFrom('a', 'b', 'binary', 'a_b', 'pod_name', 'n'.repeat(70)), value), {
      maxLength: 12,
    })
    .map((columns) => `{${columns.map(([name, v]) => `"${name}":${v}`).join(',')}}`);
  let frames = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 60 }),
      fc.constantFrom(1, 40),
      fc.constantFrom(200, 5000, MiB),
      async (rows, times, slotBytes) => {
        await slots(Array.from({ length: times }, () => rows).flat(), slotBytes, (slot) => {
          if (mustUnpack(slot) !== undefined) frames++;
        });
      },
    ),
    runs(150),
  );
  expect(frames).toBeGreaterThan(150);
});

test('columns beyond those that leave hints', async () => {
  const kinds = Array.from({ length: 97 }, (_, i) => `"k${i}":"${noise(6, i)}"`);
  const columns = (i: number) => Array.from({ length: 40 }, (_, k) => kinds[(i * 31 + k * k) % 97]);
  const lines = Array.from({ length: 11_000 }, (_, i) => `{${columns(i).join(',')}}`);
  const frames: (Uint8Array | undefined)[] = [];
  await slots(lines, 8 * MiB, (slot) => frames.push(mustUnpack(slot)));
  expect(frames).not.toContain(undefined);
});
