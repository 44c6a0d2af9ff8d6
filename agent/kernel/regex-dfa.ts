/**
 * From re2js's program to an automaton over bytes that finds out whether the expression occurs in a text.
 *
 * A state is the set of instructions that the search may stand at, with what is known of the place: whether it
 * begins text or line, and whether a word character came before. What depends on the next byte (`$`, `\b`) is
 * decided when that byte comes, so a match shows one byte late, or at the end. As only yes or no is asked, the first
 * match ends the search.
 */

import {
  ALT,
  ALT_MATCH,
  BEGIN_LINE,
  BEGIN_TEXT,
  CAPTURE,
  EMPTY_WIDTH,
  END_LINE,
  END_TEXT,
  isRune,
  MATCH,
  NO_WORD_BOUNDARY,
  NOP,
  type RegexProgram,
  rangesOf,
  WORD_BOUNDARY,
} from './regex-program.ts';
import { DONE, NOWHERE, Utf8Automata } from './regex-utf8.ts';

const NEWLINE = 10;
export const DEAD_STATE = 0;
export const MATCH_STATE = 1;

export interface Dfa {
  readonly start: number;
  /** Class of each byte. */
  readonly classes: Uint8Array;
  readonly classCount: number;
  /** Next state by state and class, `classCount` to a row; the first two rows are those of no and of match. */
  readonly rows: readonly Uint16Array[];
  /** States in which the end of the text is a match. */
  readonly ends: readonly boolean[];
}

/** What building may cost: states of one automaton, and steps of all that are built with it. */
export interface DfaBudget {
  readonly maxStates: number;
  steps: number;
}

/** `undefined`: the automaton would take more than the budget. */
export function buildDfa(program: RegexProgram, budget: DfaBudget): Dfa | undefined {
  // Every instruction may be a state of its own, or nearly so.
  if (program.inst.length > budget.maxStates * 4) return undefined;
  return new Builder(program, budget).build();
}

interface State {
  /** Instructions, and from `inst.length` on places within a rune; in order. */
  readonly elements: readonly number[];
  readonly flags: number;
  readonly afterWord: boolean;
}

class Builder {
  readonly #program: RegexProgram;
  readonly #budget: DfaBudget;
  readonly #utf8: Utf8Automata;
  /** By rune instruction: where its first byte is looked up. */
  readonly #roots: Int32Array;
  readonly #hasWords: boolean;
  readonly #hasLines: boolean;
  /** No match can begin behind the first byte. */
  readonly #isAnchored: boolean;
  /** Places within a rune: node and where the rune leads. */
  readonly #inside: { node: number; out: number }[];
  readonly #insideByKey: Map<number, number>;
  readonly #states: State[];
  readonly #byKey: Map<string, number>;
  readonly #visited: Int32Array;
  #visit: number;

  constructor(program: RegexProgram, budget: DfaBudget) {
    this.#program = program;
    this.#budget = budget;
    this.#utf8 = new Utf8Automata();
    this.#roots = new Int32Array(program.inst.length).fill(NOWHERE);
    let conditions = 0;
    program.inst.forEach((inst, pc) => {
      if (isRune(inst)) this.#roots[pc] = this.#utf8.rootOf(rangesOf(inst));
      if (inst.op === EMPTY_WIDTH) conditions |= inst.arg;
    });
    this.#hasWords = (conditions & (WORD_BOUNDARY | NO_WORD_BOUNDARY)) !== 0;
    this.#hasLines = (conditions & (BEGIN_LINE | END_LINE)) !== 0;
    this.#inside = [];
    this.#insideByKey = new Map();
    const none: State = { elements: [], flags: 0, afterWord: false };
    this.#states = [none, none];
    this.#byKey = new Map();
    this.#visited = new Int32Array(program.inst.length);
    this.#visit = 0;
    this.#isAnchored = !this.#hasLines && this.#close([program.start], 0)?.length === 0;
  }

