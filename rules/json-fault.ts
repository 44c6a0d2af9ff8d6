/**
 * Where a text stops being JSON. V8 names the place for some faults only, and for others it quotes the text, which
 * may hold a password: so the place is found here, as the end of the longest beginning that could still go on.
 */

import { messageOf } from '../agent/errors.ts';

/** `line 2, column 11: unexpected token '}'`, for a text that JSON.parse refuses. */
export function jsonFault(text: string): string {
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (couldGoOn(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  const before = text.slice(0, good).split('\n');
  const column = [...(before.at(-1) ?? '')].length + 1;
  return `line ${before.length}, column ${column}: ${reasonOf(text)}`;
}

function couldGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    const message = messageOf(error);
    return message.startsWith('Unexpected end') || message.includes(`at position ${beginning.length} `);
  }
}

function reasonOf(text: string): string {
  try {
    JSON.parse(text);
    return 'nothing';
  } catch (error) {
    const reason = messageOf(error).replace(/(?:, (?:\.\.\.)?"| (?:in|of|after) JSON).*$/s, '');
    return reason.replace(/\p{C}/gu, '?').replace(/^./, (letter) => letter.toLowerCase());
  }
}
