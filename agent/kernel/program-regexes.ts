/**
 * The regular expressions of a program: each an automaton in the kernel, as long as it and all together stay within
 * their limits. Beyond, an expression is searched by the host, and only where composite rules alone ask for it and
 * a literal tells which few values are worth asking about; anything else is an error at start.
 */

import { TetrashipError } from '../errors.ts';
import { MAX_DFA_BYTES, MAX_DFA_STATES, MAX_DFA_STEPS, MAX_DFA_STEPS_OF_ONE } from '../limits.ts';
import * as P from './layout-program.ts';
import type { Predicate } from './program-leaves.ts';
import { type Literal, writeLiteral } from './program-literals.ts';
import type { ProgramWriter } from './program-writer.ts';
import type { BuiltRegexes } from './regex-build.ts';
import { type Dfa, rowShift } from './regex-dfa.ts';
import type { NeededLiteral } from './regex-literals.ts';
import type { Condition } from './types.ts';

/** One of the conditions or filters. */
export interface Item extends Condition {
  /** Its name in messages. */
  readonly where: string;
  readonly mayAskHost: boolean;
}

/** Where an expression went. */
interface Placed {
  /** Place of the automaton; 0: the host is asked. */
  readonly place: number;
  readonly needed: readonly NeededLiteral[] | undefined;
  /** Number by which the host knows it. */
  number: number;
}

export class RegexPlaces {
  /** Patterns that the host must search, in the order of their numbers. */
  readonly ofHost: string[];
  readonly #writer: ProgramWriter;
  readonly #built: BuiltRegexes;
  readonly #items: readonly Item[];
  readonly #byPattern: Map<string, Placed>;

  constructor(writer: ProgramWriter, built: BuiltRegexes, items: readonly Item[]) {
    this.ofHost = [];
    this.#writer = writer;
    this.#built = built;
    this.#items = items;
    this.#byPattern = new Map();
  }

  /** Literals that send a value to the expression; `undefined`: it is tried on every value. */
  neededBy({ text }: Predicate): readonly NeededLiteral[] | undefined {
    return this.#placed(text).needed;
  }

  /** @throws {TetrashipError} RULES when there is no automaton and the host may not be asked */
  write(predicate: Predicate): void {
    const { place, text } = predicate;
    const placed = this.#placed(text);
    this.#writer.u32(place + P.Q_DFA, placed.place);
    if (placed.place !== 0) return;
    const barred = predicate.users
      .map((number) => this.#items[number])
      .find((item) => item?.mayAskHost === false);
    if (barred) throw tooLarge(barred.where, text, 'that is only for composite rules');
    const user = this.#items[predicate.users[0] ?? 0]?.where ?? 'a rule';
    if (placed.needed === undefined) {
      throw tooLarge(
        user,
        text,
        'no text stands in all its matches by which the events worth a search could be told',
      );
    }
    if (placed.number < 0) placed.number = this.ofHost.push(text) - 1;
    this.#writer.u32(place + P.Q_REGEX, placed.number);
    const literals = placed.needed.map(({ bytes, fold }) => {
      const literal: Literal = { bytes, fold, predicates: [], place: this.#writer.reserve(P.LITERAL_SIZE) };
      writeLiteral(this.#writer, literal, 0);
      return literal.place;
    });
    this.#writer.u32(place + P.Q_NEEDED, this.#writer.list(literals));
    this.#writer.u32(place + P.Q_NEEDED_COUNT, literals.length);
  }

  #placed(pattern: string): Placed {
    const known = this.#byPattern.get(pattern);
    if (known) return known;
    const built = this.#built.get(pattern);
    if (built === undefined)
      throw new TetrashipError('KERNEL', `cannot compile rules: ${pattern} was not built`);
    const place = built.dfa === undefined ? 0 : writeDfa(this.#writer, built.dfa);
    const placed: Placed = { place, needed: built.needed, number: -1 };
    this.#byPattern.set(pattern, placed);
    return placed;
  }
}

function tooLarge(where: string, pattern: string, reason: string): TetrashipError {
  const shown = pattern.length > 80 ? `${pattern.slice(0, 77)}…` : pattern;
  return new TetrashipError(
    'RULES',
    `cannot use ${where}: the regular expression ${JSON.stringify(shown)} takes more than ${MAX_DFA_STATES} states or ${MAX_DFA_STEPS_OF_ONE} steps to build (or all together more than ${MAX_DFA_BYTES} bytes or ${MAX_DFA_STEPS} steps), and searching it outside the kernel is not possible: ${reason}. Let it repeat fewer times`,
  );
}

function writeDfa(writer: ProgramWriter, dfa: Dfa): number {
  const shift = rowShift(dfa);
  const place = writer.reserve(P.DFA_CLASSES + 256);
  writer.u32(place + P.DFA_SHIFT, shift);
  writer.u32(place + P.DFA_START, dfa.start);
  writer.set(place + P.DFA_CLASSES, dfa.classes);
  writer.u32(place + P.DFA_ENDS, writer.bytes(Uint8Array.from(dfa.ends, Number)));
  const table = new Uint16Array(dfa.rows.length << shift);
  dfa.rows.forEach((row, state) => {
    table.set(row, state << shift);
  });
  writer.u32(place + P.DFA_ROWS, writer.bytes(new Uint8Array(table.buffer)));
  return place;
}
