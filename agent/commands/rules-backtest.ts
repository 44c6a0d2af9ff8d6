/** `tetraship rules backtest`: which rules would have fired over logs that are there already. */

import { throwProblems } from '../../rules/document.ts';
import { collectRules } from '../../rules/load.ts';
import type { Rule } from '../../rules/ruleset.ts';
import { ColumnReader } from '../alerts/row.ts';
import { Template } from '../alerts/template.ts';
import { Kernel } from '../kernel/kernel.ts';
import { Backtest, MAX_TIME_BYTES, type RuleResult } from './backtest.ts';
import { Firings } from './firings.ts';
import { flattenOptions } from './flatten-options.ts';
import { complainAbout, type ScannedLog, scanLogs } from './log-scan.ts';
import { size } from './progress.ts';
import { countOf, cut, say, sayTable } from './say.ts';

/** Shown of each rule that fired, unless told otherwise. */
const ROWS_SHOWN = 3;
/** Of the rules that match nothing. */
const NAMES_SHOWN = 20;
const MESSAGE_CHARS = 160;

export interface BacktestOptions {
  readonly json?: boolean;
  readonly rows?: number;
}

/**
 * Prints what each rule would have done; logs are read in the order given.
 * @throws {TetrashipError} RULES when the rules cannot be used, INTAKE when a log cannot be read to its end
 */
export async function backtestRules(
  rulesPath: string,
  logs: readonly string[],
  options: BacktestOptions,
): Promise<void> {
  const rules = rulesOf(rulesPath);
  const backtest = new Backtest(rules, options.rows ?? (options.json === true ? 0 : ROWS_SHOWN));
  const kernel = await Kernel.create({
    ...flattenOptions(process.env),
    conditions: Firings.conditions(rules),
  });
  const scanned = await scanLogs(logs, kernel, { onMatches: (matches) => backtest.take(matches) });
  const withRows = options.rows !== undefined;
  if (options.json === true)
    for (const result of backtest.results) say(JSON.stringify(asJson(result, withRows)));
  else printResults(backtest.results, scanned);
  complainAbout(scanned);
}

/** Those that the agent would evaluate. @throws {TetrashipError} RULES */
function rulesOf(path: string): readonly Rule[] {
  const { rules, problems } = collectRules(path, { withoutTargets: true });
  throwProblems(problems);
  return rules.filter(({ enabled }) => enabled);
}

function asJson({ rule, matched, fired, first, last, rows }: RuleResult, withRows: boolean): object {
  const result = { rule: rule.name, matched, fired, first: first ?? null, last: last ?? null };
  return withRows
    ? { ...result, rows: rows.map((row): unknown => JSON.parse(Buffer.from(row).toString())) }
    : result;
}

function printResults(results: readonly RuleResult[], scanned: readonly ScannedLog[]): void {
  const events = scanned.reduce((sum, log) => sum + log.events, 0);
  const bytes = scanned.reduce((sum, log) => sum + log.bytes, 0);
  say(`${countOf(events, 'event')} of ${countOf(scanned.length, 'log')}, ${size(bytes)}\n`);
  const silent = results.filter(({ matched }) => matched === 0).map(({ rule }) => rule.name);
  const lines = results
    .filter(({ matched }) => matched > 0)
    .map(({ rule, matched, fired, first, last }) => [
      rule.name,
      String(matched),
      String(fired),
      first ?? '',
      last ?? '',
    ]);
  if (lines.length > 0)
    sayTable(['rule', 'matched', 'fired', 'first', 'last'], lines, [
      'left',
      'right',
      'right',
      'left',
      'left',
    ]);
  if (silent.length > 0) {
    const more = silent.length > NAMES_SHOWN ? ` and ${silent.length - NAMES_SHOWN} more` : '';
    say(`\nNo event matches ${silent.slice(0, NAMES_SHOWN).join(', ')}${more}.`);
  }
  for (const { rule, fired, rows } of results) {
    if (rows.length === 0) continue;
    const which =
      rows.length < fired ? `the first ${rows.length} of ${fired} firings` : countOf(fired, 'firing');
    say(`\n${rule.name}: ${which}`);
    const message = new Template(rule.message);
    const time = new ColumnReader(['time'], MAX_TIME_BYTES);
    for (const row of rows)
      say(`  ${time.read(row)[0] ?? '(no time)'}  ${cut(message.render(row), MESSAGE_CHARS)}`);
  }
}
