/**
 * From re2js's program to an automaton over bytes that finds out whether the expression occurs in a text.
 *
 * A state is the set of instructions that the search may stand at, with what is known of the place: whether it
 * begins text or line, and whether a word character came before. What depends on the next byte (`$`, `\b`) is
 * decided when that byte comes, so a match shows one byte late, or at the end. As only yes or no is asked, the first
 * match ends the search.
 */

import { BEFORES, type Before, beforeOf, byteClasses, isWord, NEWLINE } from './regex-bytes.ts';
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

/** Entries of a row as a power of two: finding a row is then a shift. */
export const rowShift = ({ classCount }: Dfa): number => Math.ceil(Math.log2(classCount));

/** What it takes in the kernel's memory, nearly. */
export const tableBytes = (dfa: Dfa): number => dfa.rows.length * (1 + (2 << rowShift(dfa))) + 512;

/** `undefined`: the automaton would take more than the budget. */
export function buildDfa(program: RegexProgram, budget: DfaBudget): Dfa | undefined {
  // Every instruction may be a state of its own, or nearly so.
  if (program.inst.length > budget.maxStates * 4 || budget.steps <= 0) return undefined;
  return new Builder(program, budget).build();
}

/** More than there are elements: instructions and places within runes. */
const KINDS = 2 ** 32;

interface State {
  /** Instructions, and from `inst.length` on places within a rune; in order. */
  readonly elements: readonly number[];
  readonly flags: number;
  readonly afterWord: boolean;
  /** Holds conditions that the next byte decides. */
  readonly isOpen: boolean;
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
  /** The same, by what led there, before anything is followed. */
  readonly #bySteps: Map<string | number, number>;
  readonly #visited: Int32Array;
  #visit: number;
  readonly #hits: (readonly number[] | undefined)[];

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
    const none: State = { elements: [], flags: 0, afterWord: false, isOpen: false };
    this.#states = [none, none];
    this.#byKey = new Map();
    this.#bySteps = new Map();
    this.#visited = new Int32Array(program.inst.length);
    this.#visit = 0;
    this.#hits = [];
    this.#isAnchored = !this.#hasLines && this.#close([program.start], 0)?.length === 0;
  }

  build(): Dfa | undefined {
    const { classes, samples } = byteClasses(this.#utf8.bounds, this.#hasLines, this.#hasWords);
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
      const row = this.#row(state, samples);
      rows.push(row);
      ends.push(this.#endsIn(state));
    }
    if (this.#states.length > this.#budget.maxStates) return undefined;
    return { start, classes, classCount: samples.length, rows, ends };
  }

  /** The next state for each class of bytes. */
  #row(state: State, samples: readonly number[]): Uint16Array<ArrayBuffer> {
    const next: number[][] = samples.map(() => []);
    const matched = new Set<Before>();
    if (!state.isOpen) {
      this.#scatter(state.elements, samples, next, undefined);
    } else {
      // What can be followed before a byte depends on the kind of the byte.
      for (const before of BEFORES) {
        const known =
          state.flags | (before === 'newline' ? END_LINE : 0) | this.#boundary(state, before === 'word');
        // No rune begins with a byte that continues one: only runes under way go on then. What else is in the state
        // came from a search begun within a rune, and is none.
        const elements = before === 'continuation' ? state.elements : this.#close(state.elements, known);
        if (elements === undefined) matched.add(before);
        else this.#scatter(elements, samples, next, before);
      }
    }
    const row = new Uint16Array(samples.length);
    samples.forEach((byte, i) => {
      row[i] = matched.has(beforeOf(byte)) ? MATCH_STATE : this.#follow(next[i] ?? [], byte);
    });
    return row;
  }

  /** Where the elements lead, by class; with `only` for bytes of that kind. */
  #scatter(
    elements: readonly number[],
    samples: readonly number[],
    next: readonly number[][],
    only: Before | undefined,
  ): void {
    const count = this.#program.inst.length;
    for (const element of elements) {
      const inside = this.#inside[element - count];
      const node = inside?.node ?? this.#roots[element] ?? NOWHERE;
      if (node === NOWHERE) continue;
      const out = inside?.out ?? this.#program.inst[element]?.out ?? 0;
      const hits = this.#hitsOf(node, samples);
      this.#budget.steps -= hits.length + 1;
      for (const i of hits) {
        const byte = samples[i] ?? 0;
        const list = next[i];
        if (list === undefined || (only !== undefined && beforeOf(byte) !== only)) continue;
        this.#enter(this.#utf8.step(node, byte), out, list);
      }
    }
  }

  /** Classes that lead anywhere from a node. */
  #hitsOf(node: number, samples: readonly number[]): readonly number[] {
    let hits = this.#hits[node];
    if (hits === undefined) {
      hits = samples.flatMap((byte, i) => (this.#utf8.step(node, byte) === NOWHERE ? [] : [i]));
      this.#hits[node] = hits;
    }
    return hits;
  }

  /** The state of a search that stands at these instructions, behind this byte. */
  #follow(next: number[], byte: number): number {
    this.#budget.steps--;
    if (byte < 0xc0) next.push(this.#program.start);
    const flags = this.#hasLines && byte === NEWLINE ? BEGIN_LINE : 0;
    const afterWord = this.#hasWords && isWord(byte);
    // Most bytes lead back to where others led: found without following anything.
    const kind = flags * 4 + (afterWord ? 2 : 0) + (byte < 0xc0 ? 1 : 0);
    const key = next.length === 1 ? kind * KINDS + (next[0] ?? 0) : `${kind} ${next.join()}`;
    let index = this.#bySteps.get(key);
    if (index === undefined) {
      index = this.#state(next, flags, afterWord);
      this.#bySteps.set(key, index);
    }
    return index;
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
    if (!state.isOpen) return false;
    const known = state.flags | END_LINE | END_TEXT | this.#boundary(state, false);
    return this.#close(state.elements, known) === undefined;
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
      afterWord: isOpen && afterWord,
      isOpen,
    };
    const key = `${state.flags} ${state.afterWord} ${unique.join()}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const index = this.#states.push(state) - 1;
    this.#byKey.set(key, index);
    return index;
  }
}
