/** From arguments to a command, and what an error looks like from outside. */

import { readFileSync } from 'node:fs';
import { exitCodeOf, messageOf, TetrashipError } from '../errors.ts';
import { printable } from '../ops/printable.ts';
import type { MakePipeline } from './run.ts';

/**
 * Runs one command and sets or exits with its code. The agent itself takes no arguments, and starts without the
 * command line's parser.
 * @param makePipeline what `run` runs, when it is not the real one
 */
export async function main(argv: readonly string[], makePipeline?: MakePipeline): Promise<void> {
  try {
    if (isAgent(argv)) {
      const { run } = await import('./run.ts');
      await run(process.env, version(), makePipeline);
    } else {
      const { runCommand } = await import('./program.ts');
      const exitCode = await runCommand(argv, version(), makePipeline);
      if (exitCode !== 0) process.exitCode = exitCode;
    }
  } catch (error) {
    process.stderr.write(`${startError(error)}\n`);
    process.exit(exitCodeOf(error)); // a stage that started before the error may hold the event loop
  }
}

/** Whether these arguments mean the agent, and not one of the tools beside it. */
export function isAgent(argv: readonly string[]): boolean {
  return argv.length === 0 || (argv.length === 1 && argv[0] === 'run');
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
