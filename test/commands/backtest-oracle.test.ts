/** Backtests against the slow and plain evaluation of the same rules: random rules over random events. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matches, RunningCondition } from '../../agent/kernel/reference-match.ts';
import type { Expression } from '../../rules/ast.ts';
import { expressionDraft } from '../kernel/expressions.ts';
import { cli } from './in-process.ts';
import { execs, file, rulesFile, time } from './rules-files.ts';

const PREFIX = 'process_exec_process_';
const WORDS = ['', 'a', 'ab', 'aB', 'b', '/bin/sh'];
const VOCABULARY = {
  columns: [`${PREFIX}uid`, `${PREFIX}binary`, `${PREFIX}cwd`, 'node_name'],
  strings: WORDS,
  numbers: [0, 1, 2],
};
const RULES = 60;

const process = fc.record(
  {
    uid: fc.oneof(fc.constantFrom(0, 1, 2), fc.constantFrom('0', true, null)),
    binary: fc.constantFrom(...WORDS),
    cwd: fc.constantFrom(...WORDS, 1),
  },
  { requiredKeys: [] },
);

test('counts what the oracle counts', async () => {
  const seed = 20260102;
  const drafts = fc.sample(expressionDraft, { numRuns: RULES, seed });
  const expressions = drafts.map((draft) => draft(VOCABULARY));
  const leaves = expressions.filter((one) => 'string' in one || 'numeric' in one);
  expect(leaves.length).toBeGreaterThan(5);
  const states = leaves.map((expression, index) => ({ expression, repeats: 1 + (index % 3) }));
  const rules = rulesFile(
    'oracle.json',
    ...expressions.map((config) => ({ rule: { type: 'composite', config } })),
    ...states.map(({ expression, repeats }) => ({
      rule: { type: 'column', config: columnConfig(expression, repeats) },
    })),
  );
  const processes = fc.sample(process, { numRuns: 200, seed });
  const rows = processes.map(
    (values) =>
      new Map([
        ...Object.entries(values).map(([key, value]): [string, string] => [
          `${PREFIX}${key}`,
          JSON.stringify(value),
        ]),
        ['node_name', '"n"'],
      ]),
  );
  const want = [...expressions, ...leaves].map((expression, index) => {
    const at = rows.flatMap((row, event) => (matches(expression, row) ? [event] : []));
    const running = new RunningCondition(states[index - expressions.length] ?? { expression });
    const fired = rows.filter((row) => ['match', 'firing'].includes(running.next(row) ?? '')).length;
    const [first, last] = [at[0], at.at(-1)].map((event) => (event === undefined ? null : time(event)));
    return { rule: `rule-${index}`, matched: at.length, fired, first, last };
  });
  expect(want.filter(({ fired }) => fired > 1).length).toBeGreaterThan(20);

  const { code, stdout } = await cli(
    'rules',
    'backtest',
    rules,
    file('oracle.log', execs(...processes)),
    '--json',
  );
  expect(code).toBe(0);
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line)),
  ).toEqual(want);
});

function columnConfig(expression: Expression, repeats: number): object {
  const leaf = 'numeric' in expression ? expression.numeric : 'string' in expression ? expression.string : {};
  return { ...leaf, repeats };
}
