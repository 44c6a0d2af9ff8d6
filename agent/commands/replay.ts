/** `tetraship replay`: sends once more; its options say what. */

import type { Environment } from '../config.ts';

export interface ReplayOptions {
  readonly deadLetters?: true;
  readonly json?: true;
}

/**
 * Returns the exit code.
 * @throws {TetrashipError} when nothing could be done
 */
export async function replay(env: Environment, { json }: ReplayOptions): Promise<number> {
  const { replayDeadLetters } = await import('./replay-letters.ts');
  return replayDeadLetters(env, { isJson: json === true });
}
