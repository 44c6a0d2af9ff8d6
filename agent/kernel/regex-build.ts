/** The automata of all expressions of a program, built without keeping the event loop for longer than a moment. */

import { setImmediate as afterOthers } from 'node:timers/promises';
import type { Expression } from '../../rules/ast.ts';
import { MAX_DFA_BYTES, MAX_DFA_STATES, MAX_DFA_STEPS, MAX_DFA_STEPS_OF_ONE } from '../limits.ts';
import { buildDfa, type Dfa, tableBytes } from './regex-dfa.ts';
import { type NeededLiteral, neededLiterals } from './regex-literals.ts';
import { loadRegexEngine } from './regex-program.ts';

/** Ten thousand rules take seconds: others get their turn in between, so that shipping goes on. */
const TURN_MS = 20;

export interface BuiltRegex {
  /** `undefined`: beyond the limits. */
  readonly dfa: Dfa | undefined;
  /** One of these stands in every text that matches; `undefined`: none are known. */
  readonly needed: readonly NeededLiteral[] | undefined;
}

/** By pattern. */
export interface BuiltRegexes {
  get(pattern: string): BuiltRegex | undefined;
  /** A search in decoded text, by re2js. */
  search(pattern: string): (text: string) => boolean;
}

export async function buildRegexes(expressions: readonly Expression[]): Promise<BuiltRegexes> {
  const patterns = new Set<string>();
  for (const expression of expressions) addPatterns(expression, patterns);
  if (patterns.size === 0) return { get: () => undefined, search: () => () => false };
  const engine = await loadRegexEngine();
  const built = new Map<string, BuiltRegex>();
  let steps = MAX_DFA_STEPS;
  let bytes = 0;
  let turnEndsAt = performance.now() + TURN_MS;
  for (const pattern of patterns) {
    const program = engine.program(pattern);
    const budget = { maxStates: MAX_DFA_STATES, steps: Math.min(steps, MAX_DFA_STEPS_OF_ONE) };
    const before = budget.steps;
    let dfa = buildDfa(program, budget);
    steps -= before - budget.steps;
    if (dfa !== undefined && bytes + tableBytes(dfa) > MAX_DFA_BYTES) dfa = undefined;
    if (dfa !== undefined) bytes += tableBytes(dfa);
    built.set(pattern, { dfa, needed: neededLiterals(program) });
    if (performance.now() > turnEndsAt) {
      await afterOthers();
      turnEndsAt = performance.now() + TURN_MS;
    }
  }
  return { get: (pattern) => built.get(pattern), search: (pattern) => engine.search(pattern) };
}

function addPatterns(expression: Expression, into: Set<string>): void {
  if ('and' in expression) for (const part of expression.and) addPatterns(part, into);
  else if ('or' in expression) for (const part of expression.or) addPatterns(part, into);
  else if ('not' in expression) addPatterns(expression.not, into);
  else if ('string' in expression && expression.string.operator === 'regex')
    into.add(expression.string.value);
}
