/** The demo's command line. */

import { parseArgs } from 'node:util';

export const HELP = `Shows tetraship at work on this machine: a writer of Tetragon events with log rotation, the agent with two alert
rules, and a receiver that takes the place of Parseable. Nothing leaves 127.0.0.1.

usage: node bench/demo.ts [options]
  --seconds N   write for N seconds, then finish (default: until Ctrl-C)
  --rate N      events per second; 0: as fast as the agent takes them (default 4000)
  --agent FILE  run this program instead of the agent; what follows -- are its arguments instead of "run"
  --keep        keep the temporary folder: log, agent's log, state
  --help        this text

Exit code 0: every event arrived, both alerts came, and the agent ended well.
`;

/** About 10 MB/s: far more than a busy node writes, and little for any machine. */
const DEFAULT_RATE = 4000;

export interface DemoOptions {
  /** Infinity: until Ctrl-C. */
  readonly seconds: number;
  /** Events per second; 0: as fast as the agent takes them. */
  readonly rate: number;
  readonly keep: boolean;
  readonly agent: string | undefined;
  readonly agentArgs: readonly string[];
  readonly help: boolean;
}

/** What a user can mend: shown without a stack. */
export class DemoError extends Error {}

/** @throws {DemoError} on an option that is unknown or out of range */
export function parseOptions(args: readonly string[]): DemoOptions {
  const { values: texts, positionals } = readTexts(args);
  return {
    seconds: texts.seconds === undefined ? Number.POSITIVE_INFINITY : numberOf('--seconds', texts.seconds, 1),
    rate: texts.rate === undefined ? DEFAULT_RATE : numberOf('--rate', texts.rate, 0),
    keep: texts.keep ?? false,
    agent: texts.agent,
    agentArgs: positionals.length === 0 ? ['run'] : positionals,
    help: texts.help ?? false,
  };
}

function readTexts(args: readonly string[]) {
  try {
    const options = args.includes('--') ? args.indexOf('--') : args.length;
    const { values } = parseArgs({
      args: args.slice(0, options),
      options: {
        seconds: { type: 'string' },
        rate: { type: 'string' },
        agent: { type: 'string' },
        keep: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return { values, positionals: args.slice(options + 1) };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new DemoError(`cannot start the demo: ${cause}; see --help`);
  }
}

function numberOf(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= least) return value;
  throw new DemoError(`cannot start the demo: ${name} must be a number of at least ${least}, not "${text}"`);
}
