/**
 * The bytes of a spool segment: pure functions, little-endian.
 *
 *     segment  := header(16) record*
 *     header   := "TSPOOL" 0 0 | version u32 | crc32 of the 12 bytes before u32
 *     record   := mark(8) done(4) meta(4) rows(4) body(4) created(8) payload crc(4) header crc(4) | payload
 *     payload  := meta JSON | ends u32×rows | offsets f64×rows | lengths u32×rows | body as sent
 *
 * The mark is eight random bytes from the segment's name: after damage the next record is found by them, and no
 * event can forge them. `done` is outside the checksums, since it is written later; it is a word of four bytes, so
 * that no single flipped byte turns a record that must be sent into one that was.
 */

import { crc32 } from 'node:zlib';
import { MiB } from '../limits.ts';
import type { TrackedFile } from '../position.ts';
import type { Body, Encoding } from './body.ts';

/** A later one is refused at start. */
export const SPOOL_VERSION = 1;
export const SEGMENT_HEADER_BYTES = 16;
export const MARK_BYTES = 8;
export const RECORD_HEADER_BYTES = 40;
/** Where `done` stands in a record. */
export const DONE_AT = MARK_BYTES;
/** "DONE" as it is written over four zeros. */
export const DONE = Uint8Array.of(0x44, 0x4f, 0x4e, 0x45);

const MAGIC = Uint8Array.of(0x54, 0x53, 0x50, 0x4f, 0x4f, 0x4c, 0, 0);
const VERSION_AT = 8;
const HEADER_CRC_AT = 12;

const META_AT = 12;
const ROWS_AT = 16;
const BODY_AT = 20;
const CREATED_AT = 24;
const PAYLOAD_CRC_AT = 32;
const RECORD_CRC_AT = 36;

const ROW_BYTES = 4 + 8 + 4;
/** No record of ours is larger (a batch has 10 MiB at most); a header that says so is damaged. */
const MAX_PART_BYTES = 64 * MiB;

export interface RecordHeader {
  readonly isDone: boolean;
  readonly metaBytes: number;
  readonly rowCount: number;
  readonly bodyBytes: number;
  readonly createdMs: number;
  readonly payloadCrc: number;
  /** Meta and row table. */
  readonly frontBytes: number;
  /** The whole record. */
  readonly totalBytes: number;
}

interface Meta {
  readonly encoding: Encoding;
  readonly rawLength: number;
  readonly sealedAtMs: number;
  /** null for NaN, as JSON writes it. */
  readonly lastEventTimeMs: number | null;
  readonly spans: readonly { readonly firstRow: number; readonly file: TrackedFile }[];
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function segmentHeader(): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  bytes.set(MAGIC);
  view(bytes).setUint32(VERSION_AT, SPOOL_VERSION, true);
  view(bytes).setUint32(HEADER_CRC_AT, crc32(bytes.subarray(0, HEADER_CRC_AT)), true);
  return bytes;
}

/** The version a segment was written in; undefined when its header is damaged, which costs no record. */
export function segmentVersion(bytes: Uint8Array): number | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES) return undefined;
  if (view(bytes).getUint32(HEADER_CRC_AT, true) !== crc32(bytes.subarray(0, HEADER_CRC_AT)))
    return undefined;
  return view(bytes).getUint32(VERSION_AT, true);
}

/** What follows a record's header, in parts that are written one after another; nothing is copied but the meta. */
export function payloadParts({
  encoding,
  rawLength,
  sealedAtMs,
  lastEventTimeMs,
  rows,
  bytes,
}: Body): readonly Uint8Array[] {
  // In JSON a NaN becomes null.
  const meta: Meta = { encoding, rawLength, sealedAtMs, lastEventTimeMs, spans: rows.spans };
  return [
    Buffer.from(JSON.stringify(meta)),
    bytesOf(rows.ends),
    bytesOf(rows.offsets),
    bytesOf(rows.lengths),
    bytes,
  ];
}

/** Bytes of a record with this payload. */
export function recordBytes(payload: readonly Uint8Array[]): number {
  return payload.reduce((sum, part) => sum + part.length, RECORD_HEADER_BYTES);
}

