/** One automaton over one text: a table look-up for each byte, and out as soon as it is decided. */

import * as P from '../layout-program';
import * as M from './memory';

/** Whether the expression is found in the text, which is UTF-8. */
export function runDfa(dfa: usize, text: usize, end: usize): bool {
  const shift = load<u32>(dfa, P.DFA_SHIFT) + 1;
  const rows = M.PROGRAM + load<u32>(dfa, P.DFA_ROWS);
  const classes = dfa + P.DFA_CLASSES;
  let state = load<u32>(dfa, P.DFA_START);
  if (state <= <u32>P.DFA_MATCH) return state == <u32>P.DFA_MATCH;
  for (let p = text; p < end; p++) {
    state = load<u16>(rows + (<usize>state << shift) + (<usize>load<u8>(classes + load<u8>(p)) << 1));
    if (state <= <u32>P.DFA_MATCH) return state == <u32>P.DFA_MATCH;
  }
  return load<u8>(M.PROGRAM + load<u32>(dfa, P.DFA_ENDS) + state) != 0;
}
