import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Encoding } from '../../agent/delivery/body.ts';
import { decode, Encoder } from '../../agent/delivery/encode.ts';

const encoder = new Encoder();
afterAll(() => encoder.close());

const ENCODINGS: readonly Encoding[] = ['zstd', 'gzip', 'none'];

/** `length` bytes that compress badly. */
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0, x = 1; i < length; i++) {
    x = (x * 1103515245 + 12345) & 0x7fffffff;
    bytes[i] = x >> 16;
  }
  return bytes;
}

function plain(bytes: Uint8Array, encoding: Encoding): Uint8Array {
  if (encoding === 'none') return bytes;
  return encoding === 'zstd' ? zstdDecompressSync(bytes) : gunzipSync(bytes);
}

describe.each(ENCODINGS)('%s', (encoding) => {
  test('each body is a whole of its own, whatever its length and in whatever hurry', async () => {
    const raws = [1, 4, 1000, 70_000, 300_000, 3_000_000, 5].map(noise);
    const made = await Promise.all(raws.map((raw) => encoder.encode(raw, encoding)));
    for (const [i, bytes] of made.entries()) {
      expect(Buffer.compare(plain(bytes, encoding), raws[i] ?? noise(0))).toBe(0);
    }
  });

  test('what comes out is owned and not longer than it has to be', async () => {
    const raw = Buffer.from(`[${'{"a":1},'.repeat(1000)}{"a":1}]`);
    const bytes = await encoder.encode(raw, encoding);
    expect(bytes.buffer.byteLength).toBe(bytes.length);
    raw.fill(0);
    expect(plain(bytes, encoding)[1]).toBe(0x7b);
  });

  test('a view of a larger memory is read in place', async () => {
    const view = new Uint8Array(new ArrayBuffer(128 * 1024), 1000, 50_000);
    view.set(noise(50_000));
    const bytes = await encoder.encode(view, encoding);
    expect(Buffer.compare(plain(bytes, encoding), view)).toBe(0);
  });

  test('decoding gives the raw body back, and nothing else', async () => {
    const raw = noise(100_000);
    const bytes = await encoder.encode(raw, encoding);
    expect(Buffer.compare(await decode(bytes, encoding, raw.length), raw)).toBe(0);
    if (encoding === 'none') return;
    await expect(decode(bytes, encoding, raw.length - 1)).rejects.toThrow('cannot decode a stored body');
    await expect(decode(bytes, encoding, raw.length + 1)).rejects.toThrow('100000 bytes came out');
    await expect(decode(bytes.subarray(0, 500), encoding, raw.length)).rejects.toThrow('cannot decode');
    await expect(decode(noise(500), encoding, raw.length)).rejects.toThrow('cannot decode');
  });
});

test('any sequence of bodies through one encoder', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 5000 }), fc.constantFrom(...ENCODINGS)), {
        maxLength: 12,
      }),
      async (bodies) => {
        const made = await Promise.all(bodies.map(([raw, encoding]) => encoder.encode(raw, encoding)));
        for (const [i, [raw, encoding]] of bodies.entries()) {
          expect(Buffer.compare(plain(made[i] ?? raw, encoding), raw)).toBe(0);
        }
      },
    ),
    { numRuns: 50 },
  );
});
