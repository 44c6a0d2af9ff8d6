/** `tetraship replay`: sends once more; its options say what. */

import type { Environment } from '../config.ts';

export interface ReplayOptions {
  readonly deadLetters?: true;
  readonly json?: true;
  readonly again?: true;
}

/**
 * Returns the exit code.
 * @throws {TetrashipError} when nothing could be done
 */
export async function replay(
  env: Environment,
  files: readonly string[],
  { deadLetters, json, again }: ReplayOptions,
): Promise<number> {
  const isJson = json === true;
  if (deadLetters === true) {
    const { replayDeadLetters } = await import('./replay-letters.ts');
    return replayDeadLetters(env, { isJson });
  }
  const { replayFiles } = await import('./replay-files.ts');
  return replayFiles(env, files, { isJson, again: again === true });
}
