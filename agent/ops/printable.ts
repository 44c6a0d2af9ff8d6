/**
 * Makes text of unknown origin safe to print. Log lines, file names and server answers are written by others:
 * a terminal escape or a line break in them must not act where an operator reads them.
 */

/**
 * C0 and C1 controls, DEL, line and paragraph separator, the bidirectional overrides and isolates, zero-width
 * characters, the byte order mark, and lone surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/**
 * Each unsafe character as `\uXXXX`. On a finished JSON text it changes nothing but how characters in strings are
 * written, as long as the text has no line breaks between values.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** `http://user:password@host` as `http://[hidden]@host`, anywhere in the text. */
export function withoutUserInfo(text: string): string {
  return text.replace(/(:\/\/)[^/?#\s]*@/g, '$1[hidden]@');
}
