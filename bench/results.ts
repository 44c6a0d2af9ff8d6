/**
 * Where benches leave their figures. Each replaces its own section of results.json, and RESULTS.md is written
 * from that file alone, so that a bench can be run by itself.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { QUICK } from './length.ts';
import {
  plainTable,
  type Results,
  renderPage,
  SECTIONS,
  type Section,
  type SectionName,
} from './results-page.ts';

export type { Section } from './results-page.ts';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
/** A change of the results alone is no change of what is measured. */
const OWN_FILES = [':!bench/RESULTS.md', ':!bench/results.json'];

export function record(key: SectionName, section: Section): void {
  const all: Results = {
    ...readResults(),
    [key]: { ...section, commit: commit(), machine: machine(), node: process.version, quick: QUICK },
  };
  writeResults(all);
  console.log(`\n${section.title}\n${plainTable(section.header, section.rows)}\nwritten to bench/RESULTS.md`);
}

export function readResults(): Results {
  return existsSync(path('results.json')) ? JSON.parse(readFileSync(path('results.json'), 'utf8')) : {};
}

export function writeResults(all: Results): void {
  const sorted = Object.fromEntries(SECTIONS.map((name) => [name, all[name]]));
  writeFileSync(path('results.json'), `${JSON.stringify(sorted, null, 2)}\n`);
  writeFileSync(path('RESULTS.md'), renderPage(all));
}

function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: path('..'), encoding: 'utf8' }).trim();
  try {
    const dirty = git('status', '--porcelain', '--untracked-files=no', '--', '.', ...OWN_FILES);
    const hash = git('rev-parse', '--short', 'HEAD');
    return dirty === '' ? hash : `${hash} with changes`;
  } catch {
    return 'unknown';
  }
}

function machine(): string {
  const { model = 'unknown processor' } = cpus()[0] ?? {};
  return `${cpus().length} × ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release().split('-')[0]}`;
}
