/** The results as a page: everything on it comes from results.json, so that the two cannot disagree. */

import { goalTable } from './goals.ts';

export interface Section {
  readonly title: string;
  /** What was measured and how, in a few lines of Markdown. */
  readonly about: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Lines of Markdown after the table. */
  readonly notes?: readonly string[];
  /** The figures for machines. */
  readonly data: unknown;
}

export interface Recorded extends Section {
  readonly commit: string;
  readonly machine: string;
  readonly node: string;
  /** Runs were shortened: the start weighs more, and the spread is larger. */
  readonly quick: boolean;
}

/** In the order of the page; a section that is not named here is not taken. */
export const SECTIONS = [
  'kernel',
  'floors',
  'stages',
  'pipeline',
  'sizes',
  'batches',
  'connections',
  'peers',
  'steady',
  'steadyStages',
  'latency',
  'start',
  'soak',
  'fleet',
  'memory',
] as const;
export type SectionName = (typeof SECTIONS)[number];
export type Results = { readonly [name in SectionName]?: Recorded };

export function renderPage(all: Results): string {
  const parts = SECTIONS.flatMap((name) => {
    const section = all[name];
    return section === undefined ? [] : [renderSection(section)];
  });
  return [
    '# Measurements',
    '',
    'Written by `make bench`. Speeds are medians (lowest–highest) per second of the process’s own CPU time, ratios are taken pair by pair inside one run; what the figures mean stands in [performance](../docs/performance.md).',
    '',
    '## Goals',
    '',
    ...markdownTable(['goal', 'measured', 'reached'], goalTable(all)),
    '',
    parts.join('\n\n'),
    '',
  ].join('\n');
}

function renderSection(section: Recorded): string {
  const { title, about, header, rows, notes = [], commit, machine, node, quick } = section;
  return [
    `## ${title}`,
    '',
    about,
    '',
    ...markdownTable(header, rows),
    '',
    ...(notes.length === 0 ? [] : [...notes, '']),
    `Measured ${quick ? 'quickly ' : ''}on ${machine}, Node ${node}, commit ${commit}.`,
  ].join('\n');
}

export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [
    `| ${header.join(' | ')} |`,
    `|${header.map(() => '---').join('|')}|`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ];
}

/** Columns in line, for a terminal. */
export function plainTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
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
