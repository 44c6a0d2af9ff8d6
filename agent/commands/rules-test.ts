/** `tetraship rules test`: the cases beside rules files, events in and alerts out; nobody is told. */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Case, type ExpectedAlert, readCases } from '../../rules/cases.ts';
import { CASES_ENDING, collectRules, documentsOf, readText } from '../../rules/load.ts';
import type { Rule } from '../../rules/ruleset.ts';
import { Template } from '../alerts/template.ts';
import { messageOf, TetrashipError } from '../errors.ts';
import { Kernel } from '../kernel/kernel.ts';
import { scanBytes } from './byte-scan.ts';
import { Firings } from './firings.ts';
import { flattenOptions } from './flatten-options.ts';

import { countOf, say } from './say.ts';

const RULES_ENDING = '.json';
const VALUE_CHARS = 200;

interface Report {
  readonly file: string;
  readonly cases: number;
  readonly failed: readonly { readonly case: string; readonly text: string }[];
  /** Rules that no case makes fire. */
  readonly untested: readonly string[];
  /** Why nothing could be tried. */
  readonly faults: readonly string[];
}

/**
 * One report a rules file. Exit code 1 when a case fails, 78 when rules or cases cannot be used.
 * @throws {TetrashipError} RULES, after all files, when one of them or its cases cannot be used
 */
export async function testRules(paths: readonly string[], options: { json?: boolean }): Promise<void> {
  const reports: Report[] = [];
  for (const file of paths.flatMap(rulesFilesOf)) {
    const report = await reportOn(file);
    reports.push(report);
    if (options.json === true) say(JSON.stringify({ ...report, ok: isGood(report) }));
    else print(report);
  }
  const cases = reports.reduce((sum, report) => sum + report.cases, 0);
  const failed = reports.reduce((sum, report) => sum + report.failed.length, 0);
  if (options.json !== true)
    say(`${countOf(reports.length, 'file')}, ${countOf(cases, 'case')}, ${failed} failed`);
  const unusable = reports.filter(({ faults }) => faults.length > 0).length;
  if (unusable > 0)
    throw new TetrashipError('RULES', `${unusable} of ${countOf(reports.length, 'file')} cannot be tried`);
  if (failed > 0) process.exitCode = 1;
}

const isGood = ({ failed, faults }: Report): boolean => failed.length + faults.length === 0;

/** Of a folder all rules files, and those that should be there because there are cases for them. */
function rulesFilesOf(path: string): string[] {
  if (path.endsWith(CASES_ENDING)) return [path.slice(0, -CASES_ENDING.length) + RULES_ENDING];
  const files = documentsOf(path);
  if (!statSync(path).isDirectory()) return files;
  const wanted = readdirSync(path)
    .filter((name) => name.endsWith(CASES_ENDING) && !name.startsWith('.'))
    .map((name) => join(path, name.slice(0, -CASES_ENDING.length) + RULES_ENDING));
  if (files.length === 0) throw new TetrashipError('RULES', `cannot test ${path}: there is no *.json in it`);
  return [...new Set([...files, ...wanted])].sort();
}

async function reportOn(file: string): Promise<Report> {
  const nothing: Report = { file, cases: 0, failed: [], untested: [], faults: [] };
  try {
    const { rules: all, problems } = collectRules(file, { withoutTargets: true });
    if (problems.length > 0) return { ...nothing, faults: problems };
    const rules = all.filter(({ enabled }) => enabled);
    const casesFile = file.slice(0, -RULES_ENDING.length) + CASES_ENDING;
    if (!file.endsWith(RULES_ENDING) || !existsSync(casesFile))
      return { ...nothing, faults: [`${file} has no cases: they stand in X.test.json beside X.json`] };
    const { cases, problems: wrong } = readCases(readText(casesFile));
    const faults = [...wrong, ...unknownRules(cases, rules)].map((text) => `${casesFile}: ${text}`);
    if (faults.length > 0) return { ...nothing, faults };
    return await tryCases(file, rules, cases);
  } catch (error) {
    if (!(error instanceof TetrashipError)) throw error;
    return { ...nothing, faults: [messageOf(error)] };
  }
}

