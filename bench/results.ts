/**
 * The results page. Each bench replaces its own section of results.json; RESULTS.md is written from that
 * file alone, so that a bench can be run by itself.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

export interface Section {
  readonly title: string;
  /** What was measured and how, in a few lines of Markdown. */
  readonly about: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The figures for machines. */
  readonly data: unknown;
}

interface Recorded extends Section {
  readonly commit: string;
  readonly machine: string;
  readonly node: string;
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const ORDER = [
  'kernel',
  'floors',
  'pipeline',
  'sizes',
  'batches',
  'connections',
  'peers',
  'latency',
  'memory',
];

export function record(key: string, section: Section): void {
  const all = readAll();
  all[key] = { ...section, commit: commit(), machine: machine(), node: process.version };
  const sorted = Object.fromEntries(
    Object.entries(all).sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b)),
  );
  writeFileSync(path('results.json'), `${JSON.stringify(sorted, null, 2)}\n`);
  writeFileSync(path('RESULTS.md'), render(sorted));
  console.log(`\n${section.title}\n${table(section.header, section.rows)}\nwritten to bench/RESULTS.md`);
}

function readAll(): Record<string, Recorded> {
  return existsSync(path('results.json')) ? JSON.parse(readFileSync(path('results.json'), 'utf8')) : {};
}

function render(all: Record<string, Recorded>): string {
  const parts = Object.values(all).map(({ title, about, header, rows, commit: at, machine: on, node }) =>
    [
      `## ${title}`,
      '',
      about,
      '',
      `| ${header.join(' | ')} |`,
      `|${header.map(() => '---').join('|')}|`,
      ...rows.map((row) => `| ${row.join(' | ')} |`),
      '',
      `Measured on ${on}, Node ${node}, commit ${at}.`,
    ].join('\n'),
  );
  return `# Measurements\n\nWritten by \`make bench-kernel\` and \`make bench-pipeline\`. Speeds are medians (lowest–highest) per second of the process's own CPU time.\n\n${parts.join('\n\n')}\n`;
}

/** Columns in line, for a terminal. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((_, i) => Math.max(...[header, ...rows].map((row) => (row[i] ?? '').length)));
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function commit(): string {
  try {
    const dirty = execFileSync('git', ['status', '--porcelain', '--untracked-files=no'], {
      encoding: 'utf8',
    }).trim();
    const hash = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
    return dirty === '' ? hash : `${hash} with changes`;
  } catch {
    return 'unknown';
  }
}

function machine(): string {
  const { model = 'unknown processor' } = cpus()[0] ?? {};
  return `${cpus().length} × ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
}
