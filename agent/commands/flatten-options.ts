/** How the agent would flatten with the settings of this environment: what commands that read a log go by. */

import { type Environment, loadConfig } from '../config.ts';
import type { KernelOptions } from '../kernel/kernel.ts';
import { kernelOptions } from '../pipeline-options.ts';

/** Only these have a say: a command that ships nothing needs no server and no credentials. */
const NAMES = [
  'TETRASHIP_ARRAYS',
  'TETRASHIP_JSON_COLUMNS',
  'TETRASHIP_MAX_COLUMNS',
  'TETRASHIP_MAX_LINE',
  'TETRASHIP_ADD_COLUMNS',
];
/** Required and never used. */
const NO_SERVER = 'http://127.0.0.1:1';

/** For one slot and no rules yet. @throws {TetrashipError} CONFIG */
export function flattenOptions(env: Environment): KernelOptions {
  const said = NAMES.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
  const config = loadConfig({ ...Object.fromEntries(said), PARSEABLE_URL: NO_SERVER });
  return { ...kernelOptions(config), slotCount: 1 };
}
