/** The commands that look at a running agent. */

import { type Command, InvalidArgumentError } from 'commander';
import type { DoctorOptions } from './doctor.ts';
import type { TapOptions } from './tap.ts';
import type { TopOptions } from './top.ts';

export function addWatchCommands(root: Command, version: string): void {
  const url = ['--url <url>', 'of the agent, when it is not the one of this machine'] as const;
  root
    .command('top')
    .description('show what a running agent does')
    .option(...url)
    .option('--once', 'print it once and end')
    .option('--json', 'as JSON, one line each time')
    .action(async (options: TopOptions) => {
      await (await import('./top.ts')).top(process.env, options);
      process.exit(0); // a connection that is kept must not keep the shell waiting
    });
  root
    .command('tap')
    .description('show rows, or alerts, as they pass through a running agent')
    .argument('[expression]', 'only those that this expression of the rule language matches')
    .option(...url)
    .option('--alerts', 'matches of rules instead of rows')
    .option('--limit <number>', 'end after so many', countArgument)
    .action(async (expression: string | undefined, options: TapOptions) =>
      (await import('./tap.ts')).tap(process.env, expression, options),
    );
  root
    .command('doctor')
    .description('collect everything for a bug report')
    .option(...url)
    .option('--output <file>', 'the archive, - for standard output')
    .action(async (options: DoctorOptions) =>
      process.exit(await (await import('./doctor.ts')).doctor(process.env, version, options)),
    );
}

function countArgument(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('give a whole number from 1.');
  return Number(text);
}
