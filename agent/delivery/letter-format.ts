/** One dead letter as a line of JSON, there and back. The format is for people and for `replay`. */

export interface DeadLetter {
  /** A reject reason of the kernel, or `refused`: the server's or the connection's fault, see `message`. */
  readonly reason: string;
  readonly file: string;
  /** Where the line stands, in uncompressed bytes. */
  readonly offset: number;
  readonly length: number;
  /** The server's status, `null` when there was no answer. */
  readonly status: number | null;
  readonly message: string;
  /** The line as it was read; written as `line`, or as `line_base64` when it is no UTF-8. */
  readonly line?: Uint8Array | undefined;
  /** The row as it was sent. */
  readonly row?: Uint8Array | undefined;
}

export type StoredLetter = DeadLetter & { readonly node: string };

/**
 * A letter with its newline.
 * @param maxBytes a longer one keeps at least its place, and says what it lacks
 */
export function printLetter(letter: DeadLetter, node: string, time: Date, maxBytes: number): Buffer {
  const { line, row, reason, file, offset, length, status, message } = letter;
  const head = { time: time.toISOString(), reason, node, file, offset, length, status, message };
  const whole = Buffer.from(`${JSON.stringify({ ...head, ...lineFields(line), ...rowField(row) })}\n`);
  if (whole.length <= maxBytes) return whole;
  return Buffer.from(`${JSON.stringify({ ...head, omitted_bytes: whole.length })}\n`);
}

/** The letter on a line; undefined when it is none, as a line torn by a crash. */
export function parseLetter(text: Uint8Array): StoredLetter | undefined {
  const fields = objectOf(text);
  const { reason, node, file, offset, length, status, message, row } = fields;
  const isPlaced = typeof offset === 'number' && typeof length === 'number' && typeof file === 'string';
  if (typeof reason !== 'string' || typeof node !== 'string' || typeof message !== 'string' || !isPlaced)
    return undefined;
  const line = lineOf(fields);
  return {
    ...{ reason, node, file, offset, length, message },
    status: typeof status === 'number' ? status : null,
    ...(line !== undefined && { line }),
    ...(typeof row === 'string' && { row: Buffer.from(row) }),
  };
}

interface Fields {
  readonly [name: string]: unknown;
  readonly reason?: unknown;
  readonly node?: unknown;
  readonly file?: unknown;
  readonly offset?: unknown;
  readonly length?: unknown;
  readonly status?: unknown;
  readonly message?: unknown;
  readonly row?: unknown;
  readonly line?: unknown;
  readonly line_base64?: unknown;
}

function objectOf(text: Uint8Array): Fields {
  try {
    const value: unknown = JSON.parse(Buffer.from(text).toString());
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function lineOf({ line, line_base64: base64 }: Fields): Uint8Array | undefined {
  if (typeof line === 'string') return Buffer.from(line);
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined;
}

function lineFields(line: Uint8Array | undefined): Record<string, string> {
  if (line === undefined) return {};
  try {
    return { line: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line) };
  } catch {
    return { line_base64: Buffer.from(line).toString('base64') };
  }
}

/** Text, not an object: its numbers and escapes are kept as they were sent. */
function rowField(row: Uint8Array | undefined): Record<string, string> {
  return row === undefined ? {} : { row: Buffer.from(row).toString('utf8') };
}
