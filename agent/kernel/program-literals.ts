/** The search for many literals in one column's values, as tables for assembly/literals.ts. */

import * as P from './layout-program.ts';
import type { ProgramWriter } from './program-writer.ts';

export interface Literal {
  readonly bytes: Uint8Array;
  /** Its ASCII letters stand for both cases, and are lower ones in `bytes`. */
  readonly fold: boolean;
  /** Places of the predicates that want to know. */
  readonly predicates: number[];
  place: number;
}

/** Parts of paths that stand in most values: a window inside one would let nearly everything pass. */
const COMMON = Buffer.from(
  '/usr/local/sbin/usr/local/bin/usr/sbin/usr/bin/usr/lib/usr/libexec/usr/share/var/lib/var/run/var/log/etc/proc/self/sys/fs/dev/root/home/tmp/opt/containerd/docker/kubernetes.io/sh -c ',
).toString('latin1');

const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte);

/** How likely a window passes by chance: letters are frequent, and known parts of paths more so. */
function commonness(bytes: Uint8Array, at: number): number {
  let score = 0;
  for (let i = at; i < at + P.WINDOW; i++) {
    const byte = lower(bytes[i] ?? 0);
    if ('/eairtonslc-.'.includes(String.fromCharCode(byte))) score += 2;
    else if (byte >= 0x61 && byte <= 0x7a) score += 1;
  }
  const text = Buffer.from(bytes.subarray(at, at + P.WINDOW)).toString('latin1');
  return COMMON.includes(text.toLowerCase()) ? score + 20 : score;
}

/** The window of a literal that is the rarest, and that the fewest others share. */
function windowOf({ bytes }: Literal, load: ReadonlyMap<string, number>): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at + P.WINDOW <= bytes.length && at < 64; at++) {
    const score = commonness(bytes, at) + 4 * (load.get(windowKey(bytes, at)) ?? 0);
    if (score < least) [best, least] = [at, score];
  }
  return best;
}

const windowKey = (bytes: Uint8Array, at: number): string =>
  Buffer.from(bytes.subarray(at, at + P.WINDOW))
    .toString('latin1')
    .toLowerCase();

export function writeLiteral(writer: ProgramWriter, literal: Literal, offset: number): void {
  const { place } = literal;
  writer.u32(place + P.V_TEXT, writer.bytes(literal.bytes));
  writer.u32(place + P.V_LENGTH, literal.bytes.length);
  writer.u32(place + P.V_OFFSET, offset);
  writer.u32(place + P.V_FOLD, literal.fold ? 1 : 0);
  writer.u32(place + P.V_PREDICATES, writer.list(literal.predicates));
  writer.u32(place + P.V_PREDICATE_COUNT, literal.predicates.length);
}

/** Writes the search; returns its place. None of the literals is empty. */
export function writeSearch(writer: ProgramWriter, literals: readonly Literal[]): number {
  const load = new Map<string, number>();
  const windows = new Map<Literal, number>();
  for (const literal of literals) {
    literal.place ||= writer.reserve(P.LITERAL_SIZE);
    const at = windowOf(literal, load);
    windows.set(literal, at);
    const key = windowKey(literal.bytes, at);
    load.set(key, (load.get(key) ?? 0) + 1);
    writeLiteral(writer, literal, at);
  }
  return literals.length <= P.TEDDY_MOST
    ? writeGroups(writer, literals, windows)
    : writeHashes(writer, literals, windows);
}

function writeGroups(
  writer: ProgramWriter,
  literals: readonly Literal[],
  windows: ReadonlyMap<Literal, number>,
): number {
  const groups = Math.ceil(literals.length / P.TEDDY_GROUP);
  const place = writer.reserve(P.S_TABLES + groups * P.TEDDY_SIZE);
  writer.u32(place + P.S_GROUPS, groups);
  // Neighbours by window share a bucket, so that its masks stay narrow.
  const sorted = literals
    .map((literal) => ({ literal, key: windowKey(literal.bytes, windows.get(literal) ?? 0) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ literal }) => literal);
  const perGroup = Math.ceil(sorted.length / groups);
  for (let group = 0; group < groups; group++) {
    const members = sorted.slice(group * perGroup, (group + 1) * perGroup);
    const at = place + P.S_TABLES + group * P.TEDDY_SIZE;
    const masks = new Uint8Array(P.TEDDY_BUCKETS);
    const perBucket = Math.ceil(members.length / 8);
    for (let bucket = 0; bucket < 8; bucket++) {
      const inBucket = members.slice(bucket * perBucket, (bucket + 1) * perBucket);
      for (const literal of inBucket) addToMasks(masks, literal, windows.get(literal) ?? 0, 1 << bucket);
      const entry = at + P.TEDDY_BUCKETS + bucket * 8;
      writer.u32(entry, writer.list(inBucket.map((literal) => literal.place)));
      writer.u32(entry + 4, inBucket.length);
    }
    masks.forEach((mask, i) => {
      writer.u8(at + i, mask);
    });
  }
  return place;
}

function addToMasks(masks: Uint8Array, { bytes, fold }: Literal, offset: number, bit: number): void {
  for (let i = 0; i < P.WINDOW; i++) {
    const byte = bytes[offset + i];
    const low = i * 32;
    const set = (value: number): void => {
      masks[low + (value & 15)] = (masks[low + (value & 15)] ?? 0) | bit;
      masks[low + 16 + (value >> 4)] = (masks[low + 16 + (value >> 4)] ?? 0) | bit;
    };
    if (byte === undefined) for (let any = 0; any < 256; any += 17) set(any);
    else set(byte);
    if (byte !== undefined && fold && byte >= 0x61 && byte <= 0x7a) set(byte & ~0x20);
  }
}

function writeHashes(
  writer: ProgramWriter,
  literals: readonly Literal[],
  windows: ReadonlyMap<Literal, number>,
): number {
  const place = writer.reserve(P.S_TABLES + (1 << P.HASH_BITS) / 8);
  const short = literals.filter(({ bytes }) => bytes.length < P.WINDOW);
  writer.u32(place + P.S_SHORT, writer.list(short.map((literal) => literal.place)));
  writer.u32(place + P.S_SHORT_COUNT, short.length);
  const mask = Math.min(1 << P.HASH_BITS, 2 ** Math.ceil(Math.log2(literals.length * 2))) - 1;
  const buckets = writer.reserve((mask + 1) * 4);
  writer.u32(place + P.S_MASK, mask);
  writer.u32(place + P.S_BUCKETS, buckets);
  const bitmap = new Uint8Array((1 << P.HASH_BITS) / 8);
  const heads = new Uint32Array(mask + 1);
  for (const literal of literals) {
    if (literal.bytes.length < P.WINDOW) continue;
    const at = windows.get(literal) ?? 0;
    const byte = (i: number): number => lower(literal.bytes[at + i] ?? 0);
    const window = byte(0) | (byte(1) << 8) | (byte(2) << 16);
    const hash = Math.imul(window << 8, P.HASH_FACTOR) >>> 0;
    const bit = hash >>> (32 - P.HASH_BITS);
    bitmap[bit >> 3] = (bitmap[bit >> 3] ?? 0) | (1 << (bit & 7));
    writer.u32(literal.place + P.V_HASH, hash);
    writer.u32(literal.place + P.V_NEXT, heads[bit & mask] ?? 0);
    heads[bit & mask] = literal.place;
  }
  bitmap.forEach((value, i) => {
    writer.u8(place + P.S_TABLES + i, value);
  });
  heads.forEach((head, i) => {
    writer.u32(buckets + i * 4, head);
  });
  return place;
}
