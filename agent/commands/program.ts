/** The command line: which command, its help, and what an error looks like from outside. */

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { renderHelp } from '../config/describe.ts';
import { exitCodeOf, messageOf, TetrashipError } from '../errors.ts';
import { printable } from '../ops/printable.ts';
import type { ReplayOptions } from './replay.ts';
import type { MakePipeline } from './run.ts';

/** EX_USAGE of sysexits. */
const EXIT_USAGE = 64;

/**
 * Runs one command and sets or exits with its code.
 * @param makePipeline what `run` runs, when it is not the real one
 */
export async function main(argv: readonly string[], makePipeline?: MakePipeline): Promise<void> {
  try {
    await program(makePipeline).parseAsync(argv.length === 0 ? ['run'] : argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE; // commander has printed its own message
      return;
    }
    process.stderr.write(`${startError(error)}\n`);
    process.exit(exitCodeOf(error)); // a stage that started before the error may hold the event loop
  }
}

/** Each command loads its own code: `--help` needs no rules, the agent no checks. */
function program(makePipeline?: MakePipeline): Command {
  const root = new Command('tetraship')
    .description("Ships Tetragon's events to Parseable, one row per event, and alerts on the node.")
    .version(version(), '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand(false)
    .exitOverride()
    .addHelpText('after', () => `\n${renderHelp()}\n`);
  root
    .command('run')
    .description('run the agent (the default)')
    .action(async () => (await import('./run.ts')).run(process.env, version(), makePipeline));
  root
    .command('check')
    .description('check the settings and the rules, and do nothing else')
    .action(async () => (await import('./check.ts')).check(process.env));
  root
    .command('replay')
    .description('send once more what could not be sent')
    .option('--dead-letters', 'those in the state folder, while the agent is stopped; what fails again stays')
    .option('--json', 'print the result as one JSON object')
    .action(async (options: ReplayOptions, command: Command) => {
      if (options.deadLetters !== true) command.error('say what is to be sent again: --dead-letters');
      // A connection that the server keeps open must not keep the shell waiting.
      process.exit(await (await import('./replay.ts')).replay(process.env, options));
    });
  addRulesCommands(root);
  for (const command of [...root.commands, ...root.commands.flatMap((group) => group.commands)]) {
    command.exitOverride().helpCommand(false).helpOption('--help', 'print this help');
  }
  return root;
}

function addRulesCommands(root: Command): void {
  const rules = root.command('rules').description('work with files of alert rules');
  rules
    .command('check')
    .description('check rules files')
    .argument('<file...>')
    .action(async (files: readonly string[]) => (await import('./rules-check.ts')).checkRules(files));
}

/** The message line by line: it was made for people; what others wrote into it is neutralised. */
function startError(error: unknown): string {
  const text = error instanceof TetrashipError ? error.message : `tetraship failed: ${messageOf(error)}`;
  const { TETRASHIP_LOG_LEVEL: level } = process.env;
  const stack = level === 'debug' && error instanceof Error ? `\n${error.stack}` : '';
  return `${text}${stack}`.split('\n').map(printable).join('\n');
}

/** From package.json, which lies above this folder both in the sources and in dist/. */
function version(): string {
  for (const above of ['../../package.json', '../../../package.json']) {
    const text = tryRead(new URL(above, import.meta.url));
    const parsed: unknown = text === undefined ? undefined : JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) return String(parsed.version);
  }
  return 'unknown';
}

function tryRead(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
