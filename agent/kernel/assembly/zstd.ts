/**
 * A body of rows to a zstd frame (RFC 8878), second half: sequences and literals as bits, with the codes that the host
 * has made of their statistics. One Huffman tree and one table of each kind serve the whole frame.
 */

import * as L from '../layout';
import * as M from './memory';
import { blocksEnd } from './pack';
import { copy16 } from './scan';

const MAGIC: u32 = 0xfd2fb528;
/** One segment, its length in four bytes, no checksum and no dictionary. */
const DESCRIPTOR: u32 = 0xa0;
/** What a block may take until it turns out to be longer than its content: 10 bytes for each of 20,480 sequences. */
const BLOCK_ROOM: usize = 256 * 1024;
const RAW_BLOCK: u32 = 0;
const COMPRESSED_BLOCK: u32 = 2;
/** Fewer literals are not worth their header. */
const FEWEST_CODED: usize = 64;
/** Fewer are coded in one stream, more in four. */
const FOUR_STREAMS: usize = 256;
const TABLE_IN_BLOCK: u32 = 0b10_10_10_00;
const TABLE_AS_BEFORE: u32 = 0b11_11_11_00;

let treeSent: bool = false;
let tablesSent: bool = false;

/** Writes the frame of `length` bytes; returns its length, or 0 when it cannot be told in legal blocks. */
export function writeFrame(length: usize): u32 {
  treeSent = false;
  tablesSent = false;
  let out = M.FRAME;
  store<u32>(out, MAGIC);
  store<u8>(out, DESCRIPTOR, 4);
  store<u32>(out, <u32>length, 5);
  out += 9;
  for (let block = M.BLOCKS; block < blocksEnd; block += L.BLOCK_SIZE) {
    const last: u32 = block + L.BLOCK_SIZE == blocksEnd ? 1 : 0;
    const content: usize = load<u32>(block, L.B_CONTENT);
    const contentLength: usize = load<u32>(block, L.B_CONTENT_LENGTH);
    if (out + BLOCK_ROOM > M.FRAME_END) return 0;
    const treeBefore = treeSent;
    const tablesBefore = tablesSent;
    let size = writeBlock(block, out + 3) - (out + 3);
    let kind = COMPRESSED_BLOCK;
    if (size >= contentLength) {
      // A packed block has to be smaller than its content (RFC 8478; decoders of that time insist on less than 128 KiB).
      // As it stands it leaves no offsets for the blocks behind it, which count on those of its sequences.
      if (!last && load<u32>(block, L.B_SEQUENCES) != load<u32>(block, L.B_SEQUENCES_END)) return 0;
      treeSent = treeBefore;
      tablesSent = tablesBefore;
      copy16(out + 3, content, contentLength);
      size = contentLength;
      kind = RAW_BLOCK;
    }
    const header = last | (kind << 1) | (<u32>size << 3);
    store<u16>(out, <u16>header);
    store<u8>(out, header >> 16, 2);
    out += 3 + size;
  }
  return <u32>(out - M.FRAME);
}

function writeBlock(block: usize, out: usize): usize {
  out = writeLiterals(load<u32>(block, L.B_LITERALS), load<u32>(block, L.B_LITERALS_END), out);
  return writeSequences(load<u32>(block, L.B_SEQUENCES), load<u32>(block, L.B_SEQUENCES_END), out);
}