  build(): Dfa | undefined {
    const { classes, samples } = this.#classes();
    const rows = [
      new Uint16Array(samples.length).fill(DEAD_STATE),
      new Uint16Array(samples.length).fill(MATCH_STATE),
    ];
    const ends = [false, true];
    const start = this.#state([this.#program.start], BEGIN_TEXT | BEGIN_LINE, false);
    for (let index = 2; index < this.#states.length; index++) {
      const state = this.#states[index];
      if (state === undefined || this.#states.length > this.#budget.maxStates || this.#budget.steps < 0) {
        return undefined;
      }
      const row = new Uint16Array(samples.length);
      samples.forEach((byte, i) => {
        row[i] = this.#step(state, byte);
      });
      rows.push(row);
      ends.push(this.#endsIn(state));
    }
    if (this.#states.length > this.#budget.maxStates) return undefined;
    return { start, classes, classCount: samples.length, rows, ends };
  }

  /** Bytes that no state tells apart are one class; a sample byte of each. */
  #classes(): { classes: Uint8Array; samples: number[] } {
    const bounds = new Set([0, 0x80, 0xc0, ...this.#utf8.bounds]);
    if (this.#hasLines) for (const bound of [NEWLINE, NEWLINE + 1]) bounds.add(bound);
    if (this.#hasWords)
      for (const bound of [0x30, 0x3a, 0x41, 0x5b, 0x5f, 0x60, 0x61, 0x7b]) bounds.add(bound);
    const samples = [...bounds].filter((bound) => bound < 256).sort((a, b) => a - b);
    const classes = new Uint8Array(256);
    samples.forEach((from, i) => {
      classes.fill(i, from);
    });
    return { classes, samples };
  }

  #step(state: State, byte: number): number {
    // No rune begins here: only runes under way go on. What else is in the state came from a search begun within
    // a rune, and is none.
    const isContinuation = byte >= 0x80 && byte < 0xc0;
    const { length: count } = this.#program.inst;
    const next: number[] = [];
    let elements = state.elements;
    if (!isContinuation) {
      const before = state.flags | (byte === NEWLINE ? END_LINE : 0) | this.#boundary(state, isWord(byte));
      const closed = this.#close(state.elements, before);
      if (closed === undefined) return MATCH_STATE;
      elements = closed;
    }
    this.#budget.steps -= elements.length + 1;
    for (const element of elements) {
      if (element < count) {
        if (isContinuation) continue;
        const inst = this.#program.inst[element];
        if (inst !== undefined)
          this.#enter(this.#utf8.step(this.#roots[element] ?? NOWHERE, byte), inst.out, next);
      } else {
        const inside = this.#inside[element - count];
        if (inside !== undefined) this.#enter(this.#utf8.step(inside.node, byte), inside.out, next);
      }
    }
    if (byte < 0xc0) next.push(this.#program.start);
    return this.#state(next, byte === NEWLINE ? BEGIN_LINE : 0, isWord(byte));
  }

  #enter(node: number, out: number, next: number[]): void {
    if (node === NOWHERE) return;
    if (node === DONE) {
      next.push(out);
      return;
    }
    const key = node * this.#program.inst.length + out;
    let inside = this.#insideByKey.get(key);
    if (inside === undefined) {
      inside = this.#inside.push({ node, out }) - 1;
      this.#insideByKey.set(key, inside);
    }
    next.push(this.#program.inst.length + inside);
  }

  #boundary(state: State, isWordNext: boolean): number {
    return state.afterWord === isWordNext ? NO_WORD_BOUNDARY : WORD_BOUNDARY;
  }

  #endsIn(state: State): boolean {
    return (
      this.#close(state.elements, state.flags | END_LINE | END_TEXT | this.#boundary(state, false)) ===
      undefined
    );
  }

  /**
   * Follows everything that takes no byte, as far as the conditions in `known` allow. Returns the rune instructions,
   * the places within runes and the conditions that are still open, in order; `undefined` is a match.
   */
  #close(elements: readonly number[], known: number): number[] | undefined {
    const { inst } = this.#program;
    const visit = ++this.#visit;
    const closed: number[] = [];
    const stack = [...elements];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const one = inst[at];
      if (one === undefined) {
        closed.push(at); // within a rune
        continue;
      }
      if (this.#visited[at] === visit) continue;
      this.#visited[at] = visit;
      this.#budget.steps--;
      if (one.op === MATCH) return undefined;
      if (isRune(one)) {
        closed.push(at);
      } else if (one.op === ALT || one.op === ALT_MATCH) {
        stack.push(one.out, one.arg);
      } else if (one.op === CAPTURE || one.op === NOP) {
        stack.push(one.out);
      } else if (one.op === EMPTY_WIDTH) {
        if ((one.arg & ~known) === 0) stack.push(one.out);
        else if ((one.arg & ~known & (BEGIN_LINE | BEGIN_TEXT)) === 0) closed.push(at);
      }
    }
    return closed.sort((a, b) => a - b);
  }

  #state(elements: readonly number[], flags: number, afterWord: boolean): number {
    const closed = this.#close(elements, flags);
    if (closed === undefined) return MATCH_STATE;
    const unique = closed.filter((element, i) => element !== closed[i - 1]);
    if (unique.length === 0 && this.#isAnchored) return DEAD_STATE;
    const isOpen = unique.some((element) => this.#program.inst[element]?.op === EMPTY_WIDTH);
    const state: State = {
      elements: unique,
      flags: isOpen ? flags : 0,
      afterWord: isOpen && this.#hasWords && afterWord,
    };
    const key = `${state.flags} ${state.afterWord} ${unique.join()}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const index = this.#states.push(state) - 1;
    this.#byKey.set(key, index);
    return index;
  }
}

function isWord(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    byte === 0x5f ||
    (byte >= 0x61 && byte <= 0x7a)
  );
}
