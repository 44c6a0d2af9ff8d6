/**
 * `tetraship replay FILE…`: ships old logs with the agent's own settings and guarantees, and ends. Its state is
 * apart from the agent's, in `replay` of the state folder, so that both can run at the same time; the same command
 * goes on where an interrupted one stopped, and does nothing for files that are shipped already. Rules are not
 * evaluated: nobody is to be woken by what is long over.
 */

import { globSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Config, type Environment, loadConfig, secretTexts } from '../config.ts';
import { messageOf, TetrashipError } from '../errors.ts';
import { isGlob } from '../intake/discover.ts';
import { FileList } from '../intake/file-list.ts';
import { STDIN } from '../intake/stdin-source.ts';
import { createLogger } from '../ops/logger.ts';
import { Pipeline } from '../pipeline.ts';
import { Progress, type ReplayTally } from './replay-progress.ts';
import { countOf, say } from './say.ts';

export interface ReplayFilesOptions {
  readonly isJson: boolean;
  /** From the beginning, also what was shipped before. */
  readonly again: boolean;
}

/** EX_DATAERR of sysexits: all was read, and some of it is in the dead letters. */
const EXIT_SOME_REFUSED = 65;
const EXIT_ENDED_EARLY = 1;
const FOLDER = 'replay';

/**
 * Returns the exit code: 0 when all is delivered, 65 when some lines are in the dead letters, 1 when it ended early
 * or lost something.
 * @throws {TetrashipError} CONFIG, STATE when another replay runs, INTAKE for a file that cannot be read
 */
export async function replayFiles(
  env: Environment,
  files: readonly string[],
  { isJson, again }: ReplayFilesOptions,
): Promise<number> {
  const own = loadConfig({ ...env, ...(env['TETRAGON_LOG'] === STDIN && { TETRAGON_LOG: '' }) });
  const paths = pathsOf(files);
  const isStdin = paths[0] === STDIN;
  const stateDir = join(own.stateDir, FOLDER);
  const config: Config = { ...own, stateDir, rules: undefined, logs: paths };
  const log = createLogger({
    level: config.logLevel === 'debug' ? 'debug' : 'warn',
    format: process.stderr.isTTY ? 'text' : config.logFormat,
    secrets: () => secretTexts(config),
  });
  let list: FileList | undefined;
  const pipeline = new Pipeline(config, log, {
    hasSpool: false,
    ...(!isStdin && {
      makeIntake: ({ resume }) => {
        list = openFiles(paths, again ? undefined : resume, log);
        return list;
      },
    }),
  });
  const interrupted = nextSignal();
  const startMs = performance.now();
  const progress = new Progress(pipeline.metrics, () => pipeline.facts().server, !isJson);
  let cause: 'done' | 'signal' = 'signal';
  try {
    await pipeline.start();
    progress.start();
    cause = await Promise.race([pipeline.finished.then(() => 'done' as const), interrupted]);
  } finally {
    progress.stop();
    await pipeline.stop();
    log.flush();
  }
  const tally = progress.tally((performance.now() - startMs) / 1000);
  if (isJson) process.stdout.write(`${JSON.stringify({ done: cause === 'done', ...tally })}\n`);
  else say(wordsOf(tally, cause === 'done', stateDir, isStdin));
  if (cause !== 'done' || tally.lostBytes > 0 || tally.rowsLost > 0 || tally.lostFiles > 0)
    return EXIT_ENDED_EARLY;
  return tally.deadLetters > 0 ? EXIT_SOME_REFUSED : 0;
}

/** Globs opened out, each file once, in the order given; within a glob by name, which is by time for backups. */
function pathsOf(files: readonly string[]): string[] {
  if (files.includes(STDIN)) {
    if (files.length > 1)
      throw new TetrashipError('CONFIG', 'cannot replay: - (standard input) stands alone or not at all');
    return [STDIN];
  }
  const paths = new Set<string>();
  for (const file of files) {
    const found = isGlob(file) ? globSync(file).sort() : [file];
    if (found.length === 0)
      throw new TetrashipError('INTAKE', `cannot replay: no file matches ${file}; nothing was sent`);
    for (const path of found) paths.add(resolve(path));
  }
  return [...paths];
}

function openFiles(...[paths, resume, log]: ConstructorParameters<typeof FileList>): FileList {
  try {
    return new FileList(paths, resume, log);
  } catch (error) {
    throw new TetrashipError('INTAKE', `cannot replay: ${messageOf(error)}; nothing was sent`, {
      cause: error,
    });
  }
}

function nextSignal(): Promise<'signal'> {
  return new Promise((resolve) => {
    let seen = false;
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.on(name, () => {
        if (seen) process.exit(EXIT_ENDED_EARLY);
        seen = true;
        resolve('signal');
      });
    }
  });
}

function wordsOf(tally: ReplayTally, isDone: boolean, stateDir: string, isStdin: boolean): string {
  const { rowsDelivered, seconds, deadLetters, rowsLost, lostFiles } = tally;
  const lines = [`${countOf(rowsDelivered, 'row')} delivered in ${seconds.toFixed(1)} s`];
  if (isDone && rowsDelivered === 0 && deadLetters === 0)
    lines[0] = 'nothing to do: the files are empty, or shipped already (--again ships them once more)';
  if (deadLetters > 0)
    lines.push(
      `${countOf(deadLetters, 'line')} could not be delivered: see ${join(stateDir, 'deadletters')}`,
    );
  if (rowsLost > 0 || lostFiles > 0)
    lines.push(
      `${countOf(rowsLost, 'row')} and parts of ${countOf(lostFiles, 'file')} are lost: see the log above`,
    );
  if (!isDone)
    lines.push(
      isStdin
        ? 'interrupted: what was read of standard input and is not delivered is gone'
        : 'interrupted: the same command goes on from here',
    );
  return lines.join('\n');
}
