/** What commands print for people. */

import { systemCode } from '../errors.ts';
import { printable } from '../ops/printable.ts';

const GAP = '  ';

export const countOf = (count: number, what: string): string =>
  `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;

export const countOfRules = (rules: number): string => (rules === 1 ? '1 rule' : `${rules} rules`);

/** Whoever reads has seen enough (`| head`): there is nothing to say any more. */
let isHeard = false;
function endWithReader(): void {
  if (isHeard) return;
  isHeard = true;
  process.stdout.on('error', (error) => {
    if (systemCode(error) !== 'EPIPE') throw error;
    process.exit(process.exitCode ?? 0);
  });
}

/** Standard output: the result is what was asked for. */
export function say(text: string): void {
  endWithReader();
  process.stdout.write(`${text.split('\n').map(printable).join('\n')}\n`);
}

/** Standard error: what should be known beside the result. */
export function warn(text: string): void {
  process.stderr.write(`warning: ${text.split('\n').map(printable).join('\n')}\n`);
}

/** One line for each row, as wide as its widest cell; trailing white space left out. */
export function sayTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly ('left' | 'right')[],
): void {
  const lines = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, column) =>
    lines.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  );
  const pad = (cell: string, column: number): string =>
    align[column] === 'right' ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
  say(lines.map((row) => row.map(pad).join(GAP).trimEnd()).join('\n'));
}

/** On one line, and with an ellipsis where it is longer. */
export function cut(text: string, chars: number): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= chars ? line : `${line.slice(0, chars - 1)}…`;
}
