/** HighwayHash-128 for the oracle: its portable form, lane by lane, in numbers without a limit. */

import { createHash } from 'node:crypto';

const MASK = (1n << 64n) - 1n;
const LOW = (1n << 32n) - 1n;
const PACKET_BYTES = 32;

const add = (a: bigint, b: bigint): bigint => (a + b) & MASK;
const swapHalves = (lane: bigint): bigint => ((lane >> 32n) | (lane << 32n)) & MASK;
const lanesOf = (bytes: Buffer): bigint[] => [0, 8, 16, 24].map((at) => bytes.readBigUInt64LE(at));

/** Where each byte of a merged pair of lanes comes from. */
const ZIPPER = [3, 12, 2, 5, 14, 1, 15, 0, 11, 4, 10, 13, 9, 6, 8, 7];

interface State {
  v0: bigint[];
  v1: bigint[];
  mul0: bigint[];
  mul1: bigint[];
}

const at = (lanes: readonly bigint[], i: number): bigint => lanes[i] ?? 0n;
const each = (of: (i: number) => bigint): bigint[] => [0, 1, 2, 3].map(of);

function zipper(lanes: readonly bigint[]): bigint[] {
  return [0, 2].flatMap((pair) => {
    const bytes = Buffer.alloc(16);
    bytes.writeBigUInt64LE(at(lanes, pair), 0);
    bytes.writeBigUInt64LE(at(lanes, pair + 1), 8);
    const merged = Buffer.from(ZIPPER.map((from) => bytes[from] ?? 0));
    return [merged.readBigUInt64LE(0), merged.readBigUInt64LE(8)];
  });
}

function update(state: State, packet: readonly bigint[]): void {
  state.v1 = each((i) => add(at(state.v1, i), add(at(state.mul0, i), at(packet, i))));
  state.mul0 = each((i) => at(state.mul0, i) ^ ((at(state.v1, i) & LOW) * (at(state.v0, i) >> 32n)));
  state.v0 = each((i) => add(at(state.v0, i), at(state.mul1, i)));
  state.mul1 = each((i) => at(state.mul1, i) ^ ((at(state.v0, i) & LOW) * (at(state.v1, i) >> 32n)));
  const fromV1 = zipper(state.v1);
  state.v0 = each((i) => add(at(state.v0, i), at(fromV1, i)));
  const fromV0 = zipper(state.v0);
  state.v1 = each((i) => add(at(state.v1, i), at(fromV0, i)));
}

/** Of a message of whole packets; two 64-bit words. */
export function highway128(key: Buffer, message: Buffer): [bigint, bigint] {
  const keys = lanesOf(key);
  const mul0 = [0xdbe6d5d5fe4cce2fn, 0xa4093822299f31d0n, 0x13198a2e03707344n, 0x243f6a8885a308d3n];
  const mul1 = [0x3bd39e10cb0ef593n, 0xc0acf169b5f18a8cn, 0xbe5466cf34e90c6cn, 0x452821e638d01377n];
  const v0 = each((i) => at(mul0, i) ^ at(keys, i));
  const v1 = each((i) => at(mul1, i) ^ swapHalves(at(keys, i)));
  const state: State = { v0, v1, mul0, mul1 };
  for (let start = 0; start < message.length; start += PACKET_BYTES) {
    update(state, lanesOf(message.subarray(start, start + PACKET_BYTES)));
  }
  for (let round = 0; round < 6; round++) {
    update(
      state,
      [2, 3, 0, 1].map((i) => swapHalves(at(state.v0, i))),
    );
  }
  const word = (i: number): bigint =>
    add(add(at(state.v0, i), at(state.mul0, i)), add(at(state.v1, i + 2), at(state.mul1, i + 2)));
  return [word(0), word(1)];
}

/** The id of a line (without its end) that stands at `offset` of its file. */
export function eventId(node: string, firstLineHash: string, offset: number, line: Uint8Array): string {
  const key = createHash('sha256').update(node).update('\0').update(firstLineHash).digest();
  const packets = Math.ceil(line.length / PACKET_BYTES) + 1;
  const message = Buffer.alloc(packets * PACKET_BYTES);
  message.set(line);
  message.writeBigUInt64LE(BigInt(offset), message.length - PACKET_BYTES);
  message.writeBigUInt64LE(BigInt(line.length), message.length - PACKET_BYTES + 8);
  const id = Buffer.alloc(16);
  const [first, second] = highway128(key, message);
  id.writeBigUInt64LE(first, 0);
  id.writeBigUInt64LE(second, 8);
  return id.toString('hex');
}
