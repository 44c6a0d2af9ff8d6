/**
 * Writes rules/columns.json, the columns that Tetragon's events can have: `make columns`. Tetragon's own encoder
 * fills its own event types at random for it; where that program is not at hand, name logs that are rich enough.
 *
 * Tetragon says what its events hold in a few messages that come back in many places: a process is the same below
 * each event and as a parent, an argument below each kind of probe. So a column seen in one of those places is
 * written down for all of them, and a random log need not have met every combination.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ColumnCensus, type ColumnType } from '../agent/commands/columns.ts';
import { flattenOptions } from '../agent/commands/flatten-options.ts';
import { complainAbout, scanLogs } from '../agent/commands/log-scan.ts';
import { Kernel } from '../agent/kernel/kernel.ts';
import { NO_ROTATION_KB, realProgram, TEMPLATES } from './corpus.ts';

const MAX_COLUMNS = 20_000;
const RANDOM_EVENTS = 120_000;

/** Where the same message stands again. */
const SHARED: readonly RegExp[] = [
  /^process_[a-z]+_(?:process|parent)_/,
  /^process_[a-z]+_(?:args|data|return)_(?!action$)/,
];
/** An index or a counter in a name: the same column a second time. */
const NUMBERED = /_\d+(?=_|$)/;

type Types = Map<string, ColumnType>;

async function columnsOf(logs: readonly string[], arrays: 'merge' | 'json', into: Types): Promise<void> {
  const census = new ColumnCensus();
  const options = flattenOptions({ TETRASHIP_ARRAYS: arrays });
  const kernel = await Kernel.create({ ...options, maxColumns: MAX_COLUMNS });
  complainAbout(await scanLogs(logs, kernel, { onRows: (slot) => census.take(slot) }));
  for (const { name, types } of census.columns) {
    const [type] = types;
    if (type !== undefined && !NUMBERED.test(name) && !into.has(name)) into.set(name, type);
  }
}

/** Events filled at random: after 60,000 of them further ones brought no new column. */
function randomLog(folder: string): string {
  const writer = realProgram('tetragon-writer');
  if (writer === undefined) throw new Error('cannot fill events at random here: name logs to read instead');
  const path = join(folder, 'random.log');
  const events = ['-n', String(RANDOM_EVENTS), '-seed', '1', '-fuzz', '1'];
  const rotation = ['-max-kb', String(NO_ROTATION_KB), '-backups', '0'];
  execFileSync(writer, ['-templates', TEMPLATES, ...events, ...rotation, '-out', path], { stdio: 'inherit' });
  return path;
}

const all: Types = new Map();
const folder = mkdtempSync(join(tmpdir(), 'tetraship-columns-'));
try {
  const named = process.argv.slice(2);
  const logs = named.length > 0 ? named : [randomLog(folder)];
  await columnsOf(logs, 'merge', all);
  await columnsOf(logs, 'json', all);
} finally {
  rmSync(folder, { recursive: true });
}

const groups = [...SHARED, /^/].map((pattern) => {
  const prefixes = new Set<string>();
  const columns: Types = new Map();
  for (const [name, type] of all) {
    const prefix = pattern.exec(name)?.[0];
    if (prefix === undefined) continue;
    prefixes.add(prefix);
    columns.set(name.slice(prefix.length), type);
    all.delete(name);
  }
  return { prefixes: [...prefixes].sort(), columns: Object.fromEntries([...columns].sort()) };
});
const file = new URL('../rules/columns.json', import.meta.url);
writeFileSync(file, `${JSON.stringify({ groups }, null, 2)}\n`);
const count = groups.reduce(
  (sum, { prefixes, columns }) => sum + prefixes.length * Object.keys(columns).length,
  0,
);
process.stdout.write(`wrote rules/columns.json: ${count} columns\n`);
