/** Filter expressions and rules files, as the agent would read them. */

import { loadRules } from '../../rules/load.ts';
import { ExpressionError, formatError, parse } from '../../rules/parse.ts';
import type { RuleSet } from '../../rules/ruleset.ts';
import type { Config } from '../config.ts';
import { type Finding, fail, failed, ok, warn } from './finding.ts';
import { countOfRules } from './say.ts';

export function checkExpressions(config: Config): Finding[] {
  const found: Finding[] = [];
  for (const [name, text] of [
    ['TETRASHIP_INCLUDE', config.include],
    ['TETRASHIP_EXCLUDE', config.exclude],
  ] as const) {
    if (text === undefined) continue;
    try {
      parse(text);
      found.push(ok('filter', `${name} is an expression`));
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      found.push(
        fail(
          'filter',
          `${name} is no expression: ${formatError(text, error)}`,
          'the agent would not start; docs/rules.md has the language',
        ),
      );
    }
  }
  return found;
}

export function checkRuleFiles({ rules: paths }: Config): { rules: RuleSet['rules']; findings: Finding[] } {
  if (paths === undefined) return { rules: [], findings: [ok('rules', 'none are set (TETRASHIP_RULES)')] };
  try {
    const { rules } = loadRules(...paths);
    const text = `${countOfRules(rules.length)} in ${paths.join(', ')}`;
    if (rules.length > 0) return { rules, findings: [ok('rules', text)] };
    const wayOut = 'put a .json document there, or unset TETRASHIP_RULES';
    return { rules, findings: [warn('rules', text, wayOut)] };
  } catch (error) {
    return { rules: [], findings: [failed('rules', error)] };
  }
}
