/** `tetraship check` and `tetraship rules check`: say whether the agent would start with this, and do nothing. */

import { loadRules } from '../rules/load.ts';
import { ExpressionError, formatError, parse } from '../rules/parse.ts';
import { type Environment, loadConfig } from './config.ts';
import { TetrashipError } from './errors.ts';
import { printable } from './ops/printable.ts';

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
  const rules = config.rules === undefined ? 0 : loadRules(config.rules).rules.length;
  say(`ok: the settings, and ${countOf(rules)}`);
}

/**
 * One line per file, or the file's faults.
 * @throws {TetrashipError} RULES, after all files, when one of them is wrong
 */
export function checkRules(files: readonly string[]): void {
  let wrong = 0;
  for (const file of files) {
    try {
      say(`ok: ${printable(file)}, ${countOf(loadRules(file).rules.length)}`);
    } catch (error) {
      if (!(error instanceof TetrashipError)) throw error;
      wrong++;
      say(`wrong: ${printable(file)}: ${error.message}`);
    }
  }
  if (wrong > 0) throw new TetrashipError('RULES', `${wrong} of ${files.length} rules files are wrong`);
}

function checkExpression(name: string, text: string): void {
  try {
    parse(text);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new TetrashipError('CONFIG', `cannot start: ${name} is no expression: ${formatError(text, error)}`);
  }
}

const countOf = (rules: number): string => (rules === 1 ? '1 rule' : `${rules} rules`);

/** Standard output: the result is what was asked for. */
function say(text: string): void {
  process.stdout.write(`${text.split('\n').map(printable).join('\n')}\n`);
}
