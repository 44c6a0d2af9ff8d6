/**
 * Logs written by a container runtime (CRI): every line is `TIME stdout F payload`, and a long line comes in pieces,
 * all but the last with `P` for `F`.
 *
 * Takes the prefixes away and joins the pieces in place, keeping the length: what is removed becomes blanks before
 * the payload, where JSON allows them. So an offset between two records is the file's own, and the checkpoint,
 * the row table and the event id need not know.
 *
 *     file    T stdout P {"a":"x⏎T stdout F y"}⏎
 *     output                        {"a":"xy"}⏎
 *
 * A record whose end has not been read has no newline in the output, and as many bytes as were read of it: the
 * reader asks for more, or gives the record up as too long and takes all of it. Records of the two streams are not
 * told apart, and a line without a prefix is a record of its own: where one interrupts pieces, these end there.
 */

const NEWLINE = 0x0a;
const BLANK = 0x20;
const DASH = 0x2d;
const COLON = 0x3a;
const FULL = 0x46;
const PARTIAL = 0x50;
const TIME_SEPARATOR = 0x54;
/** `2016-10-06T00:17:09.669794202+02:00 stdout F ` with room for tags. */
const MAX_PREFIX_BYTES = 128;
const FIRST_PREFIX =
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}) (stdout|stderr) [FP](:\S*)? /;

/** Whether a file that begins with these bytes was written by a container runtime. */
export function isContainerRecord(firstBytes: Uint8Array): boolean {
  return FIRST_PREFIX.test(Buffer.from(firstBytes.subarray(0, MAX_PREFIX_BYTES)).toString('latin1'));
}

interface Prefix {
  isThere: boolean;
  /** In the data; of a prefix that was taken before, 0. */
  lengthBytes: number;
  isPartial: boolean;
}

/** Reads the prefix of the line at `start` into `prefix`. */
function readPrefix(prefix: Prefix, bytes: Uint8Array, start: number, end: number): void {
  prefix.isThere = false;
  prefix.lengthBytes = 0;
  prefix.isPartial = false;
  // The time was checked in the first line; here it is enough to tell it from JSON.
  if (bytes[start + 4] !== DASH || bytes[start + 10] !== TIME_SEPARATOR) return;
  const limit = Math.min(end, start + MAX_PREFIX_BYTES);
  const time = bytes.indexOf(BLANK, start);
  const stream = time < 0 || time >= limit ? -1 : bytes.indexOf(BLANK, time + 1);
  if (stream < 0 || stream + 2 >= limit) return;
  const tag = bytes[stream + 1];
  const tagEnd = bytes[stream + 2] === COLON ? bytes.indexOf(BLANK, stream + 2) : stream + 2;
  if ((tag !== FULL && tag !== PARTIAL) || tagEnd < 0 || tagEnd >= limit || bytes[tagEnd] !== BLANK) return;
  prefix.isThere = true;
  prefix.lengthBytes = tagEnd + 1 - start;
  prefix.isPartial = tag === PARTIAL;
}

/** The line in which a reader stands that took half of it: its first bytes, and how much was taken. */
interface HalfLine {
  readonly head: Buffer;
  headBytes: number;
  takenBytes: number;
}

function halfLine(): HalfLine {
  return { head: Buffer.alloc(MAX_PREFIX_BYTES), headBytes: 0, takenBytes: 0 };
}

function addHead(half: HalfLine, bytes: Uint8Array, start: number, end: number): void {
  const count = Math.min(MAX_PREFIX_BYTES - half.headBytes, end - start);
  half.head.set(bytes.subarray(start, start + count), half.headBytes);
  half.headBytes += count;
}

export class ContainerRecords {
  /** Payloads of the record at hand, as [start, end) pairs in the data; kept to save the allocation. */
  readonly #payloads: number[];
  readonly #prefix: Prefix;
  /** Where the reader stands; where it will stand once it has taken all of the data. */
  #here: HalfLine;
  #there: HalfLine;
  #untakenBytes: number;
  #endsInRecord: boolean;

  constructor() {
    this.#payloads = [];
    this.#prefix = { isThere: false, lengthBytes: 0, isPartial: false };
    this.#here = halfLine();
    this.#there = halfLine();
    this.#untakenBytes = 0;
    this.#endsInRecord = false;
  }

  /**
   * Rewrites `data[0, count)` as described above.
   * @param isEnd nothing follows: the last piece is given whatever it is
   */
  join(data: Uint8Array, count: number, isEnd: boolean): void {
    const payloads = this.#payloads;
    const prefix = this.#prefix;
    let record = 0;
    this.#there.takenBytes = 0;
    for (let line = 0; line < count; ) {
      const newline = data.indexOf(NEWLINE, line);
      const isWhole = newline >= 0 && newline < count;
      const end = isWhole ? newline : count;
      if (line === 0 && this.#here.takenBytes > 0) this.#readRestOfPrefix(data, end);
      else readPrefix(prefix, data, line, end);
      const isHalfPrefix = !isWhole && !isEnd && !prefix.isThere && end - line < MAX_PREFIX_BYTES;
      if (!prefix.isThere && line > record && !isHalfPrefix) {
        finish(data, record, line, payloads, true);
        record = line;
      }
      if (!isWhole) this.#standIn(data, line, count);
      if (!isHalfPrefix) payloads.push(line + prefix.lengthBytes, end);
      line = end + 1;
      if (isWhole && !prefix.isPartial) {
        finish(data, record, line, payloads, true);
        record = line;
      }
    }
    this.#endsInRecord = record < count;
    this.#untakenBytes = count;
    if (record < count) finish(data, record, count, payloads, false);
  }

  /** The data begins in the middle of a line: what of its prefix was not taken yet. */
  #readRestOfPrefix(data: Uint8Array, end: number): void {
    const { head, headBytes, takenBytes } = this.#here;
    const whole = halfLine();
    addHead(whole, head, 0, headBytes);
    addHead(whole, data, 0, end);
    readPrefix(this.#prefix, whole.head, 0, whole.headBytes);
    this.#prefix.lengthBytes = Math.max(0, this.#prefix.lengthBytes - takenBytes);
  }

  /** The data ends in the middle of the line at `line`. */
  #standIn(data: Uint8Array, line: number, count: number): void {
    const here = this.#here;
    const there = this.#there;
    const takenBefore = line === 0 ? here.takenBytes : 0;
    there.headBytes = 0;
    there.takenBytes = takenBefore + count - line;
    if (takenBefore > 0) addHead(there, here.head, 0, here.headBytes);
    addHead(there, data, line, count);
  }

  /** The reader has taken this much of the data, which `join` has just seen. */
  taken(bytes: number): void {
    if (bytes === 0) return;
    this.#untakenBytes -= bytes;
    this.#here.takenBytes = 0;
    this.#here.headBytes = 0;
    if (this.#untakenBytes > 0 || !this.#endsInRecord) return;
    [this.#here, this.#there] = [this.#there, this.#here];
  }
}

/** Moves the payloads of `data[start, end)` to its end and blanks the rest. */
function finish(data: Uint8Array, start: number, end: number, payloads: number[], isEnded: boolean): void {
  let out = isEnded ? end - 1 : end;
  if (isEnded) data[out] = NEWLINE;
  for (let at = payloads.length - 2; at >= 0; at -= 2) {
    const from = payloads[at] ?? 0;
    const to = payloads[at + 1] ?? 0;
    out -= to - from;
    if (out !== from) data.copyWithin(out, from, to);
  }
  data.fill(BLANK, start, out);
  payloads.length = 0;
}
