/** `tetraship rules columns`: what rules over these logs can compare. */

import { Kernel } from '../kernel/kernel.ts';
import { ColumnCensus } from './columns.ts';
import { flattenOptions } from './flatten-options.ts';
import { complainAbout, scanLogs } from './log-scan.ts';
import { say, sayTable } from './say.ts';

/** The dataset's budget does not bind rules, but hostile names must not fill memory: further ones go to `overflow`. */
const MAX_COLUMNS = 20_000;

/**
 * Prints name, type, number of events and examples of each column, by name.
 * @throws {TetrashipError} INTAKE when a log cannot be read to its end
 */
export async function listColumns(logs: readonly string[], options: { json?: boolean }): Promise<void> {
  const census = new ColumnCensus();
  const kernel = await Kernel.create({ ...flattenOptions(process.env), maxColumns: MAX_COLUMNS });
  const scanned = await scanLogs(logs, kernel, { onRows: (slot) => census.take(slot) });
  if (options.json === true) {
    for (const { name, types, count, examples } of census.columns)
      say(JSON.stringify({ name, type: typeOf(types), count, examples }));
  } else {
    const rows = census.columns.map(({ name, types, count, examples }) => [
      name,
      typeOf(types),
      String(count),
      examples.map((example) => example.replace(/\s+/g, ' ')).join(', '),
    ]);
    sayTable(['column', 'type', 'events', 'examples'], rows, ['left', 'left', 'right', 'left']);
  }
  complainAbout(scanned);
}

function typeOf(types: ReadonlySet<string>): string {
  return types.size === 0 ? 'null' : [...types].sort().join('|');
}
