/** The commands `tetraship rules …`. */

import { type Command, InvalidArgumentError } from 'commander';

const JSON_OPTION = ['--json', 'print JSON, one object a line'] as const;
const LOG_FILES = 'log files, plain, .gz or .zst, in the order of their events';
const MAX_ROWS = 1000;

/** Each loads its own code when it runs. */
export function addRulesCommands(root: Command): void {
  const rules = root.command('rules').description('work with files of alert rules');
  rules
    .command('check')
    .description('check rules files')
    .argument('<file...>')
    .action(async (files: readonly string[]) => (await import('./rules-check.ts')).checkRules(files));
  rules
    .command('backtest')
    .description('what rules would have done over logs: which fired, when, how often; nobody is told')
    .argument('<rules>', 'a rules file or a folder of them')
    .argument('<log...>', LOG_FILES)
    .option('--rows <n>', 'how many of the first rows to show of each rule', rowCount)
    .option(...JSON_OPTION)
    .action(async (path: string, logs: readonly string[], options: { json?: boolean; rows?: number }) =>
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
