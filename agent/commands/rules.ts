/** The commands `tetraship rules …`. */

import { type Command, InvalidArgumentError } from 'commander';
import type { BacktestOptions } from './rules-backtest.ts';
import type { CheckOptions } from './rules-check.ts';
import type { ExplainOptions } from './rules-explain.ts';

const JSON_OPTION = ['--json', 'print JSON, one object a line'] as const;
const LOG_FILES = 'log files, plain, .gz or .zst, in the order of their events';
const MAX_ROWS = 1000;

/** Each loads its own code when it runs. */
export function addRulesCommands(root: Command): void {
  const rules = root.command('rules').description('work with files of alert rules');
  rules
    .command('check')
    .description('say whether rules files would be taken, and what is odd about them')
    .argument('<file...>', 'rules files or folders of them')
    .option('--connect', 'try to connect to each target too; nothing is sent')
    .option('--strict', 'end with code 1 when something is odd')
    .option(...JSON_OPTION)
    .action(async (files: readonly string[], options: CheckOptions) =>
      (await import('./rules-check.ts')).checkRules(files, options),
    );
  rules
    .command('explain')
    .description('say how rules are understood: canonical form, columns, when they fire, what they cost')
    .argument('<file>', 'a rules file or a folder of them')
    .option('--rule <name>', 'only this one')
    .option(...JSON_OPTION)
    .action(async (file: string, options: ExplainOptions) =>
      (await import('./rules-explain.ts')).explainRules(file, options),
    );
  rules
    .command('test')
    .description('try the cases beside rules files (X.test.json beside X.json): events in, alerts out')
    .argument('<path...>', 'rules files, or folders of them')
    .option(...JSON_OPTION)
    .action(async (paths: readonly string[], options: { json?: boolean }) =>
      (await import('./rules-test.ts')).testRules(paths, options),
    );
  rules
    .command('backtest')
    .description('what rules would have done over logs: which fired, when, how often; nobody is told')
    .argument('<rules>', 'a rules file or a folder of them')
    .argument('<log...>', LOG_FILES)
    .option('--rows <n>', 'how many of the first rows to show of each rule', rowCount)
    .option(...JSON_OPTION)
    .action(async (path: string, logs: readonly string[], options: BacktestOptions) =>
      (await import('./rules-backtest.ts')).backtestRules(path, logs, options),
    );
  rules
    .command('columns')
    .description('which columns the events of logs have: name, type, count, examples')
    .argument('<log...>', LOG_FILES)
    .option(...JSON_OPTION)
    .action(async (logs: readonly string[], options: { json?: boolean }) =>
      (await import('./rules-columns.ts')).listColumns(logs, options),
    );
}

function rowCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count > MAX_ROWS)
    throw new InvalidArgumentError(`It is a whole number up to ${MAX_ROWS}.`);
  return count;
}
