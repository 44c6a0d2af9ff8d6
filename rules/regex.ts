/** Regular expressions are RE2's: linear time, so without look-around and back-references. */

import { RE2JS } from 're2js';
import { messageOf } from '../agent/errors.ts';
import { MAX_REGEX_CHARS } from '../agent/limits.ts';

/** Why a pattern is refused, in plain words; `undefined` when it is good. */
export function regexFault(pattern: string): string | undefined {
  if (pattern.length > MAX_REGEX_CHARS) {
    return `this regular expression is longer than ${MAX_REGEX_CHARS} characters`;
  }
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    const cause = messageOf(error).replace(/^error parsing regexp: /, '');
    return `bad regular expression: ${cause} (RE2 syntax: no look-around, no back-references)`;
  }
}
