/** `tetraship check`: says whether the agent would start with these settings, and does nothing. */

import { loadRules } from '../../rules/load.ts';
import { ExpressionError, formatError, parse } from '../../rules/parse.ts';
import { type Environment, loadConfig } from '../config.ts';
import { TetrashipError } from '../errors.ts';
import { countOfRules, say } from './say.ts';

/**
 * Settings, filter expressions and rules.
 * @throws {TetrashipError} CONFIG or RULES
 */
export function check(env: Environment): void {
  const config = loadConfig(env);
  for (const warning of config.warnings) say(`warning: ${warning}`);
  for (const [name, text] of [
    ['TETRASHIP_INCLUDE', config.include],
    ['TETRASHIP_EXCLUDE', config.exclude],
  ] as const) {
    if (text !== undefined) checkExpression(name, text);
  }
  const rules = config.rules === undefined ? 0 : loadRules(...config.rules).rules.length;
  say(`ok: the settings, and ${countOfRules(rules)}`);
}

function checkExpression(name: string, text: string): void {
  try {
    parse(text);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new TetrashipError('CONFIG', `cannot start: ${name} is no expression: ${formatError(text, error)}`);
  }
}
