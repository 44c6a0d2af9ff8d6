/**
 * Messages: `{column}` becomes the event's value, an absent or null column leaves its placeholder.
 *
 * Parsed once at start. What a value holds is never looked at again, so a log line cannot bring a placeholder of
 * its own. The message goes out as it is: whoever writes the log writes part of it.
 */

import { MAX_MESSAGE_BYTES } from '../limits.ts';
import { ColumnReader } from './row.ts';

/** Innermost braces, so that `{"text": "{column}"}` works. */
const PLACEHOLDER = /\{([^{}]+)\}/g;
const ELLIPSIS = ' …';
/** More than the message has room for, so that a value cut short always ends in a message cut short. */
const MAX_VALUE_BYTES = MAX_MESSAGE_BYTES + 16;

const encoder = new TextEncoder();
const scratch = new Uint8Array(MAX_MESSAGE_BYTES - Buffer.byteLength(ELLIPSIS));

export class Template {
  /** Text around the placeholders: one more than there are placeholders. */
  readonly #texts: readonly string[];
  /** The placeholders' columns, as indices into what the reader gives. */
  readonly #columns: readonly number[];
  readonly #names: readonly string[];
  readonly #reader: ColumnReader;

  constructor(text: string) {
    const found = [...text.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '');
    this.#texts = text.split(/\{[^{}]+\}/);
    this.#names = [...new Set(found)];
    this.#columns = found.map((name) => this.#names.indexOf(name));
    this.#reader = new ColumnReader(this.#names, MAX_VALUE_BYTES);
  }

  /**
   * @param row a flat row, not kept
   * @returns at most `MAX_MESSAGE_BYTES` of UTF-8; a longer message ends in an ellipsis
   */
  render(row: Uint8Array): string {
    const values = this.#names.length === 0 ? [] : this.#reader.read(row);
    let message = this.#texts[0] ?? '';
    for (const [index, column] of this.#columns.entries()) {
      message += values[column] ?? `{${this.#names[column]}}`;
      message += this.#texts[index + 1] ?? '';
    }
    return shorten(message);
  }
}

function shorten(message: string): string {
  if (Buffer.byteLength(message) <= MAX_MESSAGE_BYTES) return message;
  const { read } = encoder.encodeInto(message, scratch);
  return message.slice(0, read) + ELLIPSIS;
}