/** The header before `payload`, which is that of `body`. */
export function recordHeader(
  body: Body,
  payload: readonly Uint8Array[],
  mark: Uint8Array,
  nowMs: number,
): Uint8Array {
  const header = new Uint8Array(RECORD_HEADER_BYTES);
  header.set(mark);
  const fields = view(header);
  fields.setUint32(META_AT, payload[0]?.length ?? 0, true);
  fields.setUint32(ROWS_AT, body.rows.ends.length, true);
  fields.setUint32(BODY_AT, body.bytes.length, true);
  fields.setFloat64(CREATED_AT, nowMs, true);
  fields.setUint32(
    PAYLOAD_CRC_AT,
    payload.reduce((crc, part) => crc32(part, crc), 0),
    true,
  );
  fields.setUint32(RECORD_CRC_AT, headerCrc(header), true);
  return header;
}

/** The header at the beginning of `bytes`; undefined when there is no sound one. */
export function parseHeader(bytes: Uint8Array, mark: Uint8Array): RecordHeader | undefined {
  if (bytes.length < RECORD_HEADER_BYTES || !startsWith(bytes, mark)) return undefined;
  const fields = view(bytes);
  if (fields.getUint32(RECORD_CRC_AT, true) !== headerCrc(bytes)) return undefined;
  const metaBytes = fields.getUint32(META_AT, true);
  const rowCount = fields.getUint32(ROWS_AT, true);
  const bodyBytes = fields.getUint32(BODY_AT, true);
  if (metaBytes > MAX_PART_BYTES || bodyBytes > MAX_PART_BYTES || rowCount > MAX_PART_BYTES / ROW_BYTES)
    return undefined;
  const frontBytes = metaBytes + rowCount * ROW_BYTES;
  return {
    isDone: startsWith(bytes.subarray(DONE_AT), DONE),
    ...{ metaBytes, rowCount, bodyBytes },
    createdMs: fields.getFloat64(CREATED_AT, true),
    payloadCrc: fields.getUint32(PAYLOAD_CRC_AT, true),
    frontBytes,
    totalBytes: RECORD_HEADER_BYTES + frontBytes + bodyBytes,
  };
}

/**
 * The body of a record.
 * @param front meta and row table, copied from
 * @param bytes the body as sent, which it keeps
 * @returns undefined when they are damaged
 */
export function parsePayload(header: RecordHeader, front: Uint8Array, bytes: Uint8Array): Body | undefined {
  if (crc32(bytes, crc32(front)) !== header.payloadCrc) return undefined;
  const { metaBytes, rowCount } = header;
  const meta = parseMeta(front.subarray(0, metaBytes));
  if (meta === undefined) return undefined;
  let at = metaBytes;
  // Copies: a typed array must begin at a multiple of its element's size.
  const next = (length: number): ArrayBuffer => {
    at += length;
    return new Uint8Array(front.subarray(at - length, at)).buffer;
  };
  const ends = new Uint32Array(next(4 * rowCount));
  const offsets = new Float64Array(next(8 * rowCount));
  const lengths = new Uint32Array(next(4 * rowCount));
  const { encoding, rawLength, sealedAtMs, spans } = meta;
  const lastEventTimeMs = meta.lastEventTimeMs ?? Number.NaN;
  const rows = { ends, offsets, lengths, spans };
  return { sequence: 0, encoding, bytes, rawLength, rowCount, rows, sealedAtMs, lastEventTimeMs };
}

/** What the checksum of a header covers: all but the `done` word, and itself. */
function headerCrc(header: Uint8Array): number {
  return crc32(header.subarray(META_AT, RECORD_CRC_AT), crc32(header.subarray(0, MARK_BYTES)));
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, i) => bytes[i] === byte);
}

function bytesOf(table: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(table.buffer, table.byteOffset, table.byteLength);
}

/** What a checksum has passed was written by this program; the shape is looked at all the same. */
function parseMeta(bytes: Uint8Array): Meta | undefined {
  try {
    const meta: unknown = JSON.parse(Buffer.from(bytes).toString());
    return isMeta(meta) ? meta : undefined;
  } catch {
    return undefined;
  }
}

function isMeta(value: unknown): value is Meta {
  if (typeof value !== 'object' || value === null) return false;
  if (!('encoding' in value && 'rawLength' in value && 'spans' in value && Array.isArray(value.spans)))
    return false;
  const isEncoding = value.encoding === 'zstd' || value.encoding === 'gzip' || value.encoding === 'none';
  return isEncoding && typeof value.rawLength === 'number' && value.spans.every(isSpan);
}

function isSpan(span: unknown): boolean {
  if (typeof span !== 'object' || span === null || !('firstRow' in span) || !('file' in span)) return false;
  const { file } = span;
  return typeof file === 'object' && file !== null && 'path' in file && typeof file.path === 'string';
}
