/** The kernel's regular expressions: automata that say what re2js says, and literals that stand in every match. */

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildDfa, type Dfa, MATCH_STATE } from '../../agent/kernel/regex-dfa.ts';
import { neededLiterals } from '../../agent/kernel/regex-literals.ts';
import { loadRegexEngine, type RegexEngine } from '../../agent/kernel/regex-program.ts';
import { MAX_DFA_STATES, MAX_DFA_STEPS_OF_ONE } from '../../agent/limits.ts';
import { agree, withOptions } from './check.ts';
import { runs } from './documents.ts';
import { text } from './expressions.ts';
import { arbitraryPattern, arbitraryText, smallPattern } from './patterns.ts';

const raw = String.raw;
const RUNS = 600;

let engine: RegexEngine;
beforeAll(async () => {
  engine = await loadRegexEngine();
});

function dfaOf(pattern: string, steps = MAX_DFA_STEPS_OF_ONE): Dfa | undefined {
  return buildDfa(engine.program(pattern), { maxStates: MAX_DFA_STATES, steps });
}

/** As assembly/regex.ts runs it. */
function matches(dfa: Dfa, value: string): boolean {
  let state = dfa.start;
  for (const byte of Buffer.from(value)) {
    if (state <= MATCH_STATE) break;
    state = dfa.rows[state]?.[dfa.classes[byte] ?? 0] ?? -1;
  }
  return dfa.ends[state] === true;
}

function asciiLower(value: string): string {
  return value.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

test('arbitrary expressions on arbitrary texts', { timeout: 60_000 }, () => {
  let matched = 0;
  let built = 0;
  fc.assert(
    fc.property(
      arbitraryPattern,
      fc.array(arbitraryText, { minLength: 6, maxLength: 12 }),
      (pattern, values) => {
        const search = engine.search(pattern);
        const needed = neededLiterals(engine.program(pattern));
        const dfa = dfaOf(pattern);
        if (dfa) built++;
        for (const value of ['', ...values]) {
          const wanted = search(value);
          if (wanted) matched++;
          if (dfa) expect(matches(dfa, value), `${pattern} on ${JSON.stringify(value)}`).toBe(wanted);
          if (!wanted || !needed) continue;
          const found = needed.some(({ bytes, fold }) =>
            Buffer.from(fold ? asciiLower(value) : value).includes(Buffer.from(bytes)),
          );
          expect(found, `a literal of ${pattern} in ${JSON.stringify(value)}`).toBe(true);
        }
      },
    ),
    runs(RUNS),
  );
  expect(matched).toBeGreaterThan(RUNS);
  expect(built).toBeGreaterThan(RUNS * 0.95);
});

test('in the kernel, many on one column', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(smallPattern, { minLength: 1, maxLength: 30 }),
      fc.array(arbitraryText, { minLength: 1, maxLength: 8 }),
      async (patterns, values) => {
        const conditions = patterns.map((pattern) => ({ expression: text('a', 'regex', pattern) }));
        const lines = values.map((value) => `${JSON.stringify({ a: value.toWellFormed() })}\n`);
        await agree(Buffer.from(lines.join('')), withOptions(), { conditions });
      },
    ),
    runs(25),
  );
});

describe('literals without which there is no match', () => {
  test.each([
    ['wget', ['wget']],
    ['^/usr/bin/(wget|curl)$', ['/usr/bin/']],
    ['(wget|curl) ', ['curl ', 'wget ']],
    ['(?i)(xmrig|minerd)', ['~minerd', '~xmrig']],
    [raw`[a-z]+\.(sh|py)$`, ['py', 'sh']],
    [raw`\bnc\b.*-e`, ['nc']],
    ['(?i)kubectl', ['~ubectl']],
    ['[0-9]+', undefined],
    ['a|', undefined],
    ['x?y', undefined],
    ['(abc)?def', ['def']],
    ['(abc)+', ['abc']],
    ['日本', ['日本']],
  ])('%s', (pattern, wanted) => {
    const needed = neededLiterals(engine.program(pattern));
    expect(needed?.map(({ bytes, fold }) => (fold ? '~' : '') + Buffer.from(bytes).toString())).toEqual(
      wanted,
    );
  });
});