function unknownRules(cases: readonly Case[], rules: readonly Rule[]): string[] {
  const names = new Set(rules.map(({ name }) => name));
  return cases.flatMap(({ alerts }, index) =>
    alerts
      .filter(({ rule }) => !names.has(rule))
      .map(
        ({ rule }) =>
          `cases[${index}] expects the rule ${JSON.stringify(rule)}, which the file does not have enabled`,
      ),
  );
}

async function tryCases(file: string, rules: readonly Rule[], cases: readonly Case[]): Promise<Report> {
  const kernel = await Kernel.create({
    ...flattenOptions(process.env),
    conditions: Firings.conditions(rules),
  });
  const failed: { case: string; text: string }[] = [];
  const fired = new Set<string>();
  for (const one of cases) {
    const { alerts, rejected } = await alertsOf(one, rules, kernel);
    for (const { rule } of alerts) fired.add(rule);
    const text =
      rejected > 0 ? `${countOf(rejected, 'event')} would be rejected` : difference(one.alerts, alerts);
    if (text !== undefined) failed.push({ case: one.name, text });
  }
  const untested = rules.map(({ name }) => name).filter((name) => !fired.has(name));
  return { file, cases: cases.length, failed, untested, faults: [] };
}

type Alert = Required<ExpectedAlert>;

async function alertsOf(
  { lines }: Case,
  rules: readonly Rule[],
  kernel: Kernel,
): Promise<{ alerts: readonly Alert[]; rejected: number }> {
  const firings = new Firings(rules);
  const alerts: Alert[] = [];
  const text = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const { rejected } = await scanBytes(new TextBytes(text), kernel, {
    onMatches: (matches) => {
      for (const match of matches) {
        for (const change of firings.take(match)) {
          const rule = rules[change.rule];
          if (rule === undefined) continue;
          const message = new Template(rule.message).render(match.row);
          alerts.push({ rule: rule.name, status: change.status, message });
        }
      }
    },
  });
  return { alerts, rejected: [...rejected.values()].reduce((sum, count) => sum + count, 0) };
}

class TextBytes {
  #rest: Uint8Array;

  constructor(text: Uint8Array) {
    this.#rest = text;
  }

  read(into: Uint8Array): number {
    const part = this.#rest.subarray(0, into.length);
    into.set(part);
    this.#rest = this.#rest.subarray(part.length);
    return part.length;
  }
}

/** Where the alerts are not as expected, in words; alerts of one event may come in any order. */
function difference(expected: readonly ExpectedAlert[], got: readonly Alert[]): string | undefined {
  const left = [...got];
  const missing: string[] = [];
  for (const want of expected) {
    const at = left.findIndex((alert) => isAsExpected(want, alert));
    if (at < 0) missing.push(shown({ status: 'firing', ...want }));
    else left.splice(at, 1);
  }
  const parts = [
    ...missing.map((text) => `expected ${text}`),
    ...left.map((alert) => `did not expect ${shown(alert)}`),
  ];
  return parts.length === 0 ? undefined : parts.join('; ');
}

function isAsExpected(want: ExpectedAlert, { rule, status, message }: Alert): boolean {
  return want.rule === rule && (want.status ?? 'firing') === status && (want.message ?? message) === message;
}

function shown({ rule, status, message }: ExpectedAlert): string {
  const words = message === undefined ? '' : ` with ${JSON.stringify(message.slice(0, VALUE_CHARS))}`;
  return `${rule} ${status}${words}`;
}

function print(report: Report): void {
  const { file, cases, failed, untested, faults } = report;
  const head =
    failed.length > 0
      ? `failed: ${file}, ${failed.length} of ${countOf(cases, 'case')}`
      : `ok: ${file}, ${countOf(cases, 'case')}`;
  say(faults.length > 0 ? `wrong: ${file}` : head);
  for (const text of faults) say(`  ${text.replaceAll('\n', '\n  ')}`);
  for (const one of failed) say(`  ${JSON.stringify(one.case)}: ${one.text}`);
  for (const name of untested) say(`  warning: no case makes the rule ${JSON.stringify(name)} fire`);
}