function writeLiterals(from: usize, end: usize, out: usize): usize {
  const count = end - from;
  if (count < FEWEST_CODED) return writeRawLiterals(from, count, out);
  const single = count < FOUR_STREAMS;
  const headerLength: usize = count < 1024 ? 3 : count < 16384 ? 4 : 5;
  let p = out + headerLength;
  const withTree = !treeSent;
  if (withTree) {
    const treeLength: usize = load<u32>(M.PACK + L.K_TREE);
    copy16(p, M.PACK + L.K_TREE + 4, treeLength);
    p += treeLength;
  }
  if (single) {
    p = writeStream(from, end, p);
  } else {
    const quarter = (count + 3) >> 2;
    const jumps = p;
    p += 6;
    for (let i: usize = 0; i < 4; i++) {
      const start = from + i * quarter;
      const behind = writeStream(start, i < 3 ? start + quarter : end, p);
      if (i < 3) store<u16>(jumps + 2 * i, <u16>(behind - p));
      p = behind;
    }
  }
  const packed = p - out - headerLength;
  if (packed >= count) return writeRawLiterals(from, count, out);
  treeSent = true;
  const kind: u32 = withTree ? 2 : 3;
  if (headerLength == 3) {
    const header = kind | ((single ? 0 : 1) << 2) | (<u32>count << 4) | (<u32>packed << 14);
    store<u16>(out, <u16>header);
    store<u8>(out, header >> 16, 2);
  } else if (headerLength == 4) {
    store<u32>(out, kind | (2 << 2) | (<u32>count << 4) | (<u32>packed << 18));
  } else {
    const header = <u64>kind | (3 << 2) | (<u64>count << 4) | (<u64>packed << 22);
    store<u32>(out, <u32>header);
    store<u8>(out, <u8>(header >> 32), 4);
  }
  return p;
}

function writeRawLiterals(from: usize, count: usize, out: usize): usize {
  if (count < 32) {
    store<u8>(out++, <u32>count << 3);
  } else if (count < 4096) {
    store<u16>(out, <u16>((<u32>count << 4) | (1 << 2)));
    out += 2;
  } else {
    const header = (<u32>count << 4) | (3 << 2);
    store<u16>(out, <u16>header);
    store<u8>(out, header >> 16, 2);
    out += 3;
  }
  if (count) copy16(out, from, count);
  return out + count;
}

/** The last byte first, as a decoder reads a stream from its end. */
function writeStream(from: usize, end: usize, out: usize): usize {
  const codes = M.PACK + L.K_HUFFMAN;
  let bits: u64 = 0;
  let count: u64 = 0;
  let p = end;
  // Four codes of at most eleven bits, and seven that are left from before: 51 of 64.
  while (p >= from + 4) {
    p -= 4;
    const four = load<u32>(p);
    let code = load<u32>(codes + (four >> 24 << 2));
    bits |= <u64>(code >> 8) << count;
    count += code & 0xff;
    code = load<u32>(codes + ((four >> 16 & 0xff) << 2));
    bits |= <u64>(code >> 8) << count;
    count += code & 0xff;
    code = load<u32>(codes + ((four >> 8 & 0xff) << 2));
    bits |= <u64>(code >> 8) << count;
    count += code & 0xff;
    code = load<u32>(codes + ((four & 0xff) << 2));
    bits |= <u64>(code >> 8) << count;
    count += code & 0xff;
    store<u64>(out, bits);
    out += <usize>(count >> 3);
    bits >>= count & 56;
    count &= 7;
  }
  while (p > from) {
    p--;
    const code = load<u32>(codes + (<usize>load<u8>(p) << 2));
    bits |= <u64>(code >> 8) << count;
    count += code & 0xff;
  }
  return closeStream(out, bits, count);
}

/** A set bit says where the stream ends. */
@inline
function closeStream(out: usize, bits: u64, count: u64): usize {
  store<u64>(out, bits | (<u64>1 << count));
  return out + <usize>((count + 8) >> 3);
}

