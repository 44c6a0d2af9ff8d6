/** `tetraship rules check`: says whether rules files would be taken, and does nothing. */

import { loadRules } from '../../rules/load.ts';
import { TetrashipError } from '../errors.ts';
import { printable } from '../ops/printable.ts';
import { countOfRules, say } from './say.ts';

/**
 * One line per file, or the file's faults.
 * @throws {TetrashipError} RULES, after all files, when one of them is wrong
 */
export function checkRules(files: readonly string[]): void {
  let wrong = 0;
  for (const file of files) {
    try {
      say(`ok: ${printable(file)}, ${countOfRules(loadRules(file).rules.length)}`);
    } catch (error) {
      if (!(error instanceof TetrashipError)) throw error;
      wrong++;
      say(`wrong: ${printable(file)}: ${error.message}`);
    }
  }
  if (wrong > 0) throw new TetrashipError('RULES', `${wrong} of ${files.length} rules files are wrong`);
}
