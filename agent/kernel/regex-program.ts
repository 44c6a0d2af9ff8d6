/**
 * A regular expression as re2js compiles it: the same parser as everywhere else in the agent, so the same language.
 * Its program is not part of re2js's documented surface; the version is fixed, and what is read is checked.
 */

import { TetrashipError } from '../errors.ts';

export const ALT = 1;
export const ALT_MATCH = 2;
export const CAPTURE = 3;
export const EMPTY_WIDTH = 4;
export const MATCH = 6;
export const NOP = 7;
export const RUNE = 8;
export const RUNE1 = 9;
export const RUNE_ANY = 10;
export const RUNE_ANY_NOT_NL = 11;
const LAST_KNOWN = RUNE_ANY_NOT_NL;

// Conditions of EMPTY_WIDTH, as bits of `arg`.
export const BEGIN_LINE = 1;
export const END_LINE = 2;
export const BEGIN_TEXT = 4;
export const END_TEXT = 8;
export const WORD_BOUNDARY = 16;
export const NO_WORD_BOUNDARY = 32;

const FOLD_CASE = 1;
const MAX_RUNE = 0x10ffff;
/** The highest rune that has another case (U+1E943), and room. */
const LAST_CASED = 0x1ffff;

interface Inst {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly runes: ArrayLike<number>;
  matchRune(rune: number): boolean;
}

export interface RegexProgram {
  readonly start: number;
  readonly inst: readonly Inst[];
}

/** What the kernel's compiler needs of re2js, so that it is loaded only where there are expressions. */
export interface RegexEngine {
  program(pattern: string): RegexProgram;
  /** A search in decoded text. */
  search(pattern: string): (text: string) => boolean;
}

export async function loadRegexEngine(): Promise<RegexEngine> {
  const { RE2JS } = await import('re2js');
  return {
    program: (pattern) => {
      const program: unknown = RE2JS.compile(pattern).re2().prog;
      if (isProgram(program)) return program;
      throw new TetrashipError(
        'KERNEL',
        `cannot compile the regular expression ${JSON.stringify(pattern)}: re2js is not the version that this agent was built with; no data is touched`,
      );
    },
    search: (pattern) => {
      // Few of thousands are ever asked, and each takes tens of KiB.
      let compiled: InstanceType<typeof RE2JS> | undefined;
      return (text) => {
        compiled ??= RE2JS.compile(pattern);
        return compiled.matcher(text).find();
      };
    },
  };
}

function isProgram(value: unknown): value is RegexProgram {
  if (typeof value !== 'object' || value === null || !('inst' in value) || !('start' in value)) return false;
  return Array.isArray(value.inst) && typeof value.start === 'number' && value.inst.every(isInst);
}

function isInst(value: unknown): value is Inst {
  if (typeof value !== 'object' || value === null) return false;
  const { op, out, arg, runes, matchRune }: Partial<Record<keyof Inst, unknown>> = value;
  return (
    typeof op === 'number' &&
    op >= ALT &&
    op <= LAST_KNOWN &&
    typeof out === 'number' &&
    typeof arg === 'number' &&
    typeof runes === 'object' &&
    typeof matchRune === 'function'
  );
}

export function isRune({ op }: Inst): boolean {
  return op >= RUNE && op <= RUNE_ANY_NOT_NL;
}

/** A single rune that stands for its other cases too. */
export function isFolded({ runes, arg }: Inst): boolean {
  return runes.length === 1 && (arg & FOLD_CASE) !== 0;
}

/** Runes that a rune instruction takes, as pairs of first and last. */
export function rangesOf(inst: Inst): readonly (readonly [first: number, last: number])[] {
  if (inst.op === RUNE_ANY) return [[0, MAX_RUNE]];
  if (inst.op === RUNE_ANY_NOT_NL) {
    return [
      [0, 9],
      [11, MAX_RUNE],
    ];
  }
  const [rune] = Array.from(inst.runes);
  if (rune !== undefined && inst.runes.length === 1) {
    return (isFolded(inst) ? casesOf(rune, inst) : [rune]).map((one) => [one, one]);
  }
  return Array.from({ length: inst.runes.length >> 1 }, (_, i) => [
    inst.runes[2 * i] ?? 0,
    inst.runes[2 * i + 1] ?? 0,
  ]);
}

/** Letters of ASCII that a further rune is a case of: the Kelvin sign and the long s. */
const KELVIN = 0x212a;
const LONG_S = 0x17f;

/** Cases by rune beyond ASCII; finding them means asking re2js for every rune. */
const knownCases = new Map<number, readonly number[]>();

/** All runes that count as the same letter (`K` has three), in order. */
function casesOf(rune: number, inst: Inst): readonly number[] {
  if (rune < 0x80) {
    const letters = [rune & ~0x20, rune | 0x20];
    return [...letters, LONG_S, KELVIN].filter((other) => inst.matchRune(other));
  }
  const known = knownCases.get(rune);
  if (known) return known;
  const cases: number[] = [];
  for (let other = 0; other <= LAST_CASED; other++) if (inst.matchRune(other)) cases.push(other);
  knownCases.set(rune, cases);
  return cases;
}
