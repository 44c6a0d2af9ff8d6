/** The commands, their arguments and their help, for commander. */

import { Command, CommanderError } from 'commander';
import { renderHelp } from '../config/describe.ts';
import type { CheckOptions } from './check.ts';
import { addImportCommands } from './import.ts';
import type { ReplayOptions } from './replay.ts';
import { addRulesCommands } from './rules.ts';
import type { MakePipeline } from './run.ts';
import { addWatchCommands } from './watch-commands.ts';

/** EX_USAGE of sysexits. */
const EXIT_USAGE = 64;

/**
 * Runs one command.
 * @returns the exit code of the command line itself, when commander has said all there is to say
 */
export async function runCommand(
  argv: readonly string[],
  version: string,
  makePipeline?: MakePipeline,
): Promise<number> {
  try {
    await program(version, makePipeline).parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : EXIT_USAGE;
  }
}

/** Each command loads its own code: `--help` needs no rules, the agent no checks. */
function program(version: string, makePipeline?: MakePipeline): Command {
  const root = new Command('tetraship')
    .description("Ships Tetragon's events to Parseable, one row per event, and alerts on the node.")
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand(false)
    .exitOverride()
    .addHelpText('after', () => `\n${renderHelp()}\n`);
  root
    .command('run')
    .description('run the agent (the default)')
    .action(async () => (await import('./run.ts')).run(process.env, version, makePipeline));
  root
    .command('check')
    .description('find what would go wrong')
    .option('--json', 'print the findings as one JSON object')
    .option('--offline', 'settings, rules and files only: ask no server')
    .action(async (options: CheckOptions) =>
      process.exit(await (await import('./check.ts')).check(process.env, options)),
    );
  addWatchCommands(root, version);
  root
    .command('replay')
    .description('ship old logs, or once more what could not be sent')
    .argument(
      '[file...]',
      'logs, also .gz, globs, or - for standard input; the same command goes on after an interruption',
    )
    .option('--again', 'files from their beginning, also what was shipped')
    .option('--dead-letters', 'those in the state folder, while the agent is stopped; what fails again stays')
    .option('--json', 'print the result as one JSON object')
    .action(async (files: readonly string[], options: ReplayOptions, command: Command) => {
      if ((options.deadLetters === true) === files.length > 0)
        command.error('say what is to be sent: files, or --dead-letters');
      // A connection that the server keeps open must not keep the shell waiting.
      process.exit(await (await import('./replay.ts')).replay(process.env, files, options));
    });
  addRulesCommands(root);
  addImportCommands(root);
  for (const command of [...root.commands, ...root.commands.flatMap((group) => group.commands)]) {
    command.exitOverride().helpCommand(false).helpOption('--help', 'print this help');
  }
  return root;
}
