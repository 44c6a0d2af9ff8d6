/**
 * Literals without which an expression cannot match: one of them stands in every text that it is found in. They are
 * sought together with the `contains` of all rules, and the expression is tried only where one is found.
 *
 * Every match passes certain instructions (those whose removal leaves no way from start to match). From such a one
 * on, each way begins with some instruction that takes a rune, and goes straight on for a while: the longest run of
 * fixed runes on it is a literal. When every way has one, the set of them will do.
 */

import {
  ALT,
  ALT_MATCH,
  CAPTURE,
  EMPTY_WIDTH,
  isFolded,
  isRune,
  MATCH,
  NOP,
  type RegexProgram,
  RUNE_ANY,
} from './regex-program.ts';

export interface NeededLiteral {
  readonly bytes: Uint8Array;
  /** ASCII letters stand for both cases, and are lower ones in `bytes`. */
  readonly fold: boolean;
}

const MAX_LITERALS = 24;
/** A single byte stands in too many values. */
const MIN_BYTES = 2;
const MAX_BYTES = 64;
/** Larger programs are not searched: the work grows with the square. */
const MAX_INSTRUCTIONS = 4000;
const MAX_PASSAGES = 200;
/** A literal is not better for being longer than this. */
const GOOD_BYTES = 8;

/** `undefined` when no such set was found. */
export function neededLiterals(program: RegexProgram): readonly NeededLiteral[] | undefined {
  if (program.inst.length > MAX_INSTRUCTIONS) return undefined;
  let best: readonly NeededLiteral[] | undefined;
  let bestScore = 0;
  for (const passage of passagesOf(program)) {
    const literals = literalsFrom(program, passage);
    if (literals === undefined) continue;
    const shortest = Math.min(...literals.map(({ bytes }) => bytes.length), GOOD_BYTES);
    const score = shortest * 100 - literals.length;
    if (score > bestScore) [best, bestScore] = [literals, score];
  }
  return best;
}

function next(program: RegexProgram, pc: number): readonly number[] {
  const inst = program.inst[pc];
  if (inst === undefined || inst.op === MATCH) return [];
  if (inst.op === ALT || inst.op === ALT_MATCH) return [inst.out, inst.arg];
  return isRune(inst) || inst.op === CAPTURE || inst.op === NOP || inst.op === EMPTY_WIDTH ? [inst.out] : [];
}

/** Instructions that every match passes, among those on one shortest way. */
function passagesOf(program: RegexProgram): number[] {
  const way = wayToMatch(program, -1);
  return (way ?? [])
    .slice(0, MAX_PASSAGES)
    .filter((pc) => pc === program.start || wayToMatch(program, pc) === undefined);
}

/** A shortest way from start to match that does not pass `closed`. */
function wayToMatch(program: RegexProgram, closed: number): number[] | undefined {
  const from = new Int32Array(program.inst.length).fill(-1);
  from[program.start] = program.start;
  const queue = [program.start];
  for (const pc of queue) {
    if (program.inst[pc]?.op === MATCH) {
      const way = [pc];
      for (let at = pc; at !== program.start; way.push(at)) at = from[at] ?? program.start;
      return way.reverse();
    }
    for (const to of next(program, pc)) {
      if (to === closed || from[to] !== -1) continue;
      from[to] = pc;
      queue.push(to);
    }
  }
  return undefined;
}

function literalsFrom(program: RegexProgram, passage: number): readonly NeededLiteral[] | undefined {
  const found = new Map<string, NeededLiteral>();
  const seen = new Set<number>();
  const stack = [passage];
  for (let pc = stack.pop(); pc !== undefined; pc = stack.pop()) {
    if (seen.has(pc)) continue;
    seen.add(pc);
    const inst = program.inst[pc];
    if (inst === undefined || inst.op === MATCH) return undefined;
    if (!isRune(inst)) {
      stack.push(...next(program, pc));
      continue;
    }
    const literal = longestRun(program, pc);
    if (literal.bytes.length < MIN_BYTES) return undefined;
    found.set(`${literal.fold} ${Buffer.from(literal.bytes).toString('latin1')}`, literal);
    if (found.size > MAX_LITERALS) return undefined;
  }
  return found.size > 0 ? [...found.values()] : undefined;
}

/** The longest run of fixed runes on the straight way from an instruction on. */
function longestRun(program: RegexProgram, first: number): NeededLiteral {
  let best: NeededLiteral = { bytes: new Uint8Array(), fold: false };
  let text = '';
  let fold = false;
  const end = (): void => {
    const bytes = Buffer.from(fold ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : text);
    if (bytes.length > best.bytes.length) best = { bytes, fold };
    text = '';
    fold = false;
  };
  for (let pc = first, steps = 0; steps < MAX_BYTES; steps++) {
    const inst = program.inst[pc];
    if (inst === undefined || inst.op === ALT || inst.op === ALT_MATCH || inst.op === MATCH) break;
    if (isRune(inst)) {
      const rune = inst.runes[0] ?? -1;
      const isOne = inst.op !== RUNE_ANY && inst.runes.length === 1 && (rune < 0xd800 || rune > 0xdfff);
      if (isOne && !isFolded(inst)) {
        text += String.fromCodePoint(rune);
      } else if (isOne && isPlainLetter(rune)) {
        text += String.fromCodePoint(rune);
        fold = true;
      } else {
        end();
      }
    } else if (inst.op !== CAPTURE && inst.op !== NOP && inst.op !== EMPTY_WIDTH) {
      break;
    }
    pc = inst.out;
  }
  end();
  return best;
}

/** An ASCII letter whose other case is its only other form: `k` is also the Kelvin sign, `s` the long s. */
function isPlainLetter(rune: number): boolean {
  return rune < 0x80 && /[a-jl-rt-z]/i.test(String.fromCodePoint(rune));
}