function writeSequences(from: usize, end: usize, out: usize): usize {
  const count = <u32>((end - from) / L.SEQUENCE_SIZE);
  if (count < 128) {
    store<u8>(out++, count);
    if (!count) return out;
  } else {
    store<u8>(out, (count >> 8) + 128); // a block holds fewer than the 32,512 that need a third byte
    store<u8>(out, count, 1);
    out += 2;
  }
  if (tablesSent) {
    store<u8>(out++, TABLE_AS_BEFORE);
  } else {
    store<u8>(out++, TABLE_IN_BLOCK);
    const length: usize = load<u32>(M.PACK + L.K_TABLES);
    copy16(out, M.PACK + L.K_TABLES + 4, length);
    out += length;
    tablesSent = true;
  }

  const literalStates = M.PACK + L.K_LITERAL_STATES;
  const matchStates = M.PACK + L.K_MATCH_STATES;
  const offsetStates = M.PACK + L.K_OFFSET_STATES;
  let p = end - L.SEQUENCE_SIZE;
  let codes = load<u32>(p, L.Z_CODES);
  let literalState = firstState(literalStates, codes & 0xff);
  let matchState = firstState(matchStates, codes >> 8 & 0xff);
  let offsetState = firstState(offsetStates, codes >> 16);
  let bits: u64 = 0;
  let count64: u64 = 0;
  while (true) {
    const literalBits: u64 = load<u8>(M.PACK + L.K_LITERAL_BITS + (codes & 0xff));
    bits |= (<u64>load<u32>(p, L.Z_LITERALS) & ((<u64>1 << literalBits) - 1)) << count64;
    count64 += literalBits;
    store<u64>(out, bits);
    out += <usize>(count64 >> 3);
    bits >>= count64 & 56;
    count64 &= 7;

    const matchBits: u64 = load<u8>(M.PACK + L.K_MATCH_BITS + (codes >> 8 & 0xff));
    bits |= (<u64>load<u32>(p, L.Z_MATCH) & ((<u64>1 << matchBits) - 1)) << count64;
    count64 += matchBits;
    const offsetBits: u64 = codes >> 16;
    bits |= (<u64>load<u32>(p, L.Z_OFFSET) & ((<u64>1 << offsetBits) - 1)) << count64;
    count64 += offsetBits;
    store<u64>(out, bits);
    out += <usize>(count64 >> 3);
    bits >>= count64 & 56;
    count64 &= 7;
    if (p == from) break;

    p -= L.SEQUENCE_SIZE;
    codes = load<u32>(p, L.Z_CODES);
    // From here on three states of at most nine, nine and eight bits.
    let symbol = offsetStates + L.STATES_SYMBOLS + ((codes >> 16) << 3);
    let wide: u32 = (offsetState + load<u32>(symbol)) >> 16;
    bits |= (<u64>offsetState & ((<u64>1 << wide) - 1)) << count64;
    count64 += wide;
    offsetState = load<u16>(offsetStates + <usize>(((<i32>(offsetState >> wide)) + load<i32>(symbol, 4)) << 1));

    symbol = matchStates + L.STATES_SYMBOLS + ((codes >> 8 & 0xff) << 3);
    wide = (matchState + load<u32>(symbol)) >> 16;
    bits |= (<u64>matchState & ((<u64>1 << wide) - 1)) << count64;
    count64 += wide;
    matchState = load<u16>(matchStates + <usize>(((<i32>(matchState >> wide)) + load<i32>(symbol, 4)) << 1));

    symbol = literalStates + L.STATES_SYMBOLS + ((codes & 0xff) << 3);
    wide = (literalState + load<u32>(symbol)) >> 16;
    bits |= (<u64>literalState & ((<u64>1 << wide) - 1)) << count64;
    count64 += wide;
    literalState = load<u16>(literalStates + <usize>(((<i32>(literalState >> wide)) + load<i32>(symbol, 4)) << 1));
  }
  bits |= (<u64>matchState & ((<u64>1 << L.MATCH_LOG) - 1)) << count64;
  count64 += L.MATCH_LOG;
  bits |= (<u64>offsetState & ((<u64>1 << L.OFFSET_LOG) - 1)) << count64;
  count64 += L.OFFSET_LOG;
  bits |= (<u64>literalState & ((<u64>1 << L.LITERAL_LOG) - 1)) << count64;
  count64 += L.LITERAL_LOG;
  return closeStream(out, bits, count64);
}

/** The state from which a decoder's first symbol is this one. */
@inline
function firstState(states: usize, code: u32): u32 {
  const symbol = states + L.STATES_SYMBOLS + (code << 3);
  const delta = load<u32>(symbol);
  const wide = (delta + (1 << 15)) >> 16;
  const value = (wide << 16) - delta;
  return load<u16>(states + <usize>((<i32>(value >> wide) + load<i32>(symbol, 4)) << 1));
}
