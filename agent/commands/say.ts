/** What commands print for people. */

import { printable } from '../ops/printable.ts';

export const countOfRules = (rules: number): string => (rules === 1 ? '1 rule' : `${rules} rules`);

/** Standard output: the result is what was asked for. */
export function say(text: string): void {
  process.stdout.write(`${text.split('\n').map(printable).join('\n')}\n`);
}
