/** Leaves of the expressions: found true by the pass over a column's value, or decided when a condition asks. */

import * as L from '../layout';
import * as P from '../layout-program';
import { contains, same } from './compare';
import { markAll } from './match';
import * as M from './memory';
import { runDfa } from './regex';

/** RE2 search by the host: for expressions whose automaton would be too large. */
@external("host", "matchRegex")
declare function matchRegex(regex: u32, text: usize, length: usize): i32;

export function becomesTrue(predicate: usize): void {
  store<u64>(predicate, M.event, P.Q_TRUE);
  store<u64>(predicate, M.event, P.Q_KNOWN);
  wakes(predicate);
}

/** Its conditions are to be evaluated. */
@inline
export function wakes(predicate: usize): void {
  markAll(M.PROGRAM + load<u32>(predicate, P.Q_CONDITIONS), load<u32>(predicate, P.Q_CONDITION_COUNT));
}

/** Tries an expression on the value, once an event. */
export function tryRegex(predicate: usize, text: usize, end: usize): void {
  if (load<u64>(predicate, P.Q_KNOWN) == M.event) return;
  store<u64>(predicate, M.event, P.Q_KNOWN);
  if (!searchRegex(predicate, text, end)) return;
  store<u64>(predicate, M.event, P.Q_TRUE);
  wakes(predicate);
}

/** Whether the predicate holds for the event; every value of the event has been looked at. */
export function isTrue(predicate: usize): bool {
  if (load<u64>(predicate, P.Q_KNOWN) == M.event) return load<u64>(predicate, P.Q_TRUE) == M.event;
  const column = M.PROGRAM + load<u32>(predicate, P.Q_COLUMN);
  if (load<u64>(column, P.L_EVENT) != M.event) return false;
  const op = load<u32>(predicate, P.Q_OP);
  const kind = load<u32>(column, P.L_KIND);
  if (op >= <u32>P.OP_EQUAL) {
    return kind == L.KIND_NUMBER && compareNumber(op, load<f64>(column, P.L_NUMBER), load<f64>(predicate, P.Q_NUMBER));
  }
  if (kind != L.KIND_STRING || load<u32>(predicate, P.Q_SOUGHT)) return false;
  const holds = compareText(op, predicate, load<u32>(column, P.L_START), load<u32>(column, P.L_END));
  store<u64>(predicate, M.event, P.Q_KNOWN);
  if (holds) store<u64>(predicate, M.event, P.Q_TRUE);
  return holds;
}

function compareNumber(op: u32, value: f64, wanted: f64): bool {
  switch (op) {
    case P.OP_EQUAL:
      return value == wanted;
    case P.OP_NOT_EQUAL:
      return value != wanted;
    case P.OP_GREATER:
      return value > wanted;
    case P.OP_GREATER_EQUAL:
      return value >= wanted;
    case P.OP_LESS:
      return value < wanted;
    default:
      return value <= wanted;
  }
}

function compareText(op: u32, predicate: usize, text: usize, end: usize): bool {
  if (op == P.OP_REGEX) return searchRegex(predicate, text, end);
  const length = end - text;
  const wanted = M.PROGRAM + load<u32>(predicate, P.Q_TEXT);
  const wantedLength: usize = load<u32>(predicate, P.Q_TEXT_LENGTH);
  const fold = load<u32>(predicate, P.Q_FOLD) != 0;
  if (op == P.OP_EXACT || op == P.OP_NOT_EXACT) {
    return (length == wantedLength && same(text, wanted, length, fold)) == (op == P.OP_EXACT);
  }
  return contains(text, length, wanted, wantedLength, fold) == (op == P.OP_CONTAINS);
}

function searchRegex(predicate: usize, text: usize, end: usize): bool {
  const dfa: usize = load<u32>(predicate, P.Q_DFA);
  if (dfa) return runDfa(M.PROGRAM + dfa, text, end);
  if (!mayMatch(predicate, text, end - text)) return false;
  return matchRegex(load<u32>(predicate, P.Q_REGEX), text, end - text) != 0;
}

/** Whether one of the literals stands in the text without which there is no match. */
function mayMatch(predicate: usize, text: usize, length: usize): bool {
  const list = M.PROGRAM + load<u32>(predicate, P.Q_NEEDED);
  const count = load<u32>(predicate, P.Q_NEEDED_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    const literal = M.PROGRAM + load<u32>(list + (i << 2));
    const wanted = M.PROGRAM + load<u32>(literal, P.V_TEXT);
    if (contains(text, length, wanted, load<u32>(literal, P.V_LENGTH), load<u32>(literal, P.V_FOLD) != 0)) return true;
  }
  return false;
}
