/** `tetraship rules check`: says whether rules files would be taken, and what is odd about them; nobody is told. */

import { lint } from '../../rules/lint.ts';
import { collectRules } from '../../rules/load.ts';
import type { Rule } from '../../rules/ruleset.ts';
import { TetrashipError } from '../errors.ts';
import { Kernel } from '../kernel/kernel.ts';
import { Firings } from './firings.ts';
import { flattenOptions } from './flatten-options.ts';
import { countOf, say } from './say.ts';

/** More warnings of one file do not help to mend the first. */
const WARNINGS_SHOWN = 100;

export interface CheckOptions {
  readonly json?: boolean;
  /** Tries whether each target can be reached. */
  readonly connect?: boolean;
  /** Warnings are faults. */
  readonly strict?: boolean;
}

interface Warning {
  /** Absent when it is about the whole file. */
  readonly rule?: string;
  readonly text: string;
}

interface Report {
  readonly file: string;
  readonly rules: number;
  /** Why the file would not be taken. */
  readonly faults: readonly string[];
  readonly warnings: readonly Warning[];
  /** Targets that did not answer. */
  readonly unreachable: readonly string[];
}

/**
 * One report a file or folder, each by itself. Exit code 1 when a target is out of reach or, with `strict`,
 * something is odd.
 * @throws {TetrashipError} RULES, after all files, when one of them would not be taken
 */
export async function checkRules(files: readonly string[], options: CheckOptions): Promise<void> {
  const added = new Set(flattenOptions(process.env).addColumns.map(([name]) => name));
  const reports: Report[] = [];
  for (const file of files) {
    const report = await reportOn(file, added, options.connect === true);
    reports.push(report);
    if (options.json === true) say(JSON.stringify({ ...report, ok: report.faults.length === 0 }));
    else print(report);
  }
  const wrong = reports.filter(({ faults }) => faults.length > 0).length;
  if (wrong > 0) throw new TetrashipError('RULES', `${wrong} of ${files.length} rules files are wrong`);
  const odd = options.strict === true && reports.some(({ warnings }) => warnings.length > 0);
  if (odd || reports.some(({ unreachable }) => unreachable.length > 0)) process.exitCode = 1;
}

async function reportOn(file: string, added: ReadonlySet<string>, connect: boolean): Promise<Report> {
  const { rules, problems } = collect(file);
  const faults = problems.length > 0 ? problems : await kernelFaults(rules);
  const warnings: Warning[] = untold(rules);
  for (const rule of rules) {
    const suggest = warnings.length < WARNINGS_SHOWN;
    warnings.push(...lint(rule, added, suggest).map((text) => ({ rule: rule.name, text })));
  }
  const unreachable = connect ? await unreachableTargets(rules) : [];
  return {
    file,
    rules: rules.length,
    faults,
    warnings,
    unreachable,
  };
}

/** One sentence for each place that cannot be called. */
async function unreachableTargets(rules: readonly Rule[]): Promise<string[]> {
  const { reach } = await import('./reach.ts');
  const { places } = await reach(rules, {});
  return places.flatMap(({ origin, proxy, users, fault }) => {
    if (fault === undefined) return [];
    const who = users.length === 1 ? users[0] : `${users[0]} and ${users.length - 1} more`;
    const where = origin === undefined ? 'the endpoint' : new URL(origin).host;
    const way = proxy === undefined ? '' : `, through the proxy ${proxy}`;
    return [`${where}${way} (${who}): ${fault.cause}`];
  });
}

/** What cannot be read is a fault like any other. */
function collect(file: string): { rules: readonly Rule[]; problems: readonly string[] } {
  try {
    return collectRules(file);
  } catch (error) {
    if (!(error instanceof TetrashipError)) throw error;
    return { rules: [], problems: [error.message] };
  }
}

/** Rules that are well formed may be more than the kernel takes: a regular expression that is too large, say. */
async function kernelFaults(rules: readonly Rule[]): Promise<string[]> {
  try {
    const conditions = Firings.conditions(rules.filter(({ enabled }) => enabled));
    await Kernel.create({ ...flattenOptions(process.env), conditions });
    return [];
  } catch (error) {
    if (!(error instanceof TetrashipError)) throw error;
    return [error.message];
  }
}

/** Packs are shipped so: the operator's own file names the targets of all. */
function untold(rules: readonly Rule[]): Warning[] {
  const silent = rules.filter(({ targets }) => targets.length === 0);
  if (silent.length === 0) return [];
  const which = silent.length === 1 ? `rule ${silent[0]?.name} has` : `${silent.length} rules have`;
  return [
    {
      text: `${which} no targets: matches are counted and nobody is told, unless another file has defaultTargets`,
    },
  ];
}

function print({ file, rules, faults, warnings, unreachable }: Report): void {
  say(
    faults.length === 0
      ? `ok: ${file}, ${countOf(rules, 'rule')}`
      : `wrong: ${file}: ${countOf(faults.length, 'fault')}`,
  );
  for (const fault of faults) say(indented(fault));
  for (const { rule, text } of warnings.slice(0, WARNINGS_SHOWN))
    say(indented(`warning: ${rule === undefined ? '' : `rule ${JSON.stringify(rule)}: `}${text}`));
  if (warnings.length > WARNINGS_SHOWN) say(`  … and ${warnings.length - WARNINGS_SHOWN} warnings more`);
  for (const text of unreachable) say(indented(`unreachable: ${text}`));
}

function indented(text: string): string {
  return `  ${text.replaceAll('\n', '\n  ')}`;
}
